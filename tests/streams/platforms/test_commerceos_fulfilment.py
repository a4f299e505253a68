"""How far each unit is: `statusDetails` of an order's items (seed 002, "Partial Fulfillment")."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import orjson
import pytest

from streams.vocabulary import EventType, Order, OrderStatus
from streams.vocabulary.facts import Fulfilment
from tests.projections.events import folded
from tests.streams.platforms.test_commerceos import one

AT = "2026-11-21T12:00:00Z"


def item(sku: str, **units: Any) -> dict[str, Any]:
    """One whose units are so many at each word."""
    details = [{"status": word, "quantity": count} for word, count in units.items()]
    return {"product": {"identifiers": {"com.acme.sku": sku}}, "quantity": "9", "statusDetails": details}


IDENTIFIED = {"identifiers": {"key": "db-1", "com.acme.order-id": "duda:site/1", "com.acme.channel": "duda"}}


def polled(*items: dict[str, Any], status: str = "Committed", **more: Any) -> dict[str, Any]:
    """As the poller has it from `~with(status,identifiers,timestamp,items~with(statusDetails),shipments~with(…))`."""
    return {**IDENTIFIED, "status": [status], "timestamp": AT, "items": list(items), **more}


@pytest.mark.parametrize(
    ("items", "word", "status"),
    [
        ([item("A", Committed="2")], "order.Committed", OrderStatus.CONFIRMED),
        ([item("A", New="2")], "fulfilment.New", OrderStatus.PROCESSING),
        ([item("A", Committed="1", Released="1")], "fulfilment.New", OrderStatus.PROCESSING),
        ([item("A", Released="2"), item("B", Committed="1")], "fulfilment.New", OrderStatus.PROCESSING),
        ([item("A", Released="2"), item("B", New="1")], "fulfilment.New", OrderStatus.PROCESSING),
        ([item("A", Released="2"), item("B", Transiting=1)], "fulfilment.Released", OrderStatus.RELEASED),
        ([item("A", PartiallyTransiting="2")], "fulfilment.PartiallyTransiting", OrderStatus.RELEASED),
        ([item("A", Transiting="2"), item("B", Acquired="1")], "fulfilment.Transiting", OrderStatus.SHIPPED),
        ([item("A", Acquired="2")], "fulfilment.Acquired", OrderStatus.DELIVERED),
        ([item("A", Acquired="2"), item("B")], "order.Committed", OrderStatus.CONFIRMED),
        ([item("A", Odd="2")], "order.Committed", OrderStatus.CONFIRMED),
        ([item("A", Transiting="2", Committed="0")], "fulfilment.Transiting", OrderStatus.SHIPPED),
        ([], "order.Committed", OrderStatus.CONFIRMED),
    ],
)
def test_an_order_is_as_far_as_its_units_that_are_least_far(
    items: list[dict[str, Any]], word: str, status: OrderStatus
) -> None:
    """Half of an order on its way is not an order on its way: its customer would wait for the rest in vain."""
    event = one(polled(*items))
    assert (word, status) == (event.platform_event, event.data.status)


@pytest.mark.parametrize("status", ["New", "Reserved", "Cancelled"])
def test_units_say_nothing_of_an_order_that_is_not_approved(status: str) -> None:
    """`New` there is the item's own status, and no shipment's."""
    assert f"order.{status}" == one(polled(item("A", New="2"), status=status)).platform_event


def test_units_are_kept_per_line() -> None:
    """`PartiallyReleased` says that something is missing, and not what: whoever answers the customer must know."""
    event = one(polled(item("A", Committed="1", Released="2.5"), item("B", Released="1"), item("A", Committed=3)))
    assert event.data.fulfilment == (
        Fulfilment(id="A", sku="A", units={"Committed": Decimal(1), "Released": Decimal("2.5")}),
        Fulfilment(id="B", sku="B", units={"Released": Decimal(1)}),
        Fulfilment(id="A#2", sku="A", units={"Committed": Decimal(3)}),
    )
    assert event.data.lines is None, "they are the shop's to tell"


@pytest.mark.parametrize("details", [None, 5, ["x"], [{"status": "New"}], [{"status": ["A", "B"], "quantity": 1}]])
def test_details_that_cannot_be_read_tell_nothing(details: Any) -> None:
    """They describe: an order must not get stuck in the quarantine for them."""
    event = one(polled({"quantity": "1", "statusDetails": details}))
    assert ("order.Committed", None) == (event.platform_event, event.data.fulfilment)
    assert event.data.flags == (None if details is None else ("unreadable-units",))


@pytest.mark.parametrize("quantity", [True, "abc", "1_0", None, [1], {"value": 1}])
def test_units_that_cannot_be_read_leave_those_that_were_counted_before(quantity: Any) -> None:
    """Left out of the count, what is in no shipment yet would be gone, and the order on its way."""
    counted, unread = item("A", Committed="1", Transiting="1"), item("A", Committed=quantity, Transiting="1")
    parcel = {"identifiers": {"key": "s-1"}, "orders": [IDENTIFIED], "status": ["Transiting"]}
    state = folded(one(polled(counted)), one(parcel), one(polled(unread, item("B", Transiting="1"))))
    assert state.status is OrderStatus.PROCESSING
    assert state.fulfilment == (Fulfilment(id="A", sku="A", units={"Committed": Decimal(1), "Transiting": Decimal(1)}),)
    assert "unreadable-units" in state.flags


def test_the_state_ends_the_same_whatever_came_first() -> None:
    """All snapshots of an order carry the time when it was made: what is further must win by its rank."""
    parcel = {"identifiers": {"key": "s-1"}, "status": ["Transiting"], "carriersTrackingUrl": "https://t.example/1"}
    snapshots = [
        polled(item("A", Committed="2")),
        polled(item("A", Committed="1", Released="1")),
        polled(item("A", Transiting="2"), shipments=[parcel]),
        polled(item("A", Acquired="2"), status="Fulfilled"),
    ]
    events = [one(orjson.dumps(each)) for each in snapshots]
    assert sorted(event.rank for event in events) == [event.rank for event in events]
    found = {folded(*order).to_json() for order in permutations(events)}
    assert len(found) == 1
    state = Order.from_json(found.pop())
    assert (OrderStatus.DELIVERED, "Transiting") == (state.status, state.shipments[0].status)
    assert state.fulfilment == (Fulfilment(id="A", sku="A", units={"Acquired": Decimal(2)}),)
    assert events[0].type is EventType.CONFIRMED
