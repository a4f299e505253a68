"""The external system: it gets orders, and tells what became of them (seed 000, part 3). Pure."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from streams.demo.platforms.json import NOT_JSON, dumps, loads
from streams.demo.told import Arrived, Reading, Told
from streams.demo.webhook import QUICKBUTIK, SOURCES, STORE, Request, Signed

PLATFORM = "external-system"
SHIPPED, PAID, CANCELLED = "order.shipped", "order.payment_confirmed", "order.cancelled"
STATUSES = {SHIPPED: "shipped", CANCELLED: "cancelled"}
CARRIERS = ("PostNord", "DHL", "Schenker")

RUBBISH = (
    *NOT_JSON,
    Request(b'{"event_type":"order.shipped","data":{"tracking_number":"TRK1"}}'),
    Request(b'{"order_id":"duda:site/1","data":{}}'),
)


def news(rng: Random, order_key: str, number: int) -> list[Request]:
    """What it says of one order, in its order: paid, then sent or, seldom, called off."""
    told: list[tuple[str, dict[str, Any]]] = []
    # The store tells itself of each transaction.
    if rng.random() < 0.5 and not order_key.startswith(f"{STORE}:"):
        told.append((PAID, {}))
    if rng.random() < 0.15:
        told.append((CANCELLED, {"reason": rng.choice(("out of stock", "the buyer asked for it"))}))
    else:
        told.append((SHIPPED, {"tracking_number": f"EXT{number:09}", "carrier": rng.choice(CARRIERS)}))
    id = _id(rng, order_key)
    return [Request(dumps({"event_type": word, "order_id": id, "data": data})) for word, data in told]


def sample(rng: Random, number: int, at: datetime) -> Request:
    return news(rng, f"{QUICKBUTIK}:{50_000 + number}", number)[0]


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    return Signed({"authorization": f"Bearer {secret.decode()}"})


def settings(secret: str) -> Mapping[str, Any]:
    return {
        "platform": PLATFORM,
        "auth": {"scheme": "bearer", "secrets": [secret]},
        "orders_of": QUICKBUTIK,
    }


def read(arrived: Arrived) -> Reading:
    """It says nothing of what was bought."""
    document = loads(arrived.body)
    id, word = document["order_id"], document["event_type"]
    owner, colon, _ = id.partition(":")
    key = id if colon and owner in SOURCES else f"{QUICKBUTIK}:{id}"
    number = document["data"].get("tracking_number")
    told = Told(
        key,
        status=STATUSES.get(word, "pending"),
        money="paid" if word == PAID else "unpaid",
        tracking=frozenset((number,) if number else ()),
    )
    return Reading((told,))


def _id(rng: Random, order_key: str) -> str:
    """What we have sent it is our key; orders of the shop that it was built for it may know by the shop's own id."""
    owner, _, native = order_key.partition(":")
    return native if owner == QUICKBUTIK and rng.random() < 0.5 else order_key
