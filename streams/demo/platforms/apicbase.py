"""Apicbase: purchase orders that come by webhook, are listed by its API, or both (seed 001). Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import Item, money, new_basket, new_buyer
from streams.demo.platforms.json import dumps, loads, microseconds
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import APICBASE, Life, Put, Request, Signed, Step

PLATFORM = "apicbase"
# No field of an order has it.
CURRENCY = "EUR"
SIGNATURE = "X-APIC-WEBHOOK-SIGNATURE"
BY_WEBHOOK, BY_BOTH = 0.3, 0.7

# What a customer can mend, and is told of: nothing of it is kept.
RUBBISH = (
    Request(b'{"id":"5f0c2a9e7b1d4c0012ab34cd","status":"ORDERED","packages":[]}'),
    Request(b"this is not JSON"),
    Request(b"[]"),
    Request(b'{"id":"5f0c2a9e7b1d4c0012ab34ce","order_number":"PO-1","ordered_on":"yesterday","packages":"two"}'),
)


def life(rng: Random, number: int, at: datetime) -> Life:
    """One document, whichever way it comes; it has no life of its own after that."""
    order = _order(rng, number, at)
    way = rng.random()
    steps = [] if way >= BY_BOTH else [Step(Request(_as_sent(rng, order)))]
    listed = None if way < BY_WEBHOOK else Put(APICBASE, order["id"], dumps(order))
    return Life(f"{APICBASE}:{order['id']}", steps, listed)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return Request(_as_sent(rng, _order(rng, number, at)))


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """Over the raw bytes, as the seed's text has it, or over Python's dump of them, as its example."""
    signed = request.body
    if hashlib.sha256(signed).digest()[0] % 2:
        signed = _redumped(signed)
    return Signed({SIGNATURE: hmac.new(secret, signed, hashlib.sha256).hexdigest()})


def settings(secret: str) -> Mapping[str, Any]:
    return {
        "platform": PLATFORM,
        "auth": {"scheme": "apicbase-hmac", "secrets": [secret]},
        "options": {"currency": CURRENCY},
    }


def read(arrived: Arrived) -> Reading:
    """The document is the same one by webhook and by API."""
    order = loads(arrived.body)
    packages = [(package["quantity_ordered"], package["supplier_package"]) for package in order["packages"]]
    items = sorted((Decimal(count), Decimal(unit["theoretical_price_per_package"])) for count, unit in packages)
    if order["status"] != "ORDERED" or not items:
        raise ValueError("not an order that was placed")
    told = Told(
        f"{APICBASE}:{order['id']}",
        at=(microseconds(order["ordered_on"]), 0),
        is_placing=True,
        # Nobody's address is in it: the user's name, at most.
        body=Body(Decimal(order["theoretical_price"]), CURRENCY, tuple(items), None),
    )
    return Reading((told,))


def _as_sent(rng: Random, order: Mapping[str, Any]) -> bytes:
    """The same document as the API lists, not always the same bytes."""
    return json.dumps(order).encode() if rng.random() < 0.5 else dumps(order)


def _redumped(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body)).encode()
    except ValueError:
        return body


def _order(rng: Random, number: int, at: datetime) -> dict[str, Any]:
    """Some are ordered in the same second: a poller that remembers only a time would skip one, or repeat one."""
    basket, buyer = new_basket(rng), new_buyer(rng, number)
    placed = at.replace(microsecond=0)
    return {
        "id": f"5f0c2a9e7b1d{number:012x}",
        "order_number": f"PO-{number}",
        "status": "ORDERED",
        "ordered_on": placed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "owned_by": {"username": buyer.name} if rng.random() < 0.8 else None,
        "order_remarks": rng.choice((None, "Livraison à l'arrière, après 7h", "")),
        "packages": [_package(item) for item in basket.items],
        "expected_delivery_date": (placed + timedelta(days=2)).strftime("%Y-%m-%dT06:00:00Z"),
        "theoretical_price": _price(basket.subtotal_cents),
        "supplier_customer_number": f"CUST-{number % 20:03}",
    }


def _package(item: Item) -> dict[str, Any]:
    return {
        "stock_item": {"name": item.name},
        "supplier_package": {
            "supplier_article_number": f"ART-{item.product}",
            "theoretical_price_per_package": _price(item.price_cents),
        },
        "quantity_ordered": item.quantity,
        "total_theoretical_price": _price(item.price_cents * item.quantity),
    }


def _price(cents: int) -> str:
    """Four digits after the point, as the vendor writes amounts."""
    return f"{money(cents)}00"
