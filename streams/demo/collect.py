"""Gathers the evidence once all is at rest: a fresh read of every topic, and what the stand-in API says it did."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import aiohttp

from streams import topics
from streams.demo.evidence import Effect, Evidence, Sent, place_of
from streams.demo.read import Reader
from streams.demo.setting import TARGET
from streams.demo.webhook import SOURCES
from streams.record import Record
from streams.vocabulary import Command, DeadLetter, Order, OrderEvent, Outcome

READ_TIMEOUT_S = 60.0
ASK_TIMEOUT_S = 30.0
TOPICS = tuple(topic.name for topic in topics.table(SOURCES, (TARGET,)))


async def collect(bootstrap: str, sandbox_url: str, sent: Sequence[Sent]) -> Evidence:
    """Raises `ReadTimeout`, and `pydantic.ValidationError` where a record is not what its topic promises."""
    records = await asyncio.to_thread(read_all, bootstrap)
    effects, stats = await ask_sandbox(sandbox_url)
    return assemble(records, sent, effects, int(stats["repeats"]))


def read_all(bootstrap: str) -> list[Record]:
    """Every committed record of every topic of the run, by place."""
    reader = Reader(bootstrap, TOPICS)
    try:
        reader.catch_up(READ_TIMEOUT_S)
    finally:
        reader.close()
    return sorted(reader.records, key=place_of)


async def ask_sandbox(url: str) -> tuple[list[Effect], dict[str, Any]]:
    """What the stand-in API did, and its counts."""
    timeout = aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)
    async with aiohttp.ClientSession(url, timeout=timeout, raise_for_status=True) as session:
        async with session.get("/_sandbox/effects") as answer:
            lines = (await answer.read()).splitlines()
        async with session.get("/_sandbox/stats") as answer:
            stats: dict[str, Any] = await answer.json()
    return [effect_of(line) for line in lines if line.strip()], stats


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


def assemble(records: Sequence[Record], sent: Sequence[Sent], effects: Sequence[Effect], repeats: int) -> Evidence:
    """Sorts the records into what they are. `orders.state` is compacted: the last word on a key counts. Pure."""
    of: dict[str, list[Record]] = {topic: [] for topic in TOPICS}
    for record in records:
        of[record.topic].append(record)
    table = {(record.key or b"").decode(): record.value for record in of[topics.STATE]}
    return Evidence(
        sent=sent,
        raw=[record for source in SOURCES for record in of[topics.webhooks(source)]],
        quarantine=of[topics.QUARANTINE],
        events=[OrderEvent.from_json(record.value or b"") for record in of[topics.EVENTS]],
        states={key: Order.from_json(value) for key, value in table.items() if value is not None},
        commands=[Command.from_json(record.value or b"") for record in of[topics.commands(TARGET)]],
        outcomes=[(place_of(record), Outcome.from_json(record.value or b"")) for record in of[topics.OUTCOMES]],
        deadletters=[DeadLetter.from_json(record.value or b"") for record in of[topics.DEADLETTERS]],
        effects=effects,
        repeats_at_target=repeats,
    )
