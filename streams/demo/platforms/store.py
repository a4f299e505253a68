"""A store whose orders CommerceOS fulfils: a plain HMAC, its JSON read by a mapping. Pure.

Once an order is there CommerceOS lets nobody change what was bought, so what this store sells stays as it was.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import PRODUCTS, Basket, Buyer, Item, money, new_basket, new_buyer
from streams.demo.platforms.json import NOT_JSON, dumps, loads, microseconds
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import STORE, Life, Request, Signed, Step

PLATFORM = "mapping"
SIGNATURE, PREFIX = "X-Store-Signature", "sha256="
CURRENCY = "SEK"
PLACED, CHARGED, PACKED, SENT, CANCELLED = "placed", "charged", "packed", "sent", "cancelled"
STEP_S = (1, 90)
# The store's words for how somebody paid, and CommerceOS' (`GET /v1/payment-methods`).
CARD, VOUCHER = "card", "voucher"
METHODS = {CARD: "com.heads.card", VOUCHER: "com.heads.store-credit"}

RUBBISH = (
    *NOT_JSON,
    Request(b'{"what":"placed","order":{"total":"1.00"}}'),
    Request(b'{"order":{"id":"S-1"}}'),
    Request(b"[]"),
)

STATUSES = {"open": "pending", "packing": "processing"}
EVENTS_SAY = {SENT: "shipped", CANCELLED: "cancelled"}

OPTIONS: Mapping[str, Any] = {
    "event": "what",
    "order_id": "order.id",
    "occurred_at": "at",
    "order": {
        "currency": "order.currency",
        "total": "order.total",
        "status": "order.status",
        "placed_at": "order.placed_at",
    },
    "customer": {"id": "order.buyer.id", "name": "order.buyer.name", "email": "order.buyer.email"},
    "shipping_address": {
        "name": "order.buyer.name",
        "line1": "order.deliver_to.street",
        "postal_code": "order.deliver_to.zip",
        "city": "order.deliver_to.city",
        "country": "order.deliver_to.country",
    },
    "lines": {"each": "order.lines[]", "sku": "sku", "quantity": "pieces", "unit_price": "price"},
    "payments": {"each": "order.charges[]", "id": "transaction", "method": "by", "amount": "amount"},
    "shipments": {"each": "order.parcels[]", "tracking_number": "code", "carrier": "by"},
    "events": {
        PLACED: "order.placed",
        CHARGED: "order.paid",
        PACKED: "order.processing",
        SENT: "order.shipped",
        CANCELLED: "order.cancelled",
    },
    "statuses": STATUSES,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The order as one webhook has it. `charges`: transaction, word for how, cents."""

    status: str
    basket: Basket
    charges: tuple[tuple[str, str, int], ...] = ()
    parcel: str | None = None
    has_moved: bool = False


def life(rng: Random, number: int, at: datetime) -> Life:
    """Placed, charged (at times by two means), packed, sent; some are called off, some move house before they pay."""
    order = _Order(f"S-{number}", new_buyer(rng, number), at)
    steps = []
    for word, shown in _steps(rng, number):
        steps.append(Step(Request(dumps({"what": word, "at": at.isoformat(), "order": order.document(shown)}))))
        at += timedelta(seconds=rng.randrange(*STEP_S))
    return Life(f"{STORE}:{order.id}", steps)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return life(rng, number, at).steps[0].request


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """Hex of HMAC-SHA256 over the body."""
    return Signed({SIGNATURE: PREFIX + hmac.new(secret, request.body, hashlib.sha256).hexdigest()})


def settings(secret: str) -> Mapping[str, Any]:
    return {
        "platform": PLATFORM,
        "auth": {"scheme": "hmac", "header": SIGNATURE, "prefix": PREFIX, "encoding": "hex", "secrets": [secret]},
        "options": OPTIONS,
    }


def read(arrived: Arrived) -> Reading:
    """Every webhook has the whole order."""
    document = loads(arrived.body)
    order, word = document["order"], document["what"]
    items = sorted((Decimal(line["pieces"]), Decimal(line["price"])) for line in order["lines"])
    told = Told(
        f"{STORE}:{order['id']}",
        at=(microseconds(document["at"]), 0),
        is_placing=word == PLACED,
        status=EVENTS_SAY.get(word, STATUSES.get(order["status"], "pending")),
        money="paid" if word == CHARGED else "unpaid",
        tracking=frozenset(parcel["code"] for parcel in order["parcels"]),
        body=Body(Decimal(order["total"]), order["currency"], tuple(items), order["buyer"]["email"]),
        payments={charge["transaction"]: Decimal(charge["amount"]) for charge in order["charges"]},
        street=order["deliver_to"]["street"],
        pieces=_pieces(order["lines"]),
    )
    return Reading((told,))


def products() -> Sequence[Mapping[str, Any]]:
    """What CommerceOS must know before anybody can order it there; never short of any."""
    return [
        {"identifiers": {"com.acme.sku": _sku(number)}, "price": money(cents)}
        for number, (_, cents) in enumerate(PRODUCTS)
    ]


def _pieces(lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Decimal]:
    return {line["sku"]: Decimal(line["pieces"]) for line in lines}


def _sku(product: int) -> str:
    return f"SKU-{product}"


def _steps(rng: Random, number: int) -> list[tuple[str, Shown]]:
    shown = Shown("open", new_basket(rng))
    steps = [(PLACED, shown)]
    if rng.random() < 0.05:
        return [*steps, (CANCELLED, replace(shown, status="closed"))]
    if rng.random() < 0.15:
        shown = replace(shown, has_moved=True)
    shown = replace(shown, charges=_charges(rng, number, shown.basket.total_cents))
    steps.append((CHARGED, shown))
    fate = rng.random()
    if fate < 0.1:
        return [*steps, (CANCELLED, replace(shown, status="closed"))]
    if fate < 0.9:
        steps.append((PACKED, replace(shown, status="packing")))
        steps.append((SENT, replace(shown, status="sent", parcel=f"STO{number:08}")))
    return steps


def _charges(rng: Random, number: int, cents: int) -> tuple[tuple[str, str, int], ...]:
    """One in five has a voucher of a third of it."""
    if rng.random() >= 0.2:
        return ((f"ch_{number}", CARD, cents),)
    return ((f"vo_{number}", VOUCHER, cents // 3), (f"ch_{number}", CARD, cents - cents // 3))


@dataclass(frozen=True, slots=True)
class _Order:
    id: str
    buyer: Buyer
    placed_at: datetime

    def document(self, shown: Shown) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": shown.status,
            "placed_at": self.placed_at.isoformat(),
            "currency": CURRENCY,
            "total": money(shown.basket.total_cents),
            "buyer": {"id": f"C-{self.buyer.number}", "name": self.buyer.name, "email": self.buyer.email},
            "deliver_to": {
                "street": f"Storgatan {self.buyer.number}{' B' if shown.has_moved else ''}",
                "zip": "111 22",
                "city": "Stockholm",
                "country": "SE",
            },
            "lines": [_line(item) for item in shown.basket.items],
            "charges": [{"transaction": id, "by": by, "amount": money(cents)} for id, by, cents in shown.charges],
            "parcels": [{"code": shown.parcel, "by": "PostNord"}] if shown.parcel else [],
        }


def _line(item: Item) -> dict[str, Any]:
    return {"sku": _sku(item.product), "pieces": item.quantity, "price": money(item.price_cents)}
