"""Selldone's online orders (seed 004): nine actions, each with a snapshot of the basket that may lack fields.

Beyond the seed, from the vendor's public client (`selldone/core`, `models/shop/order`): `items[].count` is the
quantity, `variant_id`, `type`, `receiver_info` and `billing`, `reject`. Other `event`s than `OnlineOrder` (Avocado,
POS) number their orders in tables of their own, so they name no order here.
"""

from collections.abc import Mapping
from typing import Any

from streams.platforms.facts import Statement, event_of, flagged, number_lines, unknown_words
from streams.platforms.fields import (
    ABSENT,
    Object,
    Table,
    amount,
    child,
    identifier,
    members,
    moment,
    native_id,
    pick,
    text,
    word,
)
from streams.platforms.json import Document, decode, peek
from streams.platforms.webhook import Identity, RawWebhook, Undecodable, accept_all
from streams.vocabulary import EventType, OrderEvent, OrderStatus, PaymentStatus

NAME = "selldone"
METHODS = ("POST",)

# Action → its type and rank: `updated_at` is in whole seconds, so the rank says which of two in one second came later.
EVENTS: Mapping[str, tuple[EventType, int]] = {
    "CheckoutOrder": (EventType.PLACED, 0),
    "PaymentOrder": (EventType.PAID, 1),
    "OrderConfirm": (EventType.CONFIRMED, 2),
    "PreparingOrder": (EventType.PROCESSING, 3),
    "SentOrder": (EventType.SHIPPED, 4),
    "ToCustomer": (EventType.DELIVERED, 5),
    "CancelProduct": (EventType.LINE_CANCELLED, 6),
    "DeliveryCanceled": (EventType.DELIVERY_CANCELLED, 7),
    "ReturnOrder": (EventType.RETURNED, 8),
}
_UNKNOWN = (EventType.OBSERVED, 1)
_ORDER = "OnlineOrder"

# A basket's `status` is about the money, but for one word.
CANCELLED = "Canceled"
PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "Open": PaymentStatus.UNPAID,
    "Reserved": PaymentStatus.UNPAID,
    "Payed": PaymentStatus.PAID,
    "COD": PaymentStatus.ON_DELIVERY,
}
_STATUSES = frozenset((*PAYMENT_STATUSES, CANCELLED))

# As a state, ToCustomer is "en route to the customer"; only the action of that name says that it has arrived.
DELIVERY_STATES: Mapping[str, OrderStatus] = {
    "CheckQueue": OrderStatus.PENDING,
    "OrderConfirm": OrderStatus.CONFIRMED,
    "PreparingOrder": OrderStatus.PROCESSING,
    "SentOrder": OrderStatus.SHIPPED,
    "ToCustomer": OrderStatus.SHIPPED,
}

# What an order is of, kept as `platform_type`.
TYPES = frozenset({"PHYSICAL", "VIRTUAL", "SERVICE", "FILE", "SUBSCRIPTION"})

_ORDER_FIELDS: Table = {
    "order_id": ("id", text),
    "order_number": ("label", text),
    "currency": ("currency", text),
    "total": ("price", amount),
    "tax": ("tax", amount),
    "discount": ("discount", amount),
    "shipping_cost": ("delivery_price", amount),
    "placed_at": ("created_at", moment),
    "platform_status": ("status", text),
    "platform_delivery_state": ("delivery_state", text),
    "platform_type": ("type", text),
    "note": ("reject", text),
}
_ADDRESS: Table = {
    "name": ("name", text),
    "line1": ("address", text),
    "line2": ("unit", text),
    "city": ("city", text),
    "region": ("state", text),
    "postal_code": ("postal", text),
    "country": ("country", text),
    "phone": ("phone", text),
}
_LINE: Table = {
    "product_id": ("product_id", text),
    "variation_id": ("variant_id", text),
    "unit_price": ("price", amount),
}
_PRODUCT: Table = {"name": ("title", text), "sku": ("sku", text)}
_PERSON: Table = {"id": ("id", text), "name": ("name", text), "email": ("email", text), "phone": ("phone", text)}


def identify(body: bytes, query: Mapping[str, str]) -> Identity:
    """Which order, which action."""
    return peek(body, _identity)


validate = accept_all


def normalise(webhook: RawWebhook) -> tuple[OrderEvent, ...]:
    """One event per webhook of an online order; none for another `event`.

    Raises `Undecodable`: the reasons of `streams.platforms.json`, `no-event-type`, `no-order-id`, `invalid-field`.
    """
    document = decode(webhook.body)
    if document.get("event") != _ORDER:
        if word(document.get("event")) is None:
            raise Undecodable("no-event-type", "event is missing or not a word")
        return ()
    identity = _identity(document)
    if identity.event is None:
        raise Undecodable("no-event-type", "action is missing or not a word")
    if identity.native_id is None:
        raise Undecodable("no-order-id", "shop.id or basket.id is missing")
    type, rank = EVENTS.get(identity.event, _UNKNOWN)
    basket = child(document, "basket")
    said = Statement(
        native_id=identity.native_id,
        type=type,
        platform_event=identity.event,
        rank=rank,
        occurred_at=moment(basket.get("updated_at")),
        facts=_facts(document, basket),
    )
    return (event_of(NAME, webhook, said),)


def _identity(document: Document) -> Identity:
    if document.get("event") != _ORDER:
        return Identity(None, word(document.get("event")))
    basket = child(document, "basket")
    return Identity(native_id(_shop(document, basket), basket.get("id")), word(document.get("action")))


def _shop(document: Document, basket: Object) -> Any:
    shop = child(document, "shop").get("id")
    return shop if identifier(shop) is not None else basket.get("shop_id")


def _facts(document: Document, basket: Object) -> dict[str, Any]:
    facts = pick(basket, _ORDER_FIELDS)
    facts["shop"] = identifier(_shop(document, basket))
    facts |= _asserted(basket)
    for field, key in (("shipping_address", "receiver_info"), ("billing_address", "billing")):
        value = basket.get(key, ABSENT)
        if value is None or isinstance(value, dict):
            facts[field] = None if value is None else pick(value, _ADDRESS)
    if (items := members(basket, "items")) is not None:
        facts["lines"] = number_lines([_line(item) for item in items])
    if (id := identifier(basket.get("payment_id"))) is not None:
        payment = pick(basket, {"method": ("payment_type", text), "currency": ("currency", text)})
        facts["payments"] = [{"id": id, **payment}]
    return facts | _customer(document)


def _asserted(basket: Object) -> dict[str, Any]:
    """Cancelled outweighs whatever the delivery state still says."""
    state, status = basket.get("delivery_state"), basket.get("status")
    facts: dict[str, Any] = {}
    if isinstance(state, str) and state in DELIVERY_STATES:
        facts["status"] = DELIVERY_STATES[state]
    if isinstance(status, str) and status in PAYMENT_STATUSES:
        facts["payment_status"] = PAYMENT_STATUSES[status]
    if status == CANCELLED:
        facts["status"] = OrderStatus.CANCELLED
    known = (
        ("status", status, _STATUSES),
        ("delivery-state", state, DELIVERY_STATES),
        ("type", basket.get("type"), TYPES),
    )
    return flagged(facts, *unknown_words(known))


def _line(item: Object) -> dict[str, Any]:
    count = item.get("count")
    line = {"id": identifier(item.get("id")), "quantity": 1 if count is None else count, **pick(item, _LINE)}
    tax = pick(child(item, "tax"), {"tax": ("amount", amount)})
    return line | tax | pick(child(item, "product"), _PRODUCT)


def _customer(document: Document) -> dict[str, Any]:
    """The customer, completed by the user account: for each field the first given, one in full before one masked."""
    people = [document[key] for key in ("customer", "user") if key in document]
    given = [pick(person, _PERSON) for person in people if isinstance(person, dict)]
    if not given:
        return {"customer": None} if any(person is None for person in people) else {}
    merged: dict[str, Any] = {}
    for field in _PERSON:
        values = [person[field] for person in given if field in person]
        if values:
            merged[field] = min(values, key=_doubt)
    return {"customer": merged}


def _doubt(value: str | None) -> int:
    return int("*" in value) if value and value.strip() else 2
