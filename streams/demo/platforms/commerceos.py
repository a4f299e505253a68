"""CommerceOS: snapshots of orders of others, and of its own, one or many at a time and again (seed 002). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, Literal

from streams.demo.catalogue import Basket, Item, new_basket, units
from streams.demo.platforms.json import NOT_JSON, dumps, loads, microseconds
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import COMMERCEOS, SOURCES, Life, Request, Signed, Step

PLATFORM = "commerceos"
CLIENT_ID, SCOPE = "commerceos-demo", "orders.write"
NDJSON = "application/x-ndjson"
ORDER_ID, SKU = "com.acme.order-id", "com.acme.sku"
# The guide's two maps; a `Partially…` asserts the step before.
ORDERS = {"New": "pending", "Committed": "confirmed", "Cancelled": "cancelled"}
SHIPMENTS = {
    "New": "processing",
    "PartiallyReleased": "processing",
    "Released": "released",
    "PartiallyTransiting": "released",
    "Transiting": "shipped",
    "Acquired": "delivered",
}

RUBBISH = (
    *NOT_JSON,
    Request(b'{"hello":"world"}'),
    Request(b'[{"orderId":"","status":["New"]},42]'),
    Request(b"[]"),
)
# Among good ones: each costs only itself.
BAD_ITEMS = (b'{"status":["Committed"]}', b"null", b'{"orderId":{"id":1},"status":["New"]}', b'{"orderId":"duda:s/1"}')

Shape = Literal["order", "status", "shipment"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One item of a push, as JSON on one line."""

    shape: Shape
    body: bytes


def life(rng: Random, number: int, at: datetime) -> Life:
    """An order that was placed at the till: the whole of it, pushed at once. `snapshots` tells the rest."""
    id = f"POS-{number}"
    placed = push(rng, [dumps(_order(id, new_basket(rng), at))])
    return Life(f"{COMMERCEOS}:{id}", [Step(placed)])


def snapshots(rng: Random, order_key: str, number: int, at: datetime) -> Iterator[Snapshot]:
    """What it says of one order, in its order; it knows an order of others by the key under which we wrote it there."""
    owner, _, native = order_key.partition(":")
    id = native if owner == COMMERCEOS else order_key
    if owner != COMMERCEOS and rng.random() < 0.3:
        yield Snapshot("order", dumps(_order(id, new_basket(rng), at)))
    # Every snapshot of an order's status bears the order's own time.
    said = ["New", "Committed"] if rng.random() < 0.9 else ["New", "Cancelled"]
    for status in said[rng.randrange(2) :]:
        yield Snapshot("status", dumps({"orderId": id, "status": [status], "timestamp": _time(at)}))
    if said[-1] == "Cancelled":
        return
    for status in [*SHIPMENTS][: rng.randrange(len(SHIPMENTS) + 1)]:
        shipment = {"shipmentId": f"ship-{number}", "orderId": id, "status": [status]}
        url = f"https://track.example/{number}" if status in ("Transiting", "Acquired") else None
        yield Snapshot("shipment", dumps({**shipment, "trackingUrl": url}))


def push(rng: Random, items: Sequence[bytes]) -> Request:
    """One alone, or a list, or each on a line of its own."""
    if len(items) == 1 and rng.random() < 0.7:
        return Request(items[0])
    if rng.random() < 0.3:
        return Request(b"".join(item + b"\n" for item in items), content_type=NDJSON)
    return Request(b"[" + b",".join(items) + b"]")


def sample(rng: Random, number: int, at: datetime) -> Request:
    return life(rng, number, at).steps[0].request


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """`secret` is the access token that our own token endpoint gave for the client's secret."""
    return Signed({"authorization": f"Bearer {secret.decode()}"})


def settings(secret: str) -> Mapping[str, Any]:
    auth = {"scheme": "oauth2", "client_id": CLIENT_ID, "secrets": [secret], "scope": SCOPE}
    return {"platform": PLATFORM, "auth": auth, "options": {"order_identifier": ORDER_ID, "sku_identifier": SKU}}


def read(arrived: Arrived) -> Reading:
    """Each item by itself; the same one twice in one push is one."""
    told: dict[str, Told] = {}
    is_bad = False
    for item in _items(arrived.body):
        try:
            told.setdefault(repr(item), _read_item(item))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            is_bad = True
    return Reading(tuple(told.values()), is_bad)


def _items(body: bytes) -> list[Any]:
    if not body.strip():
        raise ValueError("there is nothing at all")
    try:
        document = loads(body)
    except ValueError:
        return [loads(line) for line in body.splitlines()]
    return document if isinstance(document, list) else [document]


def _read_item(item: Mapping[str, Any]) -> Told:
    """What it says of an order of others is only where that is."""
    if "items" in item:
        told = _read_order(item)
        # What an order of others costs is for its own shop to say.
        return told if told.order_key.startswith(f"{COMMERCEOS}:") else Told(told.order_key, told.at)
    (status,) = item["status"]
    id = item["orderId"]
    if not isinstance(id, str) or not id:
        raise ValueError("an id is a text")
    if "shipmentId" in item:
        url = item.get("trackingUrl")
        return Told(_key(id), status=SHIPMENTS[status], tracking=frozenset((url,) if url else ()))
    at = microseconds(item["timestamp"]) if "timestamp" in item else 0
    return Told(_key(id), (at, 0), status=ORDERS[status])


def _read_order(item: Mapping[str, Any]) -> Told:
    lines = sorted((Decimal(line["quantity"]), Decimal(line["unitAmountInclVat"])) for line in item["items"])
    return Told(
        _key(item["identifiers"][ORDER_ID]),
        at=(microseconds(item["timestamp"]), 0),
        is_placing=True,
        body=Body(Decimal(item["totalAmount"]), item["currency"]["identifiers"]["currencyCode"], tuple(lines), None),
    )


def _key(id: str) -> str:
    owner, colon, _ = id.partition(":")
    return id if colon and owner in SOURCES else f"{COMMERCEOS}:{id}"


def _order(id: str, basket: Basket, at: datetime) -> dict[str, Any]:
    return {
        "identifiers": {"key": f"k-{id}", ORDER_ID: id, "com.acme.channel": "till"},
        "timestamp": _time(at),
        "status": ["New"],
        "supplier": {"identifiers": {"com.acme.company-id": "ACME-RETAIL"}},
        "customer": {"identifiers": {"com.acme.customer-id": "CUST-002"}},
        "sellers": [{"identifiers": {"com.acme.store-id": "STORE-1"}}],
        "currency": {"identifiers": {"currencyCode": "SEK"}},
        "items": [_line(item) for item in basket.items],
        "totalAmount": units(basket.total_cents),
    }


def _line(item: Item) -> dict[str, Any]:
    return {
        "product": {"identifiers": {SKU: f"SKU-{item.product}"}, "name": item.name},
        "quantity": item.quantity,
        "unitAmountInclVat": units(item.price_cents),
    }


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
