"""The invariant: per key, deliveries leave in the order of their sequence, one at a time, none past a dead one
that is not independent; nothing is lost, nothing is queued twice, and the counts are those of a model that scans."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connectors.queue import DeliveryQueue
from connectors.vocabulary import Delivery, DeliveryState
from streams.vocabulary import CommandType
from tests.connectors.make import START, at, delivery

KEYS = [f"duda:shop/{number}" for number in range(4)]
NOW = START.timestamp()
# Of each the type, and whether it is a change that came after the order was approved.
KINDS = (
    (CommandType.CREATE_ORDER, False),
    (CommandType.FETCH_ORDER, False),
    (CommandType.UPDATE_ORDER, True),
    (CommandType.CHANGE_DELIVERY_ADDRESS, True),
    (CommandType.CHANGE_DELIVERY_ADDRESS, False),
)


class QueueModel(RuleBasedStateMachine):
    """A queue beside a plain list per key that is scanned as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = DeliveryQueue()
        self.lists: dict[str, list[Delivery]] = {key: [] for key in KEYS}
        self.parked: dict[tuple[str, CommandType], Delivery] = {}
        self.busy: set[str] = set()
        self.now_s = 0.0
        self.sequence = 0

    @property
    def heads(self) -> list[Delivery]:
        return [each[0] for each in self.lists.values() if each]

    def ready(self) -> list[Delivery]:
        return [head for head in self.heads if not head.is_dead and head.key not in self.busy]

    @rule(key=st.sampled_from(KEYS), due_s=st.integers(0, 5), kind=st.sampled_from(KINDS))
    def add(self, key: str, due_s: int, kind: tuple[CommandType, bool]) -> None:
        self.sequence += 1
        type, is_late = kind
        data = {"after_approval": is_late}
        new = delivery(f"c-{self.sequence}", key, self.sequence, self.now_s + due_s, type=type, data=data)
        self.queue.add(new)
        self.lists[key].append(new)

    @rule(seconds=st.integers(1, 4))
    def pass_time(self, seconds: int) -> None:
        self.now_s += seconds

    @rule()
    def start(self) -> None:
        started = self.queue.start(NOW + self.now_s)
        due = [head for head in self.ready() if head.due_at <= at(self.now_s)]
        expected = min(due, key=lambda head: (head.due_at, head.sequence), default=None)
        assert started == expected
        if started:
            self.busy.add(started.key)

    def _is_overtaken(self, head: Delivery) -> bool:
        newer = self.parked.get(head.subject)
        return newer is not None and not head.is_read and newer.sequence > head.sequence

    def _busy_head(self, data: st.DataObject) -> Delivery:
        return self.lists[data.draw(st.sampled_from(sorted(self.busy)))][0]

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        head = self._busy_head(data)
        gone = self.parked.get(head.subject) if head.is_independent and not self._is_overtaken(head) else None
        assert self.queue.superseded_by(head) == gone
        self.queue.finish(head)
        self.busy.remove(head.key)
        self.lists[head.key].pop(0)
        if head.is_independent and not self._is_overtaken(head):
            self.parked.pop(head.subject, None)

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), wait_s=st.integers(0, 5), dead=st.booleans())
    def settle(self, data: st.DataObject, wait_s: int, dead: bool) -> None:
        head = self._busy_head(data)
        state = DeliveryState.DEAD if dead else DeliveryState.PENDING
        again = head.model_copy(update={"due_at": at(self.now_s + wait_s), "state": state})
        self.queue.settle(again)
        self.busy.remove(head.key)
        if again.is_dead and again.is_independent:
            self.lists[head.key].pop(0)
            if not self._is_overtaken(head):
                self.parked[head.subject] = again
        else:
            self.lists[head.key][0] = again

    @precondition(lambda self: self.parked)
    @rule(data=st.data(), redrive=st.booleans())
    def decide_parked(self, data: st.DataObject, redrive: bool) -> None:
        dead = self.parked.pop(data.draw(st.sampled_from(sorted(self.parked))))
        if redrive:
            again = dead.redriven(at(self.now_s))
            self.queue.release(again)
            self.lists[dead.key].append(again)
        else:
            self.queue.discard(dead)

    @precondition(lambda self: any(head.is_dead for head in self.heads))
    @rule(data=st.data(), redrive=st.booleans())
    def decide(self, data: st.DataObject, redrive: bool) -> None:
        dead = data.draw(st.sampled_from([head for head in self.heads if head.is_dead]))
        if redrive:
            again = dead.redriven(at(self.now_s))
            self.queue.release(again)
            self.lists[dead.key][0] = again
        else:
            self.queue.discard(dead)
            self.lists[dead.key].pop(0)

    @rule()
    def restart(self) -> None:
        """What is in flight is forgotten; what is committed comes back, in whatever order the table gives it."""
        stored = [each for listed in reversed(self.lists.values()) for each in reversed(listed)]
        self.queue, self.busy = DeliveryQueue([*stored, *self.parked.values()]), set()
        for listed in self.lists.values():
            listed.sort(key=lambda each: (each.is_independent and each.redrives > 0, each.sequence))

    @invariant()
    def counts_are_those_of_a_scan(self) -> None:
        held = {head.key for head in self.heads if head.is_dead}
        assert self.queue.held == len(held) + len(self.parked)
        assert len(self.queue) == sum(map(len, self.lists.values())) + len(self.parked)
        assert self.queue.pending == sum(len(listed) for key, listed in self.lists.items() if key not in held)
        assert self.queue.next_due() == min((head.due_at.timestamp() for head in self.ready()), default=None)


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_an_id_that_is_pending_is_never_queued_twice() -> None:
    """The same command, read twice, must not have its effect twice."""
    queue = DeliveryQueue([delivery("c-1")])
    with pytest.raises(ValueError, match="queued already"):
        queue.add(delivery("c-1", sequence=7))
    assert len(queue) == 1


@pytest.mark.parametrize(
    ("type", "data", "is_independent"),
    [
        (CommandType.FETCH_ORDER, {}, True),
        (CommandType.UPDATE_ORDER, {"after_approval": True}, True),
        (CommandType.CHANGE_INVOICE_ADDRESS, {"after_approval": True}, True),
        (CommandType.CHANGE_INVOICE_ADDRESS, {"after_approval": False}, False),
        (CommandType.CHANGE_DELIVERY_ADDRESS, {"after_approval": "yes"}, False),
        (CommandType.CREATE_PAYMENT, {"after_approval": True}, False),
    ],
)
def test_only_what_nothing_later_needs_is_independent(type: CommandType, data: Any, is_independent: bool) -> None:
    """An order that is approved with the wrong address, since nobody waited for its change, would be sent there."""
    assert delivery(type=type, data=data).is_independent is is_independent


def test_dead_reads_are_bounded_and_the_oldest_go_first() -> None:
    """Whoever may ping can name orders at random: each is a dead read in the end, and stays."""
    dead = [
        delivery(f"f-{n}", f"quickbutik:{n}", n, type=CommandType.FETCH_ORDER, state=DeliveryState.DEAD)
        for n in range(5)
    ]
    queue = DeliveryQueue(reversed(dead))
    assert (queue.parked_over(3), queue.parked_over(5)) == (dead[:2], [])
    for each in [*dead[:2], *dead[:2]]:
        queue.forget(each)
    assert (len(queue), queue.held, queue.parked_over(3)) == (3, 3, [])


def test_older_change_that_is_redriven_does_not_hide_the_newer_one() -> None:
    """Who mends the order by hand would mend it by the dead letter that is left: the newest must be."""
    late = {"type": CommandType.CHANGE_DELIVERY_ADDRESS, "data": {"after_approval": True}}
    older, newer = delivery("older", sequence=1, **late), delivery("newer", sequence=2, **late)
    queue = DeliveryQueue([dead(older), newer])
    queue.release(dead(older).redriven(START))
    for each, overtaken in ((newer, False), (older, True)):
        started = queue.start(NOW)
        assert started is not None
        assert (started.id, queue.superseded_by(started)) == (each.id, None)
        assert queue.is_overtaken(started) is overtaken
        queue.settle(dead(started))
    assert (len(queue), queue.parked_over(0)) == (1, [dead(newer)])


def dead(one: Delivery) -> Delivery:
    return one.model_copy(update={"state": DeliveryState.DEAD})


def test_settling_what_is_not_the_head_is_refused() -> None:
    """A mix-up of deliveries of one order must end the process, not reorder the order."""
    queue = DeliveryQueue([delivery("c-1", sequence=1), delivery("c-2", sequence=2)])
    queue.start(NOW)
    with pytest.raises(ValueError, match="not the head"):
        queue.finish(delivery("c-2", sequence=2))
