"""Duda's native store (seed 003): what its `ECOMM_*` webhooks say of an order.

The words of `status` and `payment.status`, `data.id`, `items[].id`, `ECOMM_ORDER_UPDATED` and `ECOMM_REFUND_CREATED`
are from the vendor's webhook reference and its public client (`DudaDev/partner-api`, `src/lib/ecomm/types.ts`); the
seed's payloads have no `data.id`, so there the invoice number names the order. Every order webhook has the whole order.
"""

from collections.abc import Mapping
from typing import Any

from streams.platforms.facts import Statement, event_of, flagged, number_lines, total_of, unknown_words
from streams.platforms.fields import (
    ABSENT,
    Object,
    Table,
    amount,
    child,
    epoch_ms,
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

NAME = "duda"
METHODS = ("POST",)

# Event → its type and rank: Duda stamps all events of an order with the same time, so the rank says which came later.
EVENTS: Mapping[str, tuple[EventType, int]] = {
    "ECOMM_ORDER_CREATED": (EventType.PLACED, 0),
    "ECOMM_ORDER_UPDATED": (EventType.CHANGED, 1),
    "ECOMM_ORDER_STATUS_UPDATED": (EventType.CHANGED, 1),
    "ECOMM_REFUND_CREATED": (EventType.REFUNDED, 2),
    "ECOMM_ORDER_DELETED": (EventType.DELETED, 3),
}
_UNKNOWN = (EventType.OBSERVED, 1)
_REFUND = "ECOMM_REFUND_"
_ORDER = "ECOMM_ORDER_"

STATUSES: Mapping[str, OrderStatus] = {
    "PENDING": OrderStatus.PENDING,
    "IN_PROGRESS": OrderStatus.PENDING,
    "PROCESSED": OrderStatus.CONFIRMED,
    "DISPATCHED": OrderStatus.SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.DELIVERED,
    "CANCELLED": OrderStatus.CANCELLED,
    "CANCELED": OrderStatus.CANCELLED,
}

# Known, and says nothing of where the order is.
DISPUTED = "DISPUTED"
_STATUSES = frozenset((*STATUSES, DISPUTED))

PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "OPEN": PaymentStatus.UNPAID,
    "PENDING": PaymentStatus.UNPAID,
    "DEFERRED": PaymentStatus.ON_DELIVERY,
    "AUTHORIZED": PaymentStatus.AUTHORISED,
    "PAID": PaymentStatus.PAID,
    "PAID_DEFERRED": PaymentStatus.PAID,
    "PAIDOUT": PaymentStatus.PAID,
    "REFUNDED": PaymentStatus.REFUNDED,
    "CHARGED_BACK": PaymentStatus.REFUNDED,
}
# Of an attempt to pay: they say nothing of the order's money.
ATTEMPTS = frozenset({"FAILED", "EXPIRED", "CANCELLED", "CANCELED"})
_PAYMENT_STATUSES = ATTEMPTS.union(PAYMENT_STATUSES)

_ORDER_FIELDS: Table = {
    "order_id": ("id", text),
    "order_number": ("invoice_number", text),
    "currency": ("currency", text),
    "total": ("total", amount),
    "subtotal": ("subtotal", amount),
    "placed_at": ("created", moment),
    "platform_status": ("status", text),
    "platform_type": ("mode", text),
    "note": ("shipping_instructions", text),
}
_ADDRESS: Table = {
    "name": ("name", text),
    "first_name": ("first_name", text),
    "last_name": ("last_name", text),
    "company": ("company", text),
    "line1": ("address_1", text),
    "line2": ("address_2", text),
    "city": ("city", text),
    "region": ("region", text),
    "postal_code": ("postal_code", text),
    "country": ("country", text),
    "phone": ("phone", text),
}
_LINE: Table = {
    "product_id": ("product_id", text),
    "variation_id": ("variation_id", text),
    "external_product_id": ("external_product_id", text),
    "external_variation_id": ("external_variation_id", text),
    "sku": ("sku", text),
    "name": ("name", text),
    "unit_price": ("unit_price", amount),
    "total": ("total", amount),
}
_PRODUCT_IDS = ("product_id", "external_product_id", "sku")
_PAYMENT: Table = {"status": ("status", text), "method": ("method", text), "currency": ("currency", text)}
_TRACKING: Table = {"tracking_number": ("tracking_number", text), "tracking_url": ("tracking_url", text)}


def identify(body: bytes, query: Mapping[str, str]) -> Identity:
    """Which order, which event. A product's or a store's webhook names no order."""
    return peek(body, _identity)


validate = accept_all


def normalise(webhook: RawWebhook) -> tuple[OrderEvent, ...]:
    """One event per order webhook; none for a webhook about something else (a product, a store).

    Raises `Undecodable`: the reasons of `streams.platforms.json`, `no-event-type`, `no-order-id`, `invalid-field`.
    """
    document = decode(webhook.body)
    identity = _identity(document)
    if identity.event is None:
        raise Undecodable("no-event-type", "event_type is missing or not a word")
    if not identity.event.startswith((_ORDER, _REFUND)):
        return ()
    if identity.native_id is None:
        raise Undecodable(
            "no-order-id", "there is no resource_data.site_name, or neither data.id nor data.invoice_number"
        )
    type, rank = EVENTS.get(identity.event, _UNKNOWN)
    data = child(document, "data")
    said = Statement(
        native_id=identity.native_id,
        type=type,
        platform_event=identity.event,
        rank=rank,
        occurred_at=epoch_ms(document.get("event_timestamp")),
        facts=_refund_facts(document, data) if identity.event.startswith(_REFUND) else _order_facts(document, data),
    )
    return (event_of(NAME, webhook, said),)


def _identity(document: Document) -> Identity:
    event = word(document.get("event_type"))
    if event is None or not event.startswith((_ORDER, _REFUND)):
        return Identity(None, event)
    data = child(document, "data")
    order = data.get("order_id") if event.startswith(_REFUND) else _order_id(data)
    return Identity(native_id(child(document, "resource_data").get("site_name"), order), event)


def _order_id(data: Object) -> Any:
    return data.get("id") if identifier(data.get("id")) is not None else data.get("invoice_number")


def _order_facts(document: Document, data: Object) -> dict[str, Any]:
    facts = pick(data, _ORDER_FIELDS)
    facts["shop"] = identifier(child(document, "resource_data").get("site_name"))
    payment = child(data, "payment")
    facts |= _asserted(data, payment)
    facts |= _sums(data)
    facts |= _parts(data)
    if "currency" not in facts and isinstance(payment.get("currency"), str):
        facts["currency"] = payment["currency"]
    if payments := _payments(payment, members(data, "refunds") or []):
        facts["payments"] = payments
    # Both are null until there is a parcel; null would claim that a parcel has no number.
    if tracking := {field: value for field, value in pick(data, _TRACKING).items() if value}:
        facts["shipments"] = [{"id": "tracking", **tracking}]
    return facts


def _asserted(data: Object, payment: Object) -> dict[str, Any]:
    status, paid = data.get("status"), payment.get("status")
    facts: dict[str, Any] = {}
    if isinstance(status, str) and status in STATUSES:
        facts["status"] = STATUSES[status]
    if isinstance(paid, str) and paid in PAYMENT_STATUSES:
        facts["payment_status"] = PAYMENT_STATUSES[paid]
    known = (("status", status, _STATUSES), ("payment-status", paid, _PAYMENT_STATUSES))
    return flagged(facts, *unknown_words(known))


def _sums(data: Object) -> dict[str, Any]:
    """Duda itemises taxes and discounts; the order has their sums."""
    sums: dict[str, Any] = {}
    for field, key, part in (("tax", "taxes", "amount"), ("discount", "discounts", "savings")):
        if (rows := members(data, key)) is not None:
            sums[field] = total_of((row[part] for row in rows if row.get(part) is not None), f"{key}.{part}")
    return sums | pick(child(data, "shipping_method"), {"shipping_cost": ("cost", amount)})


def _parts(data: Object) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for field in ("billing_address", "shipping_address"):
        value = data.get(field, ABSENT)
        if value is None or isinstance(value, dict):
            parts[field] = None if value is None else pick(value, _ADDRESS)
    if (items := members(data, "items")) is not None:
        parts["lines"] = number_lines([_line(item) for item in items])
    billing = pick(child(data, "billing_address"), {"name": ("name", text), "phone": ("phone", text)})
    if customer := billing | pick(data, {"email": ("email", text)}):
        parts["customer"] = customer
    return parts


def _line(item: Object) -> dict[str, Any]:
    """The seed calls an item's `id` and `quantity` what counts, so a quantity that is not told is not guessed at.

    Its payloads name the product by `product_id` and the like instead; where none is told, `id` is all there is.
    """
    id, line = identifier(item.get("id")), pick(item, _LINE)
    if id is not None and not any((line.get(name) or "").strip() for name in _PRODUCT_IDS):
        line["product_id"] = id
    if (quantity := item.get("quantity")) is None:
        raise Undecodable("invalid-field", "items.quantity: is missing or null")
    return {"id": id, "quantity": quantity, **line}


def _payments(payment: Object, refunds: list[Object]) -> list[dict[str, Any]]:
    payments: list[dict[str, Any]] = []
    if (id := identifier(payment.get("transaction_id"))) is not None:
        payments.append({"id": id, **pick(payment, _PAYMENT)})
    return payments + [refund for row in refunds for refund in _refund(row)]


def _refund(row: Object) -> list[dict[str, Any]]:
    """A refund as a payment of a negative amount; the seed's empty `{}` is none."""
    if (id := identifier(row.get("id"))) is None:
        return []
    facts: dict[str, Any] = {"id": id, "status": "REFUNDED", **pick(row, {"currency": ("currency", text)})}
    if row.get("total") is not None:
        facts["amount"] = total_of([row["total"]], "refunds.total").copy_negate()
    return [facts]


def _refund_facts(document: Document, data: Object) -> dict[str, Any]:
    facts: dict[str, Any] = pick(data, {"order_id": ("order_id", text)})
    facts["shop"] = identifier(child(document, "resource_data").get("site_name"))
    if refund := _refund(data):
        facts["payments"] = refund
    return facts
