"""Quickbutik: pings that only name an order, and the orders that its API gives of them (seed 000). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import Basket, Buyer, Item, changed, money, new_basket, new_buyer
from streams.demo.platforms.json import dumps, loads
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import QUICKBUTIK, Life, Put, Request, Signed, Step

PLATFORM = "quickbutik"
TOKEN_QUERY = "token"  # noqa: S105 - a parameter's name
NEW, DONE, CANCELLED = "order.new", "order.done", "order.cancelled"
# No word of the seed; kept, and followed as well.
EDITED = "order.edited"
UNPAID, PAID, SENT = "-1", "1", "2"

RUBBISH = (
    Request(query=(("event_type", NEW),)),
    Request(method="GET", query=(("order_id", "4711"),)),
    Request(b"event_type=order.new&order_id=4711", content_type="application/x-www-form-urlencoded"),
    Request(method="GET", query=(("event_type", "product.updated"), ("product_id", "7"))),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the API says of an order at one moment."""

    status: str
    basket: Basket


def life(rng: Random, number: int, at: datetime) -> Life:
    """New, edited, sent; some are cancelled. A few cannot be used: nobody has said who bought it."""
    id = str(50_000 + number)
    order = _Order(id, new_buyer(rng, number), at, has_email=rng.random() > 0.03, has_currency=rng.random() < 0.5)
    steps = []
    for word, shown in _steps(rng):
        put = Put(QUICKBUTIK, id, dumps(order.document(shown)))
        steps.append(Step(ping(rng, word, id), put))
    return Life(f"{QUICKBUTIK}:{id}", steps)


def ping(rng: Random, word: str, id: str) -> Request:
    """By GET, as the vendor's page has it, or by POST, as the seed; its body says nothing."""
    query = (("event_type", word), ("order_id", id))
    method = rng.choice(("GET", "POST"))
    return Request(b"[]" if method == "POST" and rng.random() < 0.2 else b"", method, query)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return ping(rng, NEW, str(50_000 + number))


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """A ping has no signature: a token in the URL is what there is."""
    return Signed(query=((TOKEN_QUERY, secret.decode()),))


def settings(secret: str) -> Mapping[str, Any]:
    auth = {"scheme": "token", "query": TOKEN_QUERY, "secrets": [secret]}
    return {"platform": PLATFORM, "auth": auth, "fetch_from": QUICKBUTIK}


def read(arrived: Arrived) -> Reading:
    """A ping tells that there is news, an answer of the API what it is; a ping about a product nothing of an order."""
    word = arrived.query["event_type"]
    if not word.startswith("order."):
        return Reading()
    key = f"{QUICKBUTIK}:{arrived.query['order_id']}"
    if not arrived.is_fetched:
        return Reading((Told(key),))
    (order,) = loads(arrived.body)
    told = Told(
        key,
        # What was fetched last counts: an answer is what the order was at that moment.
        is_placing=True,
        status=_status(word, order["status"]),
        money="paid" if order["status"] == PAID else "unpaid",
        body=_body(order),
    )
    return Reading((told,))


def _status(word: str, status: str) -> str:
    """What the ping told of has happened, and what the API says by now may have happened since."""
    if CANCELLED in (word, f"order.{status}"):
        return "cancelled"
    return "shipped" if word == DONE or status == SENT else "pending"


def _body(order: Mapping[str, Any]) -> Body:
    """`validateOrder` and `transformOrder` of the seed."""
    email = order["customer"]["email"]
    if not email or not order["total_amount"]:
        raise ValueError("an order needs a total, and somebody's address")
    items = sorted((Decimal(row.get("qty", 1)), Decimal(row.get("price", 0))) for row in order["products"])
    currency = order.get("payment", {}).get("currency", "SEK")
    return Body(Decimal(order["total_amount"]), currency, tuple(items), email)


def _steps(rng: Random) -> list[tuple[str, Shown]]:
    shown = Shown(rng.choice((UNPAID, PAID)), new_basket(rng))
    steps = [(NEW, shown)]
    if rng.random() < 0.4:
        shown = replace(shown, status=PAID, basket=changed(rng, shown.basket))
        steps.append((EDITED, shown))
    fate = rng.random()
    if fate < 0.1:
        steps.append((CANCELLED, replace(shown, status="cancelled")))
    elif fate < 0.8:
        steps.append((DONE, replace(shown, status=SENT)))
    return steps


@dataclass(frozen=True, slots=True)
class _Order:
    id: str
    buyer: Buyer
    placed_at: datetime
    has_email: bool
    has_currency: bool

    def document(self, shown: Shown) -> dict[str, Any]:
        customer: dict[str, Any] = {
            "full_name": self.buyer.name,
            "shipping_details": self._address(),
            "billing_details": self._address(),
        }
        if self.has_email:
            customer["email"] = self.buyer.email
        document = {
            "order_id": self.id,
            "date_created": self.placed_at.strftime("%Y-%m-%d %H:%M:%S"),
            "total_amount": money(shown.basket.total_cents),
            "shipping_amount": money(shown.basket.shipping_cents),
            "status": shown.status,
            "customer": customer,
            "products": [_product(item) for item in shown.basket.items],
        }
        return document | ({"payment": {"currency": "EUR"}} if self.has_currency else {})

    def _address(self) -> dict[str, Any]:
        return {
            "firstname": self.buyer.first_name,
            "lastname": self.buyer.last_name,
            "address": f"Storgatan {self.buyer.number}",
            "zipcode": "111 22",
            "city": "Malmö",
            "country": "SE",
        }


def _product(item: Item) -> dict[str, Any]:
    """Amounts are strings. One piece of something may be left unsaid."""
    product = {"id": str(item.id), "title": item.name, "sku": f"SKU-{item.product}", "price": money(item.price_cents)}
    return product if item.quantity == 1 else product | {"qty": item.quantity}
