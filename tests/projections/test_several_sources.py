"""One invariant, over several sources that speak of one order: whatever comes first, all ends alike."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.agents import fold_step
from streams import sources, topics
from streams.platforms import Platform, RawWebhook
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, Movement, Order, OrderEvent, OrderStatus, Origin
from tests.projections.events import NOW, histories
from tests.streams.platforms.samples import payload

AUTH = {"scheme": "token", "secrets": ["env:T"]}
MAPPED = {
    "event": "event",
    "order_id": "order",
    "refers": True,
    "occurred_at": "at",
    "events": {"packed": "order.processing"},
    "order": {"note": "note", "total": "total"},
    "shipments": {"each": "parcels", "id": "id", "tracking_number": "number", "carrier": "by"},
    "payments": {"each": "paid", "id": "id", "amount": "amount"},
}
SETTINGS = Settings.model_validate(
    {
        "sources": [
            {"name": "duda", "platform": "duda", "auth": AUTH},
            {"name": "shop", "platform": "quickbutik", "auth": AUTH, "fetch_from": "api", "tracks_stock": True},
            {"name": "erp", "platform": "commerceos", "auth": AUTH},
            {"name": "warehouse", "platform": "external-system", "auth": AUTH, "orders_of": "shop"},
            {"name": "acme", "platform": "mapping", "auth": AUTH, "options": MAPPED},
        ],
        "targets": [
            {"name": "api", "kind": "quickbutik", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}},
            {"name": "one", "kind": "external", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}},
        ],
        "routes": [{"from": ["duda", "shop", "erp"], "to": ["one"]}],
    }
)
PLATFORMS: Mapping[str, Platform] = sources.platforms(SETTINGS)


@dataclass(frozen=True)
class Said:
    """A webhook as it comes; `after_s`: of `NOW`."""

    source: str
    body: Any
    after_s: int = 0
    query: tuple[tuple[str, str], ...] = ()
    is_fetched: bool = False


def of_others(key: str, id: str) -> Iterator[Said]:
    """What CommerceOS, a warehouse and a mapped sender say of the order, each with the id that it has of it."""
    long_ago, later = "2019-01-01T00:00:00Z", (NOW + timedelta(hours=2)).isoformat()
    for words in (["New"], ["Committed"], ["Cancelled"], ["ReturnFulfilled"], ["Odd"], ["New", "Cancelled"]):
        for at in (long_ago, later):
            yield Said("erp", {"orderId": key, "status": words, "timestamp": at}, 5)
    for number, word in enumerate(["New", "PartiallyTransiting", "Transiting", "Acquired"]):
        parcel = {"shipmentId": "s-1", "orderId": key, "status": word, "trackingUrl": f"https://t.example/{number}"}
        yield Said("erp", parcel, number)
    payments = [{"transactionId": "t-1", "amount": "5"}, {"transactionId": "t-2", "amount": "-5"}]
    yield Said(
        "erp",
        {
            "identifiers": {"com.example.order-id": key, "key": "k-1"},
            "status": ["Committed"],
            "timestamp": long_ago,
            "currency": {"identifiers": {"currencyCode": "NOK"}},
            "customer": {"name": "Somebody Else"},
            "totalAmount": "1",
            "items": [{"product": {"identifiers": {"com.example.sku": "OTHER"}}, "quantity": 9}],
            "payments": payments,
            "shipments": [{"identifiers": {"key": "s-1"}, "status": ["Released"]}],
        },
        9,
    )
    for number in range(2):
        yield Said(
            "warehouse",
            {"event_type": "order.shipped", "order_id": id, "data": {"tracking_number": f"T{number}", "carrier": "X"}},
            number,
        )
    yield Said("warehouse", {"event_type": "order.shipped", "order_id": key, "data": {"carrier": "Y"}}, 50)
    yield Said("warehouse", {"event_type": "order.payment_confirmed", "order_id": id, "data": {}}, 3)
    yield Said("warehouse", {"event_type": "order.cancelled", "order_id": key, "data": {"reason": "lost"}}, 2)
    yield Said("warehouse", {"event_type": "odd", "order_id": key}, 2)
    yield Said("acme", {"event": "packed", "order": key, "note": "in a box", "parcels": {"id": "T1", "by": "Z"}}, 1)
    yield Said("acme", {"event": "priced", "order": key, "total": "77.70", "at": later}, 1)
    yield Said("acme", {"event": "odd", "order": key, "paid": {"id": "t-1", "amount": "6"}, "at": long_ago}, 1)


def of_duda() -> Iterator[Said]:
    for name in ("order-created", "order-status-updated", "order-deleted"):
        yield Said("duda", json.loads(payload("duda", name)))


def of_shop() -> Iterator[Said]:
    order: dict[str, Any] = {
        "order_id": "1",
        "total_amount": "10.00",
        "customer": {"email": "a@example.com", "full_name": "Ann"},
        "products": [{"id": "p", "product_id": "7", "qty": "2", "price": "5"}],
        "status": "1",
    }
    for number, word in enumerate(("order.new", "order.done", "order.cancelled", "order.odd")):
        query = (("event_type", word), ("order_id", "1"))
        for again in range(2):
            yield Said("shop", "", number + again, query)
            changed = {**order, "total_amount": f"{10 + number}.00", "products": order["products"] * (again + 1)}
            yield Said("shop", [changed], number + 5 + again, query, is_fetched=True)


@cache
def events(owner: str) -> tuple[OrderEvent, ...]:
    """All of one order, each once, each source's in the order of its offsets."""
    if owner == "duda":
        first = read(next(of_duda()), 0)
        said = [*of_duda(), *of_others(first.order_key, first.order_key)]
    else:
        said = [*of_shop(), *of_others("shop:1", "1")]
    found = [read(each, offset) for offset, each in enumerate(said)]
    assert len({event.order_key for event in found}) == 1
    return tuple({event.id: event for event in found}.values())


def read(said: Said, offset: int) -> OrderEvent:
    (event,) = PLATFORMS[said.source].normalise(
        RawWebhook(
            source=said.source,
            body=json.dumps(said.body).encode() if said.body else b"",
            origin=Origin(topic=topics.webhooks(said.source), partition=0, offset=offset % 7),
            receipt=f"r{offset}",
            received_at=NOW + timedelta(seconds=said.after_s),
            query=dict(said.query),
            is_fetched=said.is_fetched,
        )
    )
    assert isinstance(event, OrderEvent)
    return event


@dataclass
class End:
    """Where a history ends: the order without what only our commands left in it, the target's document, the stock."""

    order: dict[str, Any]
    document: Any
    stock: dict[str, str]


def end_of(history: list[OrderEvent]) -> tuple[Order, End]:
    step, orders = fold_step(SETTINGS), Overlay(MemoryStore())
    key = history[0].order_key.encode()
    document, stock = None, dict[str, Any]()
    for event in history:
        for output in step(Record(topics.EVENTS, 0, 0, 0, key, event.to_json()), orders):
            if output.topic == topics.MOVEMENTS:
                moved = Movement.from_json(output.value or b"")
                stock[moved.product_key] = stock.get(moved.product_key, 0) + moved.delta
            elif output.topic == topics.commands("one"):
                command = Command.from_json(output.value or b"")
                assert (command.type == "create_order") == (document is None)
                document = command.data["order"]
    order = Order.from_json(orders.get(key) or b"")
    shown = order.to_dict()
    del shown["targets"]
    for name in ("commanded", "fetches", "moves", "steps"):
        shown["bookkeeping"].pop(name, None)
    return order, End(shown, document, {key: str(level) for key, level in stock.items() if level})


@pytest.mark.parametrize("owner", ["duda", "shop"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_history_of_several_sources_ends_alike(owner: str, data: st.DataObject) -> None:
    """A shop, its ERP, its warehouse and others speak of one order at once, each through topics of its own."""
    every = events(owner)
    some = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=9, unique_by=lambda one: one.id))
    (order, one), (_, two) = (end_of(data.draw(histories(some))) for _ in range(2))
    assert one.order == two.order
    assert one.stock == two.stock
    if OrderStatus.CANCELLED not in order.bookkeeping.reached:
        assert one.document == two.document


@pytest.mark.parametrize("owner", ["duda", "shop"])
def test_only_its_own_source_says_what_an_order_is_of(owner: str) -> None:
    """CommerceOS' echo of an order has its own names for the goods and the buyer, and no say in them."""
    own = [event for event in events(owner) if event.source == owner]
    echoed = [event for event in events(owner) if event.source in ("erp", "warehouse")]
    expected, (order, _) = end_of(own)[0], end_of([*own, *echoed])
    for field in ("source", "platform", "lines", "total", "currency", "customer", "shop", "order_id", "order_number"):
        assert getattr(expected, field) == getattr(order, field)


@pytest.mark.parametrize("owner", ["duda", "shop"])
def test_order_that_its_own_source_has_not_shown_is_sent_nowhere(owner: str) -> None:
    """What others say of an order is too little to make it of, and may be of an order that does not exist."""
    order, end = end_of([event for event in events(owner) if event.source != owner])
    assert (owner, "unknown") == (order.source, order.platform)
    assert (None, {}) == (end.document, end.stock)
