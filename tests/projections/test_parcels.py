"""What a parcel that CommerceOS pushes says of its order: as much as the others and the units let it (seed 002)."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import lattice
from projections.decide import TargetSpec, decide
from projections.fold import fold
from projections.parcels import IN_NO_SHIPMENT
from projections.voices import is_said_by_others, voices_of
from streams.platforms.commerceos import words
from streams.vocabulary import EventType, OrderEvent, OrderStatus
from tests.projections.commerceos_world import said
from tests.projections.events import folded, histories
from tests.streams.platforms.test_commerceos import one
from tests.streams.platforms.test_commerceos_fulfilment import item, polled

KEY = "duda:site/1"
SHOP = TargetSpec("api", "quickbutik", frozenset({"duda"}))
COS = frozenset({"commerceos", "cos"})


def parcel(id: str, *status: str, at_s: int = 0, **more: Any) -> OrderEvent:
    """A pushed snapshot of one shipment, received `at_s` seconds after noon."""
    event = one({"shipmentId": id, "orderId": KEY, "status": list(status), **more})
    at = event.received_at + timedelta(seconds=at_s)
    return event.updated({"occurred_at": at, "received_at": at})


def shown(*items: dict[str, Any], **more: Any) -> OrderEvent:
    """A snapshot of the order, with its units."""
    return one(orjson.dumps(polled(*items, **more)))


PARTLY = shown(item("A", Committed="1", Acquired="1"))


@pytest.mark.parametrize("word", words.SHIPMENT_STATUSES)
def test_parcel_that_is_all_there_is_moves_the_order_as_the_seed_has_it(word: str) -> None:
    """Most orders are one parcel, and many a shop has nothing but its snapshots."""
    assert words.SHIPMENT_STATUSES[word].status is folded(parcel("s1", word)).status


@pytest.mark.parametrize("events", list(permutations([PARTLY, parcel("s1", "Acquired"), parcel("s2", "New", at_s=1)])))
def test_one_delivered_parcel_delivers_no_order_of_two(events: tuple[OrderEvent, ...]) -> None:
    """The buyer would be told that all has arrived, and the shop would close the order."""
    order = folded(*events)
    assert (OrderStatus.PROCESSING, ()) == (order.status, order.flags)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([parcel("s1", "Acquired"), parcel("s2", "New")], "processing"),
        ([parcel("s1", "Acquired"), parcel("s2", "Released")], "released"),
        ([parcel("s1", "Acquired"), parcel("s2", "Acquired")], "delivered"),
        ([parcel("s1", "Acquired"), parcel("s2", "Lost")], "processing"),
        ([parcel("s1", "Lost")], "pending"),
        ([parcel("s1", "New", "Acquired")], "processing"),
        # Units in no shipment wait for a parcel that nobody has told of.
        ([shown(item("A", Committed="1", Acquired="1")), parcel("s1", "Acquired")], "processing"),
        ([shown(item("A", Committed="2")), parcel("s1", "Acquired")], "processing"),
        # Units at two stages are in two parcels at least.
        ([shown(item("A", Released="1"), item("B", Acquired="1")), parcel("s1", "Acquired")], "released"),
        ([shown(item("A", Released=1, Acquired=1)), parcel("s1", "Acquired"), parcel("s2", "Transiting")], "shipped"),
        ([shown(item("A", Released="2")), parcel("s1", "Transiting")], "shipped"),
        ([shown(item("A", Cancelled="1", Acquired="1")), parcel("s1", "Acquired")], "delivered"),
        # What the order itself was said to be holds.
        ([shown(item("A", Acquired="2"), status="Fulfilled"), parcel("s1", "New")], "delivered"),
        ([said(EventType.SHIPPED, order_id="x").updated({"order_key": KEY}), parcel("s1", "New")], "shipped"),
    ],
)
def test_an_order_is_as_far_as_its_parcels_and_units_let_it(events: list[OrderEvent], status: str) -> None:
    """Each a way in which a part passes for the whole."""
    assert {status} == {folded(*order).status.value for order in permutations(events)}


def test_parcels_that_an_order_shows_hold_back_those_that_are_pushed() -> None:
    """The poll knows of the second parcel before its own snapshot comes."""
    both = [{"identifiers": {"key": key}, "status": [word]} for key, word in (("s1", "Transiting"), ("s2", "New"))]
    order = folded(shown(shipments=both), parcel("s1", "Acquired"))
    assert (OrderStatus.PROCESSING, ["Acquired", "New"]) == (order.status, [each.status for each in order.shipments])


def test_tracking_of_another_system_holds_no_parcel_back() -> None:
    """The same parcel by another name: it has no status, and never will."""
    sent = said(EventType.CHANGED, shipments=[{"id": "1Z", "tracking_number": "1Z"}]).updated({"order_key": KEY})
    assert OrderStatus.DELIVERED is folded(sent, parcel("s1", "Acquired")).status


def test_cancelled_order_of_which_a_parcel_is_on_its_way_is_flagged() -> None:
    """However many others are still there: somebody has to stop that one."""
    events = [shown(status="Cancelled"), parcel("s1", "Transiting"), parcel("s2", "New")]
    assert {("cancelled-and-shipped",)} == {folded(*order).flags for order in permutations(events)}
    assert OrderStatus.CANCELLED is folded(*events).status


def test_shop_hears_of_the_order_when_its_last_parcel_is_on_its_way() -> None:
    """`done` after the first would write to the buyer that everything is coming."""
    order, told = None, []
    placed = said(EventType.PLACED, total="10").updated({"order_key": KEY, "source": "duda"})
    for event in (placed, PARTLY, parcel("s1", "Acquired"), parcel("s2", "New"), parcel("s2", "Released", at_s=1)):
        order, commands = decide(fold(order, event), (SHOP,), event)
        told += commands
    assert told == []
    last = shown(item("A", Transiting="1", Acquired="1"))
    order, commands = decide(fold(order, last), (SHOP,), last)
    assert ["done"] == [command.data["status"] for command in commands]


def test_parcels_of_commerceos_are_its_own_word() -> None:
    """It would be told to release what it has sent itself; the shop is who has to hear of it."""
    order = folded(parcel("s1", "Acquired"), parcel("s2", "Transiting"))
    sent = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)
    assert not is_said_by_others(voices_of(order), sent, COS)
    assert is_said_by_others(voices_of(order), sent, {"duda"})
    assert voices_of(order) != voices_of(folded(parcel("s1", "Acquired")))


def test_what_was_stored_of_a_parcel_before_folds_as_it_did() -> None:
    """Events are kept for ever: a rebuild must not move orders that were told to shops."""
    event = parcel("s1", "Acquired")
    stored = event.updated({"data": event.data.updated({"is_parcel": None})})
    order = folded(stored, parcel("s2", "New"))
    assert (OrderStatus.DELIVERED, ("commerceos",)) == (order.status, order.bookkeeping.voices["delivered"])


SNAPSHOTS = [
    *(parcel(id, word, at_s=n) for id in ("s1", "s2") for n, word in enumerate(words.SHIPMENT_STATUSES)),
    *(parcel("s2", *both, at_s=20) for both in (("New", "Released"), ("Released", "Lost"), ("Lost",))),
    shown(item("A", Committed="2")),
    PARTLY,
    shown(item("A", Released="1"), item("B", Acquired="1")),
    shown(item("A", Transiting="2"), shipments=[{"identifiers": {"key": "s3"}, "status": ["Transiting"]}]),
    shown(item("A", Acquired="2"), status="Fulfilled"),
    shown(item("A"), status="Cancelled"),
]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_history_of_parcels_and_orders_leaves_the_same_order(data: st.DataObject) -> None:
    """How far parcels let an order be may go back as one becomes known: that must not depend on which came first."""
    events = data.draw(st.lists(st.sampled_from(SNAPSHOTS), unique_by=lambda event: event.id, min_size=2, max_size=6))
    one_end, other = (folded(*data.draw(histories(events))) for _ in range(2))
    assert one_end.to_json() == other.to_json()
    assert voices_of(one_end) == voices_of(other)


def test_words_are_those_of_the_platform() -> None:
    """One that is missing here would count as a parcel of which nothing is known."""
    stages = {word: rule.status for word, rule in words.SHIPMENT_STATUSES.items()}
    assert (list(lattice.SHIPMENTS.items()), IN_NO_SHIPMENT) == (list(stages.items()), words.COMMITTED)
