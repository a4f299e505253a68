"""Generated webhooks of two platforms, as the demo sends them, repeats and reorderings among them; orders only."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

from ingest.record import Request, raw_record
from ingest.sources import senders
from streams.demo import sign, traffic
from streams.demo import webhook as demo
from streams.demo.platforms import LIVES
from streams.demo.setting import SECRET_NAMES
from streams.demo.webhook import DUDA, SELLDONE, Kind, Webhook
from streams.record import Output
from streams.settings import Settings

# Two senders, each with whole orders of its own: figures of different days are of the same work.
SOURCES = (DUDA, SELLDONE)
SEED = 7
# More webhooks than any order has.
LIFE_MAX = 8
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# What the demo mixes in to be refused or set aside: no part of what is measured.
LEFT_OUT = frozenset({Kind.RUBBISH, Kind.UNSIGNED, Kind.FORGED})


def orders(count: int, now: datetime = NOW) -> list[Webhook]:
    """The first `count` webhooks of a run, in the order of sending; the same ones every time."""
    planned = traffic.plan(int(count * 1.05) + 20, SEED, now, SOURCES).webhooks
    wanted = (webhook for webhook in planned if webhook.kind not in LEFT_OUT)
    return [webhook for webhook, _ in zip(wanted, range(count), strict=False)]


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
        headers = sign.sign(webhook, known, int(NOW.timestamp() * 1000)).headers
        request = Request("POST", {name: [value] for name, value in headers.items()}, {}, webhook.request.body)
        sender = ready[webhook.source]
        identity = sender.platform.identify(webhook.request.body, {})
        yield raw_record(sender, request, identity, receipt=f"{webhook.number:032x}", received_at_s=NOW.timestamp())


def paced(count: int, gap: int, now: datetime) -> list[Webhook]:
    """Whole lives of orders that overlap evenly; an order's webhooks are `gap` webhooks apart, in their own order."""
    rng = Random(SEED)
    placed: list[tuple[float, str, demo.Request]] = []
    number = 0
    while len(placed) < count:
        source, start = rng.choice(SOURCES), rng.uniform(-LIFE_MAX * gap, count)
        steps = LIVES[source].life(rng, number, now - traffic.BEGIN).steps
        times = [(start + at * gap, source, step.request) for at, step in enumerate(steps)]
        placed += [one for one in times if 0 <= one[0] < count]
        number += 1
    placed.sort(key=lambda one: one[0])
    return [Webhook(at, source, Kind.ORDER, request) for at, (_, source, request) in enumerate(placed[:count])]
