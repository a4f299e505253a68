"""One invariant: whatever is sent, it ends in a 4xx, in quarantine, or as what a pure reading of it says; never else.

Over every platform of the contract suite that takes webhooks. What comes after it is worked off as if nothing had been.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import StandIn
from streams.cli import toml
from streams.normalise import raw_webhook
from streams.platforms import BadItem, Undecodable
from streams.record import Record
from streams.vocabulary import Order, OrderEvent
from tests.connectors.api import TOKEN
from tests.ingest.support import ENVIRON
from tests.ingest.support import TOKEN as SOURCE_TOKEN
from tests.pipeline import readings, rubbish
from tests.pipeline.roles import Pipeline, pipeline
from tests.streams.platforms import example
from tests.streams.platforms.case import Case
from tests.streams.platforms.cases import CASES

SENT = [case for case in CASES if not case.is_fetched]
API_KEY = "a-key-of-the-tests"
HEADERS = {"X-Token": SOURCE_TOKEN}
AUTH = {"scheme": "token", "header": "X-Token", "secrets": ["env:TEST_TOKEN"]}
GIVEN: dict[str, dict[str, Any]] = {
    "quickbutik": {"fetch_from": "shop"},
    "mapping": {"options": example.options()},
}


def settings() -> str:
    """A source for every platform, named after it; all of their orders go to the strict API."""
    platforms = sorted({case.platform for case in SENT})
    return toml.dumps(
        {
            "sources": [{"name": name, "platform": name, "auth": AUTH, **GIVEN.get(name, {})} for name in platforms],
            "targets": [
                {
                    "name": "external",
                    "kind": "external",
                    "base_url": "{sandbox}",
                    "auth": {"scheme": "bearer", "token": "env:SANDBOX_TOKEN"},
                },
                {
                    "name": "shop",
                    "kind": "quickbutik",
                    "base_url": "{sandbox}",
                    "auth": {"scheme": "basic", "password": "env:SHOP_KEY"},
                    "retry_delays_s": [0, 0.1],
                },
            ],
            "routes": [{"from": platforms, "to": ["external"]}],
        }
    )


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    environ = {**ENVIRON, "SANDBOX_TOKEN": TOKEN, "SHOP_KEY": API_KEY}
    apis: list[StandIn] = [ExternalApi(TOKEN, Faults()), QuickbutikApi(API_KEY, Faults())]
    with pipeline(module_broker, tmp_path_factory.mktemp("rubbish"), settings(), environ, apis) as made:
        yield made


@dataclass(frozen=True)
class Expected:
    """What a stored webhook must come to."""

    events: tuple[OrderEvent, ...]
    is_quarantined: bool


def reading(case: Case, record: Record) -> Expected:
    """By the pure functions alone, of the record as it lies in the topic."""
    try:
        found = case.module.normalise(raw_webhook(record))
    except Undecodable:
        return Expected((), True)
    events = tuple(each for each in found if isinstance(each, OrderEvent))
    return Expected(events, any(isinstance(each, BadItem) for each in found))


def send(line: Pipeline, case: Case, body: bytes) -> str | None:
    """The receipt; None where it was refused with a 4xx."""
    query = f"?{urlencode(case.query)}" if case.query else ""
    try:
        answer = line.send(f"/webhooks/{case.platform}{query}", body, HEADERS)
    except (HTTPException, OSError):
        assert len(body) == rubbish.TEN_MB, "hung up without an answer"  # may, on one who sends on after the 413
        return None
    if 400 <= answer.status < 500:
        assert answer.headers["content-type"] == "application/problem+json"
        assert orjson.loads(answer.body)["reason"]
        return None
    assert 200 == answer.status, answer
    receipt: str = orjson.loads(answer.body)["receipt"]
    return receipt


def settled(line: Pipeline, case: Case, receipts: set[str]) -> dict[str, list[OrderEvent]]:
    """Waits until each of these webhooks is where a pure reading of it says; the events by receipt."""
    line.until(lambda: receipts <= {receipt_of(record) for record in line.raw(case.platform)}, "stored")
    stored = [record for record in line.raw(case.platform) if receipt_of(record) in receipts]
    expected = {receipt_of(record): reading(case, record) for record in stored}
    wanted = {event.id for one in expected.values() for event in one.events}
    aside = {receipt for receipt, one in expected.items() if one.is_quarantined}
    line.until(lambda: wanted <= {event.id for event in line.events()}, "read")
    line.until(lambda: aside <= {receipt_of(record) for _, record in line.quarantined()}, "set aside")
    found: dict[str, list[OrderEvent]] = {receipt: [] for receipt in receipts}
    for event in line.events():
        if event.receipt in found and event.delivery is None:
            found[event.receipt].append(event)
    assert {receipt: list(one.events) for receipt, one in expected.items()} == found
    return found


def has_seen(event_id: str, order: Order) -> bool:
    return any(clock[3] == event_id for clock in order.bookkeeping.seen)


def receipt_of(record: Record) -> str:
    """Also of a record that was set aside: it has the headers of its origin."""
    return (record.header("ce_id") or b"").decode()


def state_of(line: Pipeline, events: list[OrderEvent]) -> dict[str, Any] | None:
    """What is known of the order of these events, once all of them are in it; None where there are none."""
    if not events:
        return None
    assert 1 == len({event.order_key for event in events})
    return readings.facts_of(
        line.wait_for_order(events[0].order_key, lambda order: all(has_seen(event.id, order) for event in events))
    )


@pytest.mark.parametrize("case", SENT, ids=str)
def test_rubbish_is_refused_set_aside_or_read_right(line: Pipeline, case: Case) -> None:
    """A 5xx would be sent again for ever; a crash would stop all orders; a guess would be a wrong order."""
    bodies = {**rubbish.PLAIN, **dict(rubbish.of_sample(case))}
    receipts = {name: send(line, case, body) for name, body in bodies.items()}
    assert receipts["10 MB of nesting"] is None
    events = settled(line, case, {receipt for receipt in receipts.values() if receipt})
    reasons = {receipt_of(record): reason for reason, record in line.quarantined()}
    if case.sample is not None:  # of a ping the body does not count
        assert {} == {name: receipts[name] for name in rubbish.NEVER_READ if receipts[name] not in {None, *reasons}}
        for name in rubbish.PLAIN:
            assert [] == events.get(receipts[name] or "", []), name
        for name in (*rubbish.changes(), *rubbish.SPOILT):
            assert state_of(line, events.get(receipts[name] or "", [])) == readings.expected(case, name), name
    else:
        pings = [event for found in events.values() for event in found]
        state = state_of(line, pings)
        assert (len(rubbish.PLAIN) - 1, readings.NOTHING) == (len(pings), state)
    assert all(process.poll() is None for process in line.processes.values())


@pytest.mark.parametrize("case", [case for case in SENT if case.exact_total], ids=str)
def test_amount_of_any_size_is_exact_or_set_aside(line: Pipeline, case: Case) -> None:
    """Through HTTP, Kafka and the fold: -5.25 is no 5.25, and 30 digits are 30 digits."""
    totals = {send(line, case, rubbish.with_total(case, text)): total for text, total in rubbish.TOTALS.items()}
    events = settled(line, case, {receipt for receipt in totals if receipt})
    told = {receipt: [event.data.total for event in found] for receipt, found in events.items()}
    for receipt, total in totals.items():
        if receipt is not None:
            assert told[receipt] in ([], [total]), total
            assert total is not None or told[receipt] == []
    keys = {event.order_key for found in events.values() for event in found}
    last = {key: line.events(key)[-1].id for key in keys}
    for key in keys:
        order = line.wait_for_order(key, partial(has_seen, last[key]))
        assert order.total in {event.data.total for event in line.events(key)}


@pytest.mark.parametrize("case", [case for case in SENT if case.big_id], ids=str)
def test_id_above_64_bits_names_its_order_and_no_other(line: Pipeline, case: Case) -> None:
    """2^53 + 1 is where JavaScript and floats begin to take one order for another."""
    (body,) = (body for name, body in rubbish.of_sample(case) if name.startswith("an id of"))
    receipt = send(line, case, body)
    assert receipt is not None
    ((event,),) = settled(line, case, {receipt}).values()
    assert event.order_key.endswith(rubbish.BIG_ID)
    line.wait_for_order(event.order_key, lambda order: True)


@pytest.mark.parametrize("case", SENT, ids=str)
def test_order_that_comes_after_the_rubbish_is_taken(line: Pipeline, case: Case) -> None:
    """On the same partitions, by the same processes."""
    receipt = send(line, case, case.body())
    assert receipt is not None
    events = settled(line, case, {receipt})[receipt]
    assert events
    for event in events:
        line.wait_for_order(event.order_key, partial(has_seen, event.id))


QUERIES: list[dict[str, str]] = [
    {},
    {"event_type": "order.new"},
    {"order_id": "1"},
    {"event_type": "order.new", "order_id": "9" * 400},
    {"event_type": "☃", "order_id": "1"},
    {"event_type": "order.new", "order_id": " \0"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_rubbish_in_the_query_is_refused_set_aside_or_read_right(line: Pipeline, query: dict[str, str]) -> None:
    """A thin ping has nothing but its query."""
    (case,) = (case for case in SENT if case.sample is None)
    bad = replace(case, query=query)
    receipt = send(line, bad, b"")
    if receipt:
        settled(line, bad, {receipt})
