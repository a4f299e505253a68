"""What a target has of an order once an operator let a dead letter go. Invariant: whatever is told first."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from projections.fold import fold
from projections.steps import Demanded, Steps, pending, with_steps
from projections.targets import RANK
from streams.vocabulary import CommandType, EventType, Order, OrderEvent
from streams.vocabulary.order import Commanded
from tests.projections.events import delivery_event, selldone_event

PLACED = selldone_event("CheckoutOrder", {"price": "10"})
STEPS = {f"c-{number}": Demanded(f"step-{number}", CommandType.CREATE_ORDER, "digest", {}) for number in (1, 2)}


def dead(id: str, at_s: int = 0) -> OrderEvent:
    return delivery_event(PLACED, command_id=id, ok=False, at_s=at_s)


def discarded(id: str, at_s: int = 0) -> OrderEvent:
    return delivery_event(PLACED, command_id=id, is_discarded=True, at_s=at_s)


def delivered(id: str, at_s: int = 0) -> OrderEvent:
    return delivery_event(PLACED, command_id=id, at_s=at_s)


def refused(id: str, at_s: int = 0) -> OrderEvent:
    return dead(id, at_s).model_copy(update={"type": EventType.REJECTED, "id": f"{id}:refused"})


def ordered(last: str = "c-2", *, has_ledger: bool = True) -> Order:
    """Placed, and both commanded of the target; `last` is the newest."""
    order, steps = fold(None, PLACED), {}
    if has_ledger:
        known: Steps = {}
        steps = with_steps(known, "one", [(each.step, pending(id, each)) for id, each in STEPS.items()])
    commanded = {"one": Commanded(id=last, type="create_order", states="digest")}
    return order.updated({"bookkeeping": order.bookkeeping.updated({"commanded": commanded, "steps": steps})})


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([dead("c-1"), discarded("c-1", 1)], "pending"),
        ([dead("c-1"), dead("c-2", 1), discarded("c-2", 2)], "dead"),
        ([dead("c-1"), dead("c-2", 1), discarded("c-1", 2)], "dead"),
        ([dead("c-1"), discarded("c-1", 1), dead("c-2", 2), discarded("c-2", 3)], "discarded"),
        ([delivered("c-1"), dead("c-2", 1), discarded("c-2", 2)], "discarded"),
        ([dead("c-1"), discarded("c-1", 1), delivered("c-2", 2)], "delivered"),
        ([refused("c-1"), dead("c-2", 1), discarded("c-2", 2)], "refused"),
        ([dead("c-1"), discarded("c-1", 1), delivered("c-1", 2), dead("c-2", 3), discarded("c-2", 4)], "discarded"),
    ],
)
def test_target_is_what_is_left_of_it_whatever_is_told_first(events: Sequence[OrderEvent], status: str) -> None:
    """An analyst who counts dead orders must neither miss one nor count one that a person has dealt with."""
    ends = set()
    for told in permutations(events):
        order = ordered()
        for event in told:
            order = fold(order, event)
        assert order.targets["one"].status == status
        ends.add(order.updated({"targets": {}, "version": 0}).to_json())
    assert len(ends) == 1


@pytest.mark.parametrize(("last", "status"), [("c-1", "discarded"), ("c-2", "pending")])
def test_where_there_are_no_steps_the_newest_command_says_what_is_left(last: str, status: str) -> None:
    """A stock's movements go one after the other: what is newer waited behind it."""
    order = ordered(last, has_ledger=False)
    for event in (dead("c-1"), discarded("c-1", 1)):
        order = fold(order, event)
    assert order.targets["one"].status == status


def test_each_status_of_a_step_has_its_rank() -> None:
    """One without is a crash of the fold."""
    assert sorted(RANK, key=RANK.__getitem__) == ["pending", "dead", "discarded", "refused", "delivered"]
