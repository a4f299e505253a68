"""The dedupe window: longer than any sender's retries, and harmless where it ends."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import clocks
from projections.agents import fold_step
from projections.clocks import SEEN_MAX
from projections.fold import fold
from streams import topics
from streams.record import Output, Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import EventType, OrderEvent, OrderFacts, Shipment
from tests.projections.events import event_sets, folded, histories, selldone_event
from tests.streams.platforms.case import Case, one_event
from tests.streams.platforms.case_apicbase import APICBASE
from tests.streams.platforms.case_commerceos import COMMERCEOS_ORDER, COMMERCEOS_SHIPMENT, COMMERCEOS_STATUS
from tests.streams.platforms.case_duda import DUDA
from tests.streams.platforms.case_external_system import EXTERNAL_SYSTEM
from tests.streams.platforms.case_mapping import MAPPING
from tests.streams.platforms.case_quickbutik import QUICKBUTIK_ORDER
from tests.streams.platforms.case_selldone import SELLDONE

# How long after the first delivery a sender may send the same again, and where that is said. (Pings of Quickbutik are
# alike for ever, and no repeats of each other: each makes us look.)
SPANS: dict[str, tuple[Case, timedelta]] = {
    "duda: at most 4 retries, the last after 300 to 520 s (vendor's page)": (DUDA, timedelta(seconds=520)),
    "standard-webhooks: the specification's example schedule, ten attempts": (
        MAPPING,
        timedelta(hours=75, minutes=35, seconds=5),
    ),
    "selldone: 'several times' (seed 004); no span is told": (SELLDONE, timedelta(days=30)),
    "apicbase: no retry of an error (seed 001); resent by hand": (APICBASE, timedelta(days=30)),
    "commerceos, an order: with each run, for as long as it is told to": (COMMERCEOS_STATUS, timedelta(days=365)),
    "commerceos, a shipment: the same": (COMMERCEOS_SHIPMENT, timedelta(days=365)),
    "external-system: no retries are told of": (EXTERNAL_SYSTEM, timedelta(days=30)),
    "quickbutik: a fetch whose answer was stored and whose outcome was not": (QUICKBUTIK_ORDER, timedelta(hours=1)),
}
# Messages that say themselves when the fact was, and those of which only the receipt tells.
TIMED = [APICBASE, DUDA, SELLDONE, COMMERCEOS_ORDER, COMMERCEOS_STATUS, MAPPING]
TIMELESS = [QUICKBUTIK_ORDER, COMMERCEOS_SHIPMENT, EXTERNAL_SYSTEM]
SETTINGS = Settings.model_validate(
    {
        "sources": [
            {
                "name": name,
                "platform": name,
                "tracks_stock": True,
                "auth": {"scheme": "token", "secrets": ["env:T"]},
            }
            for name in ("selldone", "duda")
        ],
        "targets": [
            {"name": "one", "kind": "external", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}},
        ],
        "routes": [{"from": ["selldone", "duda"], "to": ["one"]}],
    }
)


def news(count: int) -> list[OrderEvent]:
    return [selldone_event("OrderConfirm", {"price": n}, at_s=n, offset=n) for n in range(count)]


def received(case: Case, after: timedelta = timedelta(), body: bytes | None = None) -> OrderEvent:
    """Its own payload, come so long after the first time. What was fetched has the receipt of its fetch."""
    raw = case.webhook(body)
    receipt = raw.receipt if case.is_fetched else f"r-{after}"
    return one_event(case.module, replace(raw, received_at=raw.received_at + after, receipt=receipt))


def others(like: OrderEvent, count: int, *, timed: bool) -> list[OrderEvent]:
    """So many other events of the order, later than `like`."""
    found = []
    for number in range(1, count + 1):
        at = like.received_at + timedelta(minutes=number)
        said: dict[str, datetime] = {"received_at": at, "occurred_at": at - timedelta(seconds=1) if timed else at}
        facts = OrderFacts(note=f"{number}")
        found.append(like.updated({"id": f"n-{number}", "type": EventType.CHANGED, "rank": 0, "data": facts, **said}))
    return found


class Agent:
    """The fold agent as a pure step."""

    def __init__(self) -> None:
        self.step, self.orders = fold_step(SETTINGS), Overlay(MemoryStore())

    def take(self, *events: OrderEvent) -> list[Output]:
        records = [Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json()) for event in events]
        return [output for record in records for output in self.step(record, self.orders)]


@pytest.mark.parametrize("sender", SPANS)
def test_repeat_after_the_senders_longest_span_is_suppressed(sender: str) -> None:
    """The window is by count: however late the same bytes come again, the event is the same, and known."""
    case, span = SPANS[sender]
    first, repeat = received(case), received(case, span)
    assert (repeat.id, repeat.received_at - first.received_at) == (first.id, span)
    order = folded(first)
    assert fold(order, repeat) is order


@pytest.mark.parametrize("case", [*TIMED, *TIMELESS], ids=str)
@pytest.mark.parametrize("timed", [True, False])
def test_repeat_with_511_others_in_between_is_suppressed_whoever_sends_it(case: Case, timed: bool) -> None:
    """Busier than any order is."""
    first = received(case)
    order = folded(first, *others(first, SEEN_MAX - 1, timed=timed))
    assert fold(order, received(case, timedelta(days=2))) is order


@pytest.mark.parametrize("case", TIMED, ids=str)
@pytest.mark.parametrize("timed", [True, False])
def test_forgotten_message_with_a_time_of_its_own_changes_nothing_as_it_comes_again(case: Case, timed: bool) -> None:
    """Its receipt is another, its time is not: neither the state nor the version, so nothing is written or sent."""
    first = received(case)
    assert first.occurred_at != first.received_at
    order = folded(first, *others(first, SEEN_MAX + 3, timed=timed))
    assert first.id not in {clock[3] for clock in order.bookkeeping.seen}
    assert fold(order, received(case, timedelta(days=2))) is order


@pytest.mark.parametrize("case", TIMELESS, ids=str)
def test_message_without_a_time_is_not_forgotten_for_those_that_have_one(case: Case) -> None:
    """Come again it is as of now: only to be remembered keeps it from being news."""
    first = received(case)
    assert first.occurred_at == first.received_at
    order = folded(first, *others(first, SEEN_MAX + 3, timed=True))
    assert fold(order, received(case, timedelta(days=2))) is order


def test_what_is_forgotten_and_has_no_time_is_news_again_and_takes_no_status_back() -> None:
    """What is not promised: after 512 others without a time its values are those of its new receipt."""

    def parcel(status: str, url: str, after: timedelta) -> OrderEvent:
        body = COMMERCEOS_SHIPMENT.body(lambda item: item.update(status=[status], trackingUrl=url))
        return received(COMMERCEOS_SHIPMENT, after, body)

    first, second = parcel("Transiting", "old", timedelta()), parcel("Acquired", "new", timedelta(seconds=9))
    order = folded(first, second, *others(second, SEEN_MAX, timed=False))
    after = fold(order, parcel("Transiting", "old", timedelta(days=2)))
    (shipment,) = after.shipments
    assert shipment == Shipment(id=shipment.id, status="Acquired", tracking_url="old")
    assert (after.version, after.status) == (order.version + 1, order.status)


def test_of_two_messages_of_one_time_the_one_that_came_last_counts_a_forgotten_one_too() -> None:
    """What is not promised: CommerceOS stamps all snapshots of an order alike, and of one word the receipt decides."""

    def seen(total: str, after: timedelta) -> OrderEvent:
        return received(COMMERCEOS_ORDER, after, COMMERCEOS_ORDER.body(lambda item: item.update(totalAmount=total)))

    first, second = seen("1", timedelta()), seen("2", timedelta(seconds=9))
    order = folded(first, second, *others(second, SEEN_MAX, timed=True))
    assert ["2", "1"] == [f"{each.total}" for each in (order, fold(order, seen("1", timedelta(days=2))))]


def test_window_of_seen_events_is_bounded() -> None:
    """A busy order must not grow without end."""
    order = folded(*news(SEEN_MAX + 3))
    assert (len(order.bookkeeping.seen), order.version) == (SEEN_MAX, SEEN_MAX + 3)


def test_replay_of_what_the_window_forgot_changes_nothing_at_all() -> None:
    """The record itself again, of its first receipt."""
    events = news(SEEN_MAX + 3)
    order = folded(*events)
    assert events[0].id not in {clock[3] for clock in order.bookkeeping.seen}
    assert fold(order, events[0]) is order


def test_old_event_with_news_is_taken_when_the_window_is_full() -> None:
    """Too old to be remembered is not too old to be told: only it knows the address."""
    order = folded(*news(SEEN_MAX))
    late = selldone_event("CheckoutOrder", {"receiver_info": {"address": "1 Main St"}}, at_s=-9, offset=9999)
    after = fold(order, late)
    assert after.shipping_address is not None
    assert (after.shipping_address.line1, after.version) == ("1 Main St", SEEN_MAX + 1)
    assert fold(after, late) is after


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whole_history_received_again_changes_nothing_however_small_the_window(data: st.DataObject) -> None:
    """What the window forgot is harmless, where each message has a time of its own that no other has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "SEEN_MAX", data.draw(st.integers(1, 3)))
        drawn = {(one.occurred_at, one.rank): one for one in data.draw(event_sets(deliveries=False))}
        events = [one for one in drawn.values() if one.occurred_at != one.received_at]
        agent = Agent()
        agent.take(*events, *events)
        before = dict(agent.orders.changes)
        late = timedelta(days=data.draw(st.integers(1, 3)))
        again = [one.updated({"received_at": one.received_at + late, "receipt": "again"}) for one in events]
        outputs = agent.take(*data.draw(st.permutations(again)))
        assert (outputs, agent.orders.changes) == ([], before)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whole_history_again_changes_nothing_however_small_the_window(data: st.DataObject) -> None:
    """The same of a replay, where each has the receipt that it had, whatever their times. A window of one to three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "SEEN_MAX", data.draw(st.integers(1, 3)))
        events = data.draw(event_sets(deliveries=False))
        agent = Agent()
        agent.take(*data.draw(histories(events)))
        before = dict(agent.orders.changes)
        outputs = agent.take(*data.draw(st.permutations(events)))
        assert (outputs, agent.orders.changes) == ([], before)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_small_window_leaves_the_same_order_but_for_its_count(data: st.DataObject) -> None:
    """With the window out of the way the joins alone must make the order of arrival not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "SEEN_MAX", 1)
        events = data.draw(event_sets())
        ends = [folded(*data.draw(histories(events))) for _ in range(2)]
        same = [end.model_copy(update={"version": 0}) for end in ends]
        assert [] == [pair for pair in pairwise(same) if pair[0].to_json() != pair[1].to_json()]
