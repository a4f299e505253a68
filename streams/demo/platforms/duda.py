"""Duda: whole life cycles in the shape of the examples of seed 003, and what such webhooks say. Pure."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import CURRENCIES, Basket, Buyer, Item, changed, new_basket, new_buyer, units
from streams.demo.platforms.json import NOT_JSON, loads
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import DUDA, Life, Request, Signed, Step

PLATFORM = "duda"
SITES = ("66f8c067f6ab411c9eaaac106a6948b5", "0d9c2c9be3f54a8f8f4c1e0b7a65d3c2")
CREATED, UPDATED, DELETED = "ECOMM_ORDER_CREATED", "ECOMM_ORDER_STATUS_UPDATED", "ECOMM_ORDER_DELETED"
# Of events with one time the kind says which came later.
RANKS = (CREATED, UPDATED, DELETED)
STATUSES = {
    "IN_PROGRESS": "pending",
    "PROCESSED": "confirmed",
    "SHIPPED": "shipped",
    "DELIVERED": "delivered",
    "CANCELLED": "cancelled",
}
MONEY = {"PENDING": "unpaid", "PAID": "paid"}
STEP_MS = (1_000, 90_000)
SIZES = ("small", "large")

RUBBISH = (
    *NOT_JSON,
    Request(b"[]"),
    Request(b'{"event_type":"ECOMM_ORDER_CREATED","data":{"invoice_number":'),
    Request(b'{"event_type":"ECOMM_ORDER_CREATED","data":{"total":1},"event_timestamp":1}'),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the shop says of the order at one moment; every Duda webhook carries all of it."""

    status: str
    payment_status: str
    basket: Basket
    tracking_number: str | None = None


def life(rng: Random, number: int, at: datetime) -> Life:
    """Created, paid, changed, sent, delivered; some are cancelled or deleted."""
    at_ms = int(at.timestamp() * 1000)
    order = _Order(number, rng.choice(SITES), rng.choice(CURRENCIES), new_buyer(rng, number), at_ms)
    steps = _steps(rng)
    # The examples carry one and the same time for all three events; then only the kind of event tells the order.
    frozen_clock = len([event for event, _ in steps if event == UPDATED]) <= 1 and rng.random() < 0.3
    told = []
    for event, snapshot in steps:
        told.append(Step(Request(order.body(event, snapshot, at_ms))))
        at_ms += 0 if frozen_clock else rng.randrange(*STEP_MS)
    return Life(f"{DUDA}:{order.site}/{order.invoice}", told)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return life(rng, number, at).steps[0].request


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """PLATFORMS, Duda: the timestamp in milliseconds."""
    timestamp = str(now_ms)
    return Signed(
        {"x-duda-signature-timestamp": timestamp, "x-duda-signature": signature(request.body, timestamp, secret)}
    )


def signature(body: bytes, timestamp: str, secret: bytes) -> str:
    """base64 of HMAC-SHA256 over `<timestamp>.<body>`."""
    digest = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def settings(secret: str) -> Mapping[str, Any]:
    return {"platform": PLATFORM, "auth": {"scheme": "duda-hmac", "secrets": [secret]}}


def read(arrived: Arrived) -> Reading:
    """Every webhook has the whole order. What an order holds moves the stock of its products (seed 003)."""
    document = loads(arrived.body)
    data, event = document["data"], document["event_type"]
    site, items = document["resource_data"]["site_name"], data["items"]
    lines = [(Decimal(item["quantity"]), Decimal(item["unit_price"])) for item in items]
    told = Told(
        order_key=f"{DUDA}:{site}/{data['invoice_number']}",
        at=(int(document["event_timestamp"]) * 1000, RANKS.index(event)),
        is_placing=event == CREATED,
        status="cancelled" if event == DELETED else STATUSES[data["status"]],
        money=MONEY[data["payment"]["status"]],
        tracking=frozenset(filter(None, (data.get("tracking_number"), data.get("tracking_url")))),
        body=Body(Decimal(data["total"]), data["currency"], tuple(sorted(lines)), data["email"]),
        held=_held(site, items),
    )
    return Reading((told,))


def _held(site: str, items: Sequence[Mapping[str, Any]]) -> Mapping[str, Decimal]:
    held: dict[str, Decimal] = {}
    for item in items:
        variation = f"/{item['variation_id']}" if item.get("variation_id") else ""
        key = f"{DUDA}:{site}/{item['product_id']}{variation}"
        held[key] = held.get(key, Decimal(0)) + Decimal(item["quantity"])
    return held


def _steps(rng: Random) -> list[tuple[str, Snapshot]]:
    """created, paid, changed once or twice, sent, delivered; some are cancelled or deleted on the way."""
    seen = Snapshot("IN_PROGRESS", "PENDING", new_basket(rng))
    steps = [(CREATED, seen)]
    for _ in range(rng.choice((0, 0, 1, 2))):
        seen = replace(seen, basket=changed(rng, seen.basket))
        steps.append((UPDATED, seen))
    if rng.random() < 0.9:
        seen = replace(seen, status="PROCESSED", payment_status="PAID")
        steps.append((UPDATED, seen))
    fate = rng.random()
    if fate < 0.06:
        return [*steps, (UPDATED, replace(seen, status="CANCELLED"))]
    if fate < 0.12:
        return [*steps, (DELETED, seen)]
    if fate < 0.75:
        seen = replace(seen, status="SHIPPED", tracking_number=f"TRK{rng.randrange(10**9):09}")
        steps.append((UPDATED, seen))
        if rng.random() < 0.7:
            steps.append((UPDATED, replace(seen, status="DELIVERED")))
    return steps


@dataclass(frozen=True, slots=True)
class _Order:
    number: int
    site: str
    currency: str
    buyer: Buyer
    placed_at_ms: int

    @property
    def invoice(self) -> str:
        return f"DEMO-{self.number}"

    def body(self, event: str, snapshot: Snapshot, at_ms: int) -> bytes:
        return json.dumps(
            {
                "data": self._data(snapshot),
                "source": None,
                "resource_data": {"site_name": self.site},
                "event_timestamp": at_ms,
                "event_type": event,
            },
            ensure_ascii=False,
        ).encode()

    def _data(self, snapshot: Snapshot) -> dict[str, Any]:
        basket = snapshot.basket
        return {
            "mode": "LIVE",
            "currency": self.currency,
            "status": snapshot.status,
            "invoice_number": self.invoice,
            "email": self.buyer.email,
            "items": [_line(item) for item in basket.items],
            "billing_address": _address(self.buyer),
            "shipping_address": _address(self.buyer),
            "shipping_method": {"name": "Zone 1", "cost": units(basket.shipping_cents)},
            "discounts": [{"id": "d1", "savings": units(basket.discount_cents), "name": "Spring"}],
            "taxes": [{"name": "VAT", "amount": units(basket.tax_cents), "rate": 0.15}],
            "subtotal": units(basket.subtotal_cents),
            "total": units(basket.total_cents),
            "payment": {
                "transaction_id": f"ch_demo_{self.number}",
                "status": snapshot.payment_status,
                "currency": self.currency,
                "method": "CreditCard",
            },
            "refunds": [{}],
            "tracking_number": snapshot.tracking_number,
            "created": datetime.fromtimestamp(self.placed_at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _line(item: Item) -> dict[str, Any]:
    """Every other product comes in sizes, each a variation with a stock of its own."""
    size = SIZES[item.id % 2] if item.product % 2 else None
    return {
        "product_id": f"p-{item.product}",
        "variation_id": f"v-{item.product}-{size}" if size else None,
        "external_product_id": f"SKU-{item.product}",
        "name": item.name,
        "options": [{"name": "Size", "value": size}] if size else [],
        "quantity": item.quantity,
        "shippable": True,
        "unit_price": units(item.price_cents),
        "total": units(item.price_cents * item.quantity),
    }


def _address(buyer: Buyer) -> dict[str, Any]:
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "full_name": buyer.name,
        "address_1": f"{buyer.number} Main St",
        "city": "Boulder",
        "region": "CO",
        "country": "US",
        "postal_code": "12345",
        "phone": "555-5555",
    }
