"""The order as `GET /v1/orders` answers it → facts: the seed's `validateOrder` and `transformOrder`.

Beyond the seed, from the vendor's reference and a public client (`PrimePenguin/QuickbutikSharp`, `Entities/`): the
numbers of `status`, `customer`'s fields, `shipping_details`, `paymethod`, `date_paid`. The shape of `refunds` is not
documented; a refund is read where it has an id and an amount. `metadata` stays in the raw record.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from streams.platforms.facts import number_lines, total_of, unknown_words
from streams.platforms.fields import (
    ABSENT,
    Missing,
    Object,
    Table,
    amount,
    child,
    children,
    identifier,
    members,
    pick,
    text,
)
from streams.platforms.json import decode_value
from streams.platforms.webhook import Undecodable
from streams.vocabulary import OrderStatus, PaymentStatus

# As the vendor's clients number them; and as its own API takes them.
STATUSES: Mapping[str, OrderStatus] = {
    "2": OrderStatus.SHIPPED,
    "done": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
}
# What the status should say after a ping.
EXPECTED: Mapping[str, OrderStatus] = {"order.done": OrderStatus.SHIPPED, "order.cancelled": OrderStatus.CANCELLED}
PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "-1": PaymentStatus.UNPAID,
    "unpaid": PaymentStatus.UNPAID,
    "1": PaymentStatus.PAID,
    "paid": PaymentStatus.PAID,
}
CURRENCY = "SEK"
PAYMENT_WITHOUT_ID = "paymethod"

_ORDER_FIELDS: Table = {
    "order_id": ("order_id", text),
    "shipping_cost": ("shipping_amount", amount),
    "discount": ("discount_amount", amount),
    "tax": ("tax_amount", amount),
    "subtotal": ("items_amount", amount),
    "platform_status": ("status", text),
    "note": ("notes", text),
}
_ADDRESS: Table = {
    "name": ("full_name", text),
    "first_name": ("firstname", text),
    "last_name": ("lastname", text),
    "company": ("company_name", text),
    "line1": ("address", text),
    "line2": ("address2", text),
    "city": ("city", text),
    "postal_code": ("zipcode", text),
    "country": ("country", text),
    "phone": ("phone", text),
}
_CUSTOMER: Table = {"name": ("full_name", text), "email": ("email", text), "phone": ("phone", text)}
_LINE: Table = {
    "product_id": ("product_id", text),
    "variation_id": ("variant_id", text),
    "sku": ("sku", text),
    "name": ("title", text),
}
_REFUND_IDS, _REFUND_AMOUNTS = ("id", "refund_id"), ("amount", "total_amount")


def orders_in(body: bytes) -> list[Object]:
    """The orders in an answer of `GET /v1/orders`. Raises `Undecodable`: also `not-a-list`."""
    value = decode_value(body)
    if not isinstance(value, list):
        raise Undecodable("not-a-list", "the API's answer is JSON, but not a list")
    return [order for order in value if isinstance(order, dict)]


def the_order(body: bytes, order_id: str) -> Object:
    """The order that was asked for, out of the answer. Raises `Undecodable`: also `order-not-found`, `other-order`."""
    orders = orders_in(body)
    for order in orders:
        if identifier(order.get("order_id")) == order_id:
            return order
    if not orders:
        raise Undecodable("order-not-found", "the API's answer is an empty list: it knows no such order")
    if all(identifier(order.get("order_id")) is None for order in orders):
        raise _invalid("order_id")
    raise Undecodable("other-order", f"the API's answer has {len(orders)} orders, but not the one that was asked for")


def differs(order: Object, event: str) -> list[str]:
    """Flags for a person: a status that nobody knows, or one that is not what the ping said.

    Which status a cancelled order has is not documented, so the ping's word counts all the same.
    """
    status = text(order.get("status"))
    if not isinstance(status, str) or not status:
        return []
    if status.lower() not in STATUSES and status.lower() not in PAYMENT_STATUSES:
        return unknown_words([("status", status, ())])
    is_said = STATUSES.get(status.lower()) is EXPECTED.get(event, STATUSES.get(status.lower()))
    return [] if is_said else [f"{event}-but-status:{status}"]


def facts_of(order: Object, zone: tzinfo) -> dict[str, Any]:
    """`zone`: of its times. Raises `Undecodable`: `invalid-order`, `invalid-field`."""
    customer = child(order, "customer")
    if order.get("total_amount") in (None, "", 0) or isinstance(order["total_amount"], bool):
        raise _invalid("total_amount")
    if not isinstance(email := customer.get("email"), str) or not email.strip():
        raise _invalid("customer.email")
    payment = child(order, "payment")
    facts: dict[str, Any] = pick(order, _ORDER_FIELDS)
    facts |= {"is_placed": True, "total": order["total_amount"], "currency": _currency(payment)}
    facts |= _asserted(order, zone)
    facts |= _people(customer)
    if (placed_at := local_time(order.get("date_created"), zone)) is not ABSENT:
        facts["placed_at"] = placed_at
    if (products := members(order, "products")) is not None:
        facts["lines"] = number_lines([_line(product) for product in products])
    if payments := _payments(order, payment):
        facts["payments"] = payments
    return facts


def _people(customer: Object) -> dict[str, Any]:
    """Older answers have no `billing_details` and the buyer's own address in `customer` itself."""
    people: dict[str, Any] = {"customer": pick(customer, _CUSTOMER)}
    given = {"shipping_address": customer.get("shipping_details", ABSENT)}
    given["billing_address"] = customer.get("billing_details", customer if customer.get("address") else ABSENT)
    for field, value in given.items():
        if value is None or isinstance(value, dict):
            people[field] = None if value is None else pick(value, _ADDRESS)
    if isinstance(kind := customer.get("customer_type"), str):
        people["platform_type"] = kind
    return people


def _invalid(field: str) -> Undecodable:
    return Undecodable("invalid-order", f"the order has no {field}: it is required")


def _currency(payment: Object) -> str:
    currency = payment.get("currency")
    return currency if isinstance(currency, str) and currency else CURRENCY


def _asserted(order: Object, zone: tzinfo) -> dict[str, Any]:
    """One field says where both the order and its money are: an order that is done may have been paid, or not."""
    status = text(order.get("status"))
    facts: dict[str, Any] = {}
    if isinstance(status, str) and status.lower() in STATUSES:
        facts["status"] = STATUSES[status.lower()]
    if isinstance(status, str) and status.lower() in PAYMENT_STATUSES:
        facts["payment_status"] = PAYMENT_STATUSES[status.lower()]
    elif local_time(order.get("date_paid"), zone) is not ABSENT:
        facts["payment_status"] = PaymentStatus.PAID
    return facts


def _line(product: Object) -> dict[str, Any]:
    """`qty || 1` and `price || 0`, as the seed has it."""
    return {
        "id": identifier(product.get("id")),
        **pick(product, _LINE),
        "quantity": 1 if product.get("qty") in (None, "") else product["qty"],
        "unit_price": 0 if product.get("price") in (None, "") else product["price"],
    }


def _payments(order: Object, payment: Object) -> list[dict[str, Any]]:
    """Of a payment without a transaction id, how it is paid is known all the same."""
    payments: list[dict[str, Any]] = []
    id, method = identifier(payment.get("transaction_id")), _method(order, payment)
    if id is not None or method.get("method"):
        payments.append({"id": id or PAYMENT_WITHOUT_ID, "currency": _currency(payment), **method})
    return payments + [refund for row in children(order, "refunds") or [] for refund in _refund(row, payment)]


def _method(order: Object, payment: Object) -> dict[str, Any]:
    """`paymethod` is an object with a name, or the name itself."""
    named = pick(payment, {"method": ("method", text)}) or pick(order, {"method": ("paymethod", text)})
    return named or pick(child(order, "paymethod"), {"method": ("name", text)})


def _refund(row: Object, payment: Object) -> list[dict[str, Any]]:
    """A refund as a payment of a negative amount, whatever sign it is given with."""
    id = next((found for key in _REFUND_IDS if (found := identifier(row.get(key)))), None)
    given = next((row[key] for key in _REFUND_AMOUNTS if row.get(key) not in (None, "")), None)
    if id is None or given is None:
        return []
    # Not by `-` and `abs`, which round to 28 digits.
    back = total_of([given], "refunds.amount").copy_abs().copy_negate()
    return [{"id": f"refund-{id}", "status": "REFUNDED", "amount": back, "currency": _currency(payment)}]


def local_time(value: Any, zone: tzinfo) -> datetime | Missing:
    """`YYYY-MM-DD HH:MM:SS` in the shop's own time; MySQL's `0000-00-00 …` and what else is no time is absent."""
    if not isinstance(value, str):
        return ABSENT
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return ABSENT
