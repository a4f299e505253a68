"""Generated webhooks of both platforms, as the demo sends them, repeats and reorderings among them; orders only."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

from ingest.record import Request, raw_record
from ingest.sources import senders
from streams.demo import duda, selldone, sign, traffic
from streams.demo.setting import SECRET_NAMES
from streams.demo.webhook import DUDA, SOURCES, Kind, Webhook
from streams.record import Output
from streams.settings import Settings

SEED = 7
# More webhooks than any order has.
LIFE_MAX = 8
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# What the demo mixes in to be refused or set aside: no part of what is measured.
LEFT_OUT = frozenset({Kind.RUBBISH, Kind.UNSIGNED, Kind.FORGED})


def orders(count: int, now: datetime = NOW) -> list[Webhook]:
    """The first `count` webhooks of a run, in the order of sending; the same ones every time."""
    planned = (webhook for webhook in traffic.plan(int(count * 1.05) + 20, SEED, now) if webhook.kind not in LEFT_OUT)
    return [webhook for webhook, _ in zip(planned, range(count), strict=False)]


def secrets() -> dict[str, bytes]:
    """A secret for each source, for one run."""
    return {source: os.urandom(16).hex().encode() for source in SOURCES}


def environment(known: Mapping[str, bytes]) -> dict[str, str]:
    """The variables that the demo's configuration names."""
    return {SECRET_NAMES[name]: secret.decode() for name, secret in known.items()}


def raw_records(settings: Settings, webhooks: Sequence[Webhook]) -> Iterator[Output]:
    """The records that ingest writes of them; one receipt each, counted up."""
    known = secrets()
    ready = senders(settings, environment(known))
    for webhook in webhooks:
        headers = sign.headers(webhook, known, int(NOW.timestamp() * 1000))
        request = Request("POST", {name: [value] for name, value in headers.items()}, {}, webhook.body)
        sender = ready[webhook.source]
        identity = sender.platform.identify(webhook.body, {})
        yield raw_record(sender, request, identity, receipt=f"{webhook.number:032x}", received_at_s=NOW.timestamp())


def paced(count: int, gap: int, now: datetime) -> list[Webhook]:
    """Whole lives of orders that overlap evenly; an order's webhooks are `gap` webhooks apart, in their own order."""
    rng = Random(SEED)
    placed: list[tuple[float, str, bytes]] = []
    number = 0
    while len(placed) < count:
        source, start = rng.choice(SOURCES), rng.uniform(-LIFE_MAX * gap, count)
        bodies = (duda if source == DUDA else selldone).life(rng, number, now)
        times = [(start + step * gap, source, body) for step, body in enumerate(bodies)]
        placed += [one for one in times if 0 <= one[0] < count]
        number += 1
    placed.sort(key=lambda one: one[0])
    return [Webhook(at, source, Kind.ORDER, body) for at, (_, source, body) in enumerate(placed[:count])]
