"""The external system's three messages (seed 000, part 3), and whose orders they are about."""

import json
from decimal import Decimal
from typing import Any

import pytest

from streams.platforms import InvalidOptions, SourceConfig, platform_of
from streams.vocabulary import EventType, OrderEvent, Payment, Shipment
from tests.streams.platforms.samples import payload, webhook

NAME = "external-system"
SOURCES = frozenset({"external", "quickbutik", "duda"})


def read(document: bytes | dict[str, Any], orders_of: str = "quickbutik") -> OrderEvent:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    (event,) = platform_of(SourceConfig("external", NAME, orders_of, SOURCES)).normalise(webhook("external", body))
    assert isinstance(event, OrderEvent)
    return event


def test_shipped_says_the_tracking_and_the_carrier() -> None:
    """The shop tells its customer from these two."""
    event = read(payload(NAME, "order-shipped"))
    parcel = Shipment(id="1Z999AA10123456784", tracking_number="1Z999AA10123456784", carrier="UPS")
    assert (EventType.SHIPPED, (parcel,)) == (event.type, event.data.shipments)
    assert "quickbutik:12345" == event.order_key


def test_payment_confirmed_is_paid() -> None:
    """The shop marks the order as paid."""
    assert EventType.PAID is read(payload(NAME, "order-payment-confirmed")).type


def test_payment_is_kept_where_it_is_told() -> None:
    """Without its transaction nobody can reconcile it."""
    data = {"transaction_id": "pi_1", "amount": 19.99, "currency": "SEK", "method": "card"}
    facts = read({"event_type": "order.payment_confirmed", "order_id": "1", "data": data}).data
    assert (Payment(id="pi_1", amount=Decimal("19.99"), currency="SEK", method="card"),) == facts.payments


def test_cancelled_says_why() -> None:
    """The reason is all that is left of the order."""
    event = read(payload(NAME, "order-cancelled"))
    assert (EventType.CANCELLED, "Out of stock") == (event.type, event.data.cancel_reason)


def test_unknown_message_is_kept_as_observed() -> None:
    """The seed's code drops what it does not know; we keep it."""
    event = read({"event_type": "order.packed", "order_id": "1", "data": {"reason": "x", "tracking_number": "2"}})
    assert (EventType.OBSERVED, "order.packed", set()) == (
        event.type,
        event.platform_event,
        event.data.model_fields_set,
    )


@pytest.mark.parametrize(
    ("order_id", "orders_of", "key"),
    [
        ("duda:site/ECOM-1", "quickbutik", "duda:site/ECOM-1"),
        ("12345", "quickbutik", "quickbutik:12345"),
        (12345, "quickbutik", "quickbutik:12345"),
        ("other:1", "quickbutik", "quickbutik:other:1"),
        ("1", "external", "external:1"),
    ],
)
def test_order_id_is_a_key_of_ours_or_an_id_of_the_named_source(order_id: Any, orders_of: str, key: str) -> None:
    """We send the key as external_order_id; the seed's system knows the shop's own id."""
    event = read({"event_type": "order.shipped", "order_id": order_id, "data": {}}, orders_of)
    assert key == event.order_key
    assert event.data.order_id == ("1" if key == "external:1" else None)


def test_shipped_without_tracking_is_shipped_all_the_same() -> None:
    """Null and nothing must not claim a parcel with no number."""
    for data in ({}, {"tracking_number": None, "carrier": None}, {"tracking_number": ""}, None):
        event = read({"event_type": "order.shipped", "order_id": "1", "data": data})
        assert (EventType.SHIPPED, (Shipment(id="shipment"),)) == (event.type, event.data.shipments)
        assert event.data.shipments is not None
        assert {"id"} == event.data.shipments[0].model_fields_set


def test_options_are_refused() -> None:
    """A setting that does nothing would be taken for one that does."""
    with pytest.raises(InvalidOptions):
        platform_of(SourceConfig("external", NAME, "external", SOURCES, {"order_id": "x"}))
