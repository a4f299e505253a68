"""Gathers the evidence once all is at rest: a fresh read of every topic, and what the stand-in API says it did."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import aiohttp

from streams import topics
from streams.demo.evidence import Effect, Evidence, Fulfilment, Sent, place_of
from streams.demo.read import Reader
from streams.demo.webhook import Put
from streams.record import Record
from streams.vocabulary import Command, DeadLetter, Movement, Order, OrderEvent, Outcome, Stock

READ_TIMEOUT_S = 60.0
ASK_TIMEOUT_S = 30.0


async def collect(
    bootstrap: str, sandbox_url: str, names: Sequence[str], sent: Sequence[Sent], puts: Sequence[Put]
) -> Evidence:
    """`names`: the topics of the run. `sent`, `puts`: what the sender did.

    Raises `ReadTimeout`, and `pydantic.ValidationError` where a record is not what its topic promises.
    """
    records = await asyncio.to_thread(read_all, bootstrap, names)
    effects, stats = await ask_sandbox(sandbox_url)
    fulfilment = await ask_commerceos(sandbox_url)
    return assemble(records, sent, puts, effects, int(stats["repeats"]), fulfilment)


def read_all(bootstrap: str, names: Sequence[str]) -> list[Record]:
    """Every committed record of every topic of the run, by place."""
    reader = Reader(bootstrap, names)
    try:
        reader.catch_up(READ_TIMEOUT_S)
    finally:
        reader.close()
    return sorted(reader.records, key=place_of)


async def ask_sandbox(url: str) -> tuple[list[Effect], dict[str, Any]]:
    """What the stand-in API did, and its counts."""
    lines, stats = await _ask(url, "/_sandbox", "effects")
    return [effect_of(line) for line in lines], stats


async def ask_commerceos(url: str) -> Fulfilment:
    """What the stand-in of CommerceOS has."""
    lines, stats = await _ask(url, "/_sandbox/commerceos", "orders")
    orders = [json.loads(line, parse_float=Decimal) for line in lines]
    return Fulfilment(orders, stats["refused_why"], stats["doubled"], stats["busiest_window"])


async def _ask(url: str, stand_in: str, things: str) -> tuple[list[bytes], dict[str, Any]]:
    """The lines of what a stand-in has, and its counts."""
    timeout = aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)
    async with aiohttp.ClientSession(url, timeout=timeout, raise_for_status=True) as session:
        async with session.get(f"{stand_in}/{things}") as answer:
            lines = (await answer.read()).splitlines()
        async with session.get(f"{stand_in}/stats") as answer:
            stats: dict[str, Any] = await answer.json()
    return [line for line in lines if line.strip()], stats


def effect_of(line: bytes) -> Effect:
    """One line of `/_sandbox/effects`; amounts keep every digit."""
    document = json.loads(line, parse_float=Decimal)
    return Effect(
        seq=document["seq"],
        at_s=datetime.fromisoformat(document["at"]).timestamp(),
        idempotency_key=document["idempotency_key"],
        external_order_id=document["external_order_id"],
        body=document["body"],
    )


def assemble(
    records: Sequence[Record],
    sent: Sequence[Sent],
    puts: Sequence[Put],
    effects: Sequence[Effect],
    repeats: int,
    fulfilment: Fulfilment,
) -> Evidence:
    """Sorts the records into what they are. Of compacted topics the last word on a key counts. Pure."""
    of: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        of[record.topic].append(record)
    return Evidence(
        sent=sent,
        raw=[record for name in of if _is_raw(name) for record in of[name]],
        quarantine=of[topics.QUARANTINE],
        events=[OrderEvent.from_json(record.value or b"") for record in of[topics.EVENTS]],
        states={key: Order.from_json(value) for key, value in _table(of[topics.STATE])},
        commands=[
            Command.from_json(record.value or b"")
            for name in of
            if name == topics.commands(topics.target_of(name))
            for record in of[name]
        ],
        outcomes=[(place_of(record), Outcome.from_json(record.value or b"")) for record in of[topics.OUTCOMES]],
        deadletters=[DeadLetter.from_json(record.value or b"") for record in of[topics.DEADLETTERS]],
        effects=effects,
        movements=[Movement.from_json(record.value or b"") for record in of[topics.MOVEMENTS]],
        stock={key: Stock.from_json(value) for key, value in _table(of[topics.STOCK])},
        puts=puts,
        repeats_at_target=repeats,
        fulfilment=fulfilment,
    )


def _is_raw(name: str) -> bool:
    return name == topics.webhooks(topics.source_of(name)) and name != topics.QUARANTINE


def _table(records: Sequence[Record]) -> Iterator[tuple[str, bytes]]:
    """Key → the last value that is not a tombstone."""
    last = {(record.key or b"").decode(): record.value for record in records}
    return ((key, value) for key, value in last.items() if value is not None)
