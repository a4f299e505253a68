"""A web shop of somebody's own: Standard Webhooks, its JSON read by a mapping in the configuration. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import CURRENCIES, Basket, Buyer, Item, changed, money, new_basket, new_buyer
from streams.demo.platforms.json import NOT_JSON, dumps, loads, microseconds
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import WEBSHOP, Life, Request, Signed, Step

PLATFORM = "mapping"
CREATED, UPDATED, SHIPPED, CANCELLED = "order.created", "order.updated", "order.shipped", "order.cancelled"
STEP_S = (1, 90)

RUBBISH = (
    *NOT_JSON,
    Request(b'{"type":"order.created","data":{"total":"1.00"}}'),
    Request(b'{"data":{"id":"W-1"}}'),
    Request(b"[]"),
)

# What the shop's words mean: "sent" and "closed" are told by the event.
STATUSES = {"open": "pending", "packed": "processing"}
EVENTS_SAY = {SHIPPED: "shipped", CANCELLED: "cancelled"}

# What makes a source of it: each text is an expression that finds one thing in its JSON.
OPTIONS: Mapping[str, Any] = {
    "event": "type",
    "order_id": "data.id",
    "occurred_at": "timestamp",
    "order": {
        "order_number": "data.number",
        "currency": "data.currency",
        "total": "data.total",
        "status": "data.status",
        "placed_at": "data.placed_at",
    },
    "customer": {"name": "data.buyer.name", "email": "data.buyer.email"},
    "lines": {
        "each": "data.lines[]",
        "sku": "article",
        "name": "title",
        "quantity": "pieces",
        "unit_price": "price.amount",
    },
    "shipments": {"each": "data.parcels[]", "tracking_number": "code", "carrier": "by"},
    "events": {
        CREATED: "order.placed",
        UPDATED: "order.changed",
        SHIPPED: "order.shipped",
        CANCELLED: "order.cancelled",
    },
    "statuses": STATUSES,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The order as one webhook has it."""

    status: str
    basket: Basket
    parcel: str | None = None


def life(rng: Random, number: int, at: datetime) -> Life:
    """Created, changed, packed, sent; some are called off."""
    order = _Order(f"W-{number}", rng.choice(CURRENCIES), new_buyer(rng, number), at)
    steps = []
    for word, shown in _steps(rng, number):
        body = {"type": word, "timestamp": at.isoformat(), "data": order.document(shown)}
        steps.append(Step(Request(dumps(body))))
        at += timedelta(seconds=rng.randrange(*STEP_S))
    return Life(f"{WEBSHOP}:{order.id}", steps)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return life(rng, number, at).steps[0].request


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """`v1,` and base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`, the timestamp in seconds (Standard Webhooks)."""
    id, timestamp = f"msg_{hashlib.sha256(request.body).hexdigest()[:24]}", str(now_ms // 1000)
    signed = b".".join((id.encode(), timestamp.encode(), request.body))
    mac = base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()
    return Signed({"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{mac}"})


def settings(secret: str) -> Mapping[str, Any]:
    return {
        "platform": PLATFORM,
        "auth": {"scheme": "standard-webhooks", "secrets": [secret]},
        "options": OPTIONS,
    }


def read(arrived: Arrived) -> Reading:
    """Every webhook has the whole order."""
    document = loads(arrived.body)
    data, word = document["data"], document["type"]
    items = sorted((Decimal(line["pieces"]), Decimal(line["price"]["amount"])) for line in data["lines"])
    told = Told(
        f"{WEBSHOP}:{data['id']}",
        at=(microseconds(document["timestamp"]), 0),
        is_placing=word == CREATED,
        status=EVENTS_SAY.get(word, STATUSES.get(data["status"], "pending")),
        tracking=frozenset(parcel["code"] for parcel in data["parcels"]),
        body=Body(Decimal(data["total"]), data["currency"], tuple(items), data["buyer"]["email"]),
    )
    return Reading((told,))


def _key(secret: bytes) -> bytes:
    """Any text of hex digits is base64 too, which is how the specification writes a key."""
    return base64.b64decode(secret)


def _steps(rng: Random, number: int) -> list[tuple[str, Shown]]:
    shown = Shown("open", new_basket(rng))
    steps = [(CREATED, shown)]
    if rng.random() < 0.3:
        shown = replace(shown, basket=changed(rng, shown.basket))
        steps.append((UPDATED, shown))
    fate = rng.random()
    if fate < 0.08:
        return [*steps, (CANCELLED, replace(shown, status="closed"))]
    if fate < 0.8:
        shown = replace(shown, status="packed")
        steps.append((UPDATED, shown))
        steps.append((SHIPPED, replace(shown, status="sent", parcel=f"PKT{number:08}")))
    return steps


@dataclass(frozen=True, slots=True)
class _Order:
    id: str
    currency: str
    buyer: Buyer
    placed_at: datetime

    def document(self, shown: Shown) -> dict[str, Any]:
        return {
            "id": self.id,
            "number": self.id.removeprefix("W-"),
            "status": shown.status,
            "placed_at": self.placed_at.isoformat(),
            "currency": self.currency,
            "total": money(shown.basket.total_cents),
            "buyer": {"name": self.buyer.name, "email": self.buyer.email},
            "lines": [_line(item) for item in shown.basket.items],
            "parcels": [{"code": shown.parcel, "by": "DHL"}] if shown.parcel else [],
        }


def _line(item: Item) -> dict[str, Any]:
    return {
        "article": f"SKU-{item.product}",
        "title": item.name,
        "pieces": item.quantity,
        "price": {"amount": money(item.price_cents)},
    }
