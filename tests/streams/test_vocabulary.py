"""The canonical model: it holds all of an order, exactly, and says of each field whether it tells of a person."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from projections.fold import fold
from streams import normalise, topics
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.schema import json_schemas
from streams.schema.models import RECORDS
from streams.vocabulary import (
    Address,
    CommandType,
    EventType,
    Line,
    Order,
    OrderEvent,
    OrderFacts,
    OrderStatus,
    Origin,
    Outcome,
    OutcomeResult,
    Payment,
    PaymentStatus,
    Person,
    Shipment,
)
from streams.vocabulary.facts import Fulfilment

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
BIG = str(2**63 + 1)
EXACT = Decimal("12345678901234567890123456789.0123456789")

# Fields that say nothing of a person, by model. A new field belongs here, or is marked with `x-pii`.
HARMLESS: dict[str, set[str]] = {
    "Address": set(),
    "Bookkeeping": {
        *(
            "commanded",
            "fetches",
            "held",
            "moves",
            "paid",
            "oldest",
            "parcels",
            "pings",
            "placed",
            "reached",
            "seen",
            "steps",
        ),
        *("taken", "taken_as", "voices"),
    },
    "Command": {"caused_by", "created_at", "id", "order_key", "receipt", "target", "type"},
    "Commanded": {"id", "states", "type"},
    "Step": {"id", "states", "status", "type"},
    "DeadLetter": {"at", "attempts", "command", "error", "exchange", "id", "reason"},
    "DeliveryFacts": {
        *("attempts", "command_id", "command_type", "error", "http_status", "ref", "target"),
    },
    "Fetch": {"id", "ping", "status", "target"},
    "Fulfilment": {"id", "sku", "units"},
    "HttpExchange": {
        *("at", "error", "method", "request_headers", "response_headers", "status", "url"),
    },
    "Line": {
        *("external_product_id", "external_variation_id", "id", "name", "product_id", "quantity", "sku"),
        *("tax", "total", "unit_price", "variation_id"),
    },
    "Movement": {
        *("at", "caused_by", "delta", "held", "id", "order_key", "product", "product_key", "receipt", "source"),
        "taken_as",
    },
    "Order": {
        *("billing_address", "bookkeeping", "currency", "customer", "discount", "expected_at", "flags", "key", "lines"),
        "fulfilment",
        *("order_id", "order_number", "payment_status", "payments", "placed_at", "platform"),
        *("platform_delivery_state", "platform_status", "platform_type", "shipments", "shipping_address"),
        *("shipping_cost", "shop", "source", "status", "subtotal", "supplier", "targets", "tax", "total"),
        *("updated_at", "version"),
    },
    "OrderEvent": {
        *("data", "delivery", "id", "occurred_at", "order_key", "origin", "platform", "platform_event", "rank"),
        *("receipt", "received_at", "schema_version", "source", "type"),
    },
    "OrderFacts": {
        *("billing_address", "currency", "customer", "discount", "expected_at", "flags", "fulfilment"),
        *("is_parcel", "is_ping", "is_placed"),
        *("lines", "order_id", "order_number", "payment_status", "payments", "placed_at", "platform_delivery_state"),
        *("platform_status", "platform_type", "shipments", "shipping_address", "shipping_cost", "shop", "status"),
        *("subtotal", "supplier", "tax", "total"),
    },
    "Origin": {"offset", "partition", "topic"},
    "Outcome": {
        *("at", "attempts", "command_id", "error", "http_status", "order_key", "receipt", "ref", "result"),
        *("seconds", "target", "type"),
    },
    "Payment": {"amount", "currency", "id", "method", "status"},
    "Person": set(),
    "Product": {
        *("external_product_id", "external_variation_id", "name", "product_id", "sku", "variation_id"),
    },
    "Shipment": {"carrier", "id", "status"},
    "Stock": {"level", "movements", "offset", "product", "product_key", "source", "updated_at"},
    "TargetState": {"attempts", "last_error", "ref", "status", "updated_at"},
}
KINDS = {"name", "contact", "address", "identity", "text", "document"}


def schemas() -> dict[str, Any]:
    """Those of the vocabulary that are objects."""
    defs: dict[str, Any] = json_schemas()["$defs"]
    return {name: schema for name, schema in defs.items() if "properties" in schema}


@pytest.mark.parametrize("name", HARMLESS)
def test_every_field_is_marked_or_known_to_be_harmless(name: str) -> None:
    """A new field with a birthday in it would be shown, exported and kept like any number."""
    fields = schemas()[name]["properties"]
    marked = {field for field, schema in fields.items() if "x-pii" in schema}
    assert {schema["x-pii"] for schema in fields.values() if "x-pii" in schema} <= KINDS
    assert set(fields) - marked == HARMLESS[name]


def test_every_model_is_classified() -> None:
    """A new model would slip past the test above."""
    ours = {name for model in RECORDS for name in json_schema_names(model)}
    assert {name for name in ours if "properties" in schemas().get(name, {})} == set(HARMLESS)


def json_schema_names(model: type[BaseModel]) -> set[str]:
    return {model.__name__, *model.model_json_schema(mode="serialization").get("$defs", {})}


def test_person_and_address_are_personal_in_every_field() -> None:
    """An erasure goes by these marks: a city that is left behind can tell who it was."""
    for model in (Person, Address):
        assert {name for name, field in model.model_fields.items() if field.json_schema_extra is None} == set()


FULL = OrderFacts(
    order_id=BIG,
    order_number="ECOM-1065",
    shop=BIG,
    supplier="ACME-RETAIL",
    currency="USD",
    total=EXACT,
    subtotal=EXACT,
    tax=EXACT,
    discount=EXACT,
    shipping_cost=EXACT,
    lines=(
        Line(
            id=BIG,
            product_id=BIG,
            variation_id="v",
            external_product_id="e",
            external_variation_id="ev",
            sku="s",
            name="Plate",
            quantity=Decimal("0.3"),
            unit_price=EXACT,
            tax=EXACT,
            total=EXACT,
            instances=({"imei": BIG},),
        ),
    ),
    customer=Person(id=BIG, name="Ann", email="ann@mail.com", phone="1"),
    shipping_address=Address(**{name: name for name in Address.model_fields}),
    billing_address=Address(**{name: name for name in Address.model_fields}),
    status=OrderStatus.SHIPPED,
    payment_status=PaymentStatus.PAID,
    payments=(Payment(id="ch_3MPV", status="PAID", method="CreditCard", amount=EXACT, currency="CAD"),),
    shipments=(
        Shipment(id="s", status="Transiting", carrier="PostNord", tracking_number=BIG, tracking_url="https://t/1"),
    ),
    fulfilment=(Fulfilment(id="l-1", sku="SKU-1", units={"Released": EXACT}),),
    placed_at=AT,
    expected_at=AT,
    cancel_reason="none",
    platform_status="PROCESSED",
    platform_delivery_state="SentOrder",
    platform_type="PHYSICAL",
    note="at the back door",
    flags=("clock-ahead",),
    is_placed=True,
    is_parcel=False,
    is_ping=False,
)
EVENT = OrderEvent(
    id="e",
    type=EventType.SHIPPED,
    order_key=f"duda:site/{BIG}",
    source="duda",
    platform="duda",
    occurred_at=AT,
    received_at=AT,
    origin=Origin(topic="t", partition=1, offset=2**62),
    data=FULL,
)
# Of the facts, what is in the order under another name, or is said once and not kept.
ASSERTIONS = {"status", "payment_status", "is_placed", "is_parcel", "is_ping"}


def test_sample_event_has_every_field() -> None:
    """The tests below are about all that an order can have: a new field belongs into the sample."""

    def check(value: Any) -> None:
        if isinstance(value, BaseModel):
            assert value.model_fields_set == set(type(value).model_fields), type(value)
            for name in type(value).model_fields:
                check(getattr(value, name))
        elif isinstance(value, tuple):
            assert value
            for item in value:
                check(item)

    check(FULL)


def test_order_holds_all_that_an_event_can_say_exactly_through_every_hop() -> None:
    """Event → topic → fold → topic: a digit or a field that is lost on the way is lost for every target."""
    order = Order.from_json(fold(None, OrderEvent.from_json(EVENT.to_json())).to_json())
    for name in set(OrderFacts.model_fields) - ASSERTIONS:
        assert getattr(order, name) == getattr(FULL, name), name
    assert (order.status, order.payment_status) == (OrderStatus.SHIPPED, PaymentStatus.PAID)
    assert order.to_dict()["total"] == "12345678901234567890123456789.0123456789"
    assert order.to_dict()["lines"][0]["product_id"] == BIG


def test_reference_of_a_target_comes_from_its_answer_into_the_order() -> None:
    """What the target calls the order is how a person finds it there."""
    outcome = Outcome(
        command_id="c",
        type=CommandType.CREATE_ORDER,
        target="external",
        order_key=EVENT.order_key,
        result=OutcomeResult.DELIVERED,
        attempts=1,
        ref="ext-17",
        at=AT,
    )
    record = Record(topics.OUTCOMES, 0, 0, 0, EVENT.order_key.encode(), outcome.to_json())
    (output,) = normalise.outcomes_step({})(record, Overlay(MemoryStore()))
    order = fold(fold(None, EVENT), OrderEvent.from_json(output.value or b""))
    assert order.targets["external"].ref == "ext-17"
    assert order.to_dict()["targets"]["external"]["ref"] == "ext-17"


@pytest.mark.parametrize(
    "model",
    [FULL, Person(name="Ann"), Order(key="k", source="s", platform="p")],
    ids=lambda model: type(model).__name__,
)
def test_updated_is_what_pydantic_makes_of_it(model: Any) -> None:
    """It goes around pydantic for speed: a difference would show in what is written, or in what counts as given."""
    changes = dict.fromkeys(list(type(model).model_fields)[:3])
    ours, theirs = model.updated(changes), model.model_copy(update=changes)
    assert (ours, ours.model_fields_set, ours.to_json()) == (theirs, theirs.model_fields_set, theirs.to_json())
    assert ours.updated({}) == model.updated(changes) != model
    assert model.model_copy(update={}) == model
    with pytest.raises(ValidationError):
        ours.name = "other"
