"""The demo's second opinion and the product's own functions agree on generated traffic, before any process is started.

Whatever a run would find lost or doubled by a mistake of the model's is found here, for many seeds, without a broker.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from projections.fold import fold
from projections.stock import TRACKED_PLATFORMS, move
from projections.transform import transform_order
from streams import sources
from streams.demo import setting
from streams.demo.check.target import read_body
from streams.demo.model import expected, read, stock
from streams.demo.told import Arrived, Told
from streams.demo.traffic import plan
from streams.demo.webhook import APICBASE, QUICKBUTIK, Put
from streams.platforms import BadItem, Platform, RawWebhook, Undecodable
from streams.settings import load
from streams.vocabulary import Order, OrderEvent, Origin
from tests.demo.ideal import NOW


@pytest.fixture(scope="module")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Platform]:
    """The readers of the demo's sources, as its configuration makes them."""
    folder = tmp_path_factory.mktemp("demo")
    file = folder / "orderlog.toml"
    file.write_text(setting.document(setting.make(usual_ports=False), "127.0.0.1:1", folder))
    return sources.platforms(load(Path(file), {}))


def arrivals(events: int, seed: int) -> Iterator[Arrived]:
    """What would lie in the raw topics: webhooks, an answer after each ping, and what is listed as soon as it is."""
    planned, shown = plan(events, seed, NOW), dict[str, bytes]()
    for webhook in planned.webhooks:
        for put in planned.puts.get(webhook.number, ()):
            yield from _given(put, shown)
        if webhook.kind.is_refused:
            continue
        one = Arrived(webhook.source, webhook.request.body, dict(webhook.request.query))
        yield one
        if webhook.source == QUICKBUTIK and read(one).told:
            document = shown[one.query["order_id"]]
            yield Arrived(QUICKBUTIK, b"[" + document + b"]", one.query, is_fetched=True)


def _given(put: Put, shown: dict[str, bytes]) -> Iterator[Arrived]:
    if put.source == APICBASE:
        yield Arrived(APICBASE, put.document, is_fetched=True)
    shown[put.order_id] = put.document


def normalised(platform: Platform, arrived: Arrived, offset: int) -> tuple[list[OrderEvent], bool]:
    """Its events, and whether it would be set aside."""
    raw = RawWebhook(
        source=arrived.source,
        body=arrived.body,
        origin=Origin(topic="t", partition=0, offset=offset),
        receipt=f"r{offset}",
        received_at=datetime(2025, 1, 3, tzinfo=UTC) + timedelta(milliseconds=offset),
        query=arrived.query,
        is_fetched=arrived.is_fetched,
    )
    try:
        found = platform.normalise(raw)
    except Undecodable:
        return [], True
    return [one for one in found if isinstance(one, OrderEvent)], any(isinstance(one, BadItem) for one in found)


@pytest.mark.parametrize("seed", range(6))
def test_both_opinions_agree(seed: int, platforms: dict[str, Platform]) -> None:
    """On what each record tells, where each order is, what its record says, and what it takes from the stock."""
    told: list[Told] = []
    states: dict[str, Order] = {}
    levels: dict[str, Decimal] = {}
    for offset, arrived in enumerate(arrivals(1500, seed)):
        events, is_bad = normalised(platforms[arrived.source], arrived, offset)
        reading = read(arrived)
        assert (Counter(one.order_key for one in reading.told), reading.is_bad) == (
            Counter(event.order_key for event in events),
            is_bad,
        )
        told += reading.told
        for event in events:
            states[event.order_key] = _folded(states.get(event.order_key), event, levels)
    _compare(states, told)
    assert {product: level for product, level in stock(told).items() if level} == {
        product: level for product, level in levels.items() if level
    }


def _folded(before: Order | None, event: OrderEvent, levels: dict[str, Decimal]) -> Order:
    after = fold(before, event)
    if after.source in TRACKED_PLATFORMS:
        after, movements = move(before, after, event)
        for movement in movements:
            levels[movement.product_key] = levels.get(movement.product_key, Decimal(0)) + movement.delta
    return after


def _compare(states: dict[str, Order], told: list[Told]) -> None:
    for key, wanted in expected(told).items():
        state = states[key]
        numbers = [number for one in state.shipments for number in (one.tracking_number, one.tracking_url)]
        parcels = frozenset(number for number in numbers if number)
        assert (wanted.status, wanted.money, wanted.tracking) == (
            state.status.value,
            state.payment_status.value,
            parcels,
        ), key
        if state.total is not None:
            assert wanted.body == read_body(transform_order(state)), key
