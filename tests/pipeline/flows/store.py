"""A store of our own making for what no seed platform can say: a plain HMAC, its JSON read by a mapping."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

NAME, SECRET = "store", "a-secret-of-the-store"
OPTIONS: Mapping[str, Any] = {
    "event": "what",
    "order_id": "order.id",
    "occurred_at": "at",
    "order": {"currency": "order.currency", "total": "order.total", "supplier": "order.from"},
    "customer": {"id": "order.buyer.id", "email": "order.buyer.email"},
    "shipping_address": {
        "name": "order.buyer.name",
        "line1": "order.deliver_to.street",
        "postal_code": "order.deliver_to.zip",
        "city": "order.deliver_to.city",
        "country": "order.deliver_to.country",
    },
    "lines": {"each": "order.lines[]", "sku": "sku", "quantity": "pieces", "unit_price": "price", "instances": "units"},
    "payments": {"each": "order.charges[]", "id": "transaction", "method": "by", "amount": "amount"},
    "shipments": {"each": "order.parcels[]", "tracking_number": "code", "carrier": "by"},
    "events": {
        "placed": "order.placed",
        "moved": "order.changed",
        "charged": {"type": "order.paid", "rank": 1},
        "packed": {"type": "order.processing", "rank": 2},
        "sent": {"type": "order.shipped", "rank": 3},
        "refunded": {"type": "order.refunded", "rank": 4},
        "cancelled": {"type": "order.cancelled", "rank": 5},
    },
}
HOME = {"street": "Storgatan 123", "zip": "11456", "city": "Stockholm", "country": "SE"}
# As CommerceOS is to have it.
HOME_THERE = {
    "line1": "Storgatan 123",
    "postalCode": "11456",
    "cityName": "Stockholm",
    "countryCode": "SE",
    "attention": "Ada Lovelace",
}


def line(sku: str, pieces: int | None = 1, price: str = "100.00", **more: Any) -> dict[str, Any]:
    counted = {} if pieces is None else {"pieces": pieces}
    return {"sku": sku, "price": price, **counted, **more}


def charge(transaction: str, amount: str, by: str = "card") -> dict[str, str]:
    return {"transaction": transaction, "by": by, "amount": amount}


def webhook(what: str, id: str, minute: int, *lines: Mapping[str, Any], **more: Any) -> bytes:
    """`minute`: of the day on which everything happens. Every webhook has the whole order."""
    order = {
        "id": id,
        "currency": "SEK",
        "total": "497.50",
        "buyer": {"id": f"CUST-{id}", "name": "Ada Lovelace", "email": "ada@example.com"},
        "deliver_to": HOME,
        "lines": lines,
        **more,
    }
    return orjson.dumps({"what": what, "at": f"2026-03-01T12:{minute:02}:00Z", "order": order})


def headers(body: bytes) -> dict[str, str]:
    return {"X-Store-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
