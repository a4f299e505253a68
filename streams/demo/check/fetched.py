"""What we asked platforms' APIs for: each order that an API lists was polled once, each fetch brought one document."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from streams import topics
from streams.demo.check.finding import Finding, doubled, exactly_once, lost
from streams.demo.evidence import Evidence, arrived, is_fetched
from streams.demo.model import read
from streams.demo.platforms.json import loads
from streams.demo.webhook import APICBASE, QUICKBUTIK
from streams.record import Record
from streams.vocabulary import CommandType, OutcomeResult


def check_polled(evidence: Evidence) -> Iterator[Finding]:
    """Each document that the API lists lies in the topic once, however often the poller found it."""
    listed = [_order(put.document) for put in evidence.puts if put.source == APICBASE]
    polled = [_order(record.value or b"") for record in _answers(evidence, APICBASE)]
    yield from exactly_once(listed, polled, "an order that the API lists")


def check_fetched(evidence: Evidence) -> Iterator[Finding]:
    """Each fetch that was delivered left one raw record; the last one has what the API says of the order by now.

    However often a ping came, there are no more fetches than pings.
    """
    answers = _answers(evidence, QUICKBUTIK)
    done = Counter(
        outcome.order_key
        for _, outcome in evidence.outcomes
        if outcome.type is CommandType.FETCH_ORDER and outcome.result is OutcomeResult.DELIVERED
    )
    there = Counter(_key(record) for record in answers)
    for key in done.keys() | there.keys():
        if there[key] != done[key]:
            verdict = lost if there[key] < done[key] else doubled
            yield verdict(key, f"{done[key]} fetches delivered, and {there[key]} documents in Kafka")
    pings = Counter(_key(record) for record in _pings(evidence))
    for key, count in Counter(_fetch_keys(evidence)).items():
        if count > pings[key]:
            yield doubled(key, f"{count} fetches, and {pings[key]} pings")
    latest = {_key(record): record.value or b"" for record in answers}
    shown = {f"{put.source}:{put.order_id}": put.document for put in evidence.puts if put.source == QUICKBUTIK}
    for key, document in shown.items():
        if key not in latest:
            yield lost(key, "a ping came, and the order was never fetched")
        elif loads(latest[key]) != [loads(document)]:
            yield lost(key, "what was fetched last is not what its API says now")


def _answers(evidence: Evidence, source: str) -> list[Record]:
    return [record for record in evidence.raw if is_fetched(record) and topics.source_of(record.topic) == source]


def _pings(evidence: Evidence) -> Iterator[Record]:
    for record in evidence.raw:
        if topics.source_of(record.topic) == QUICKBUTIK and not is_fetched(record) and read(arrived(record)).told:
            yield record


def _fetch_keys(evidence: Evidence) -> Iterator[str]:
    return (command.order_key for command in evidence.commands if command.type is CommandType.FETCH_ORDER)


def _key(record: Record) -> str:
    return f"{QUICKBUTIK}:{arrived(record).query['order_id']}"


def _order(document: bytes) -> str:
    """The order's id, and its whole document in one form: an order that was altered on the way is another one."""
    order: dict[str, Any] = loads(document)
    return f"{APICBASE}:{order['id']} {sorted(order.items(), key=lambda field: field[0])}"
