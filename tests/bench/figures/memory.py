"""Resident memory of a real streams worker that holds 100,000 orders, and of one that holds none.

The orders are real states of generated webhooks, each under many keys of the same length, restored from the table.
"""

import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

from projections.agents import fold_step
from streams import topics as table
from streams.demo import setting
from streams.normalise import normalise_step
from streams.platforms import PLATFORMS
from streams.record import Output, Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings import Settings
from tests.bench import roles, topics, webhooks
from tests.bench.lines import Line, Samples
from tests.bench.processes import running, wait_until_ready
from tests.bench.stage import Stage

ORDERS = 100_000
SAMPLE_WEBHOOKS = 600
SETTLE_S = 2.0


def measure(stage: Stage) -> Sequence[Line]:
    folder = stage.folder / stage.name("memory")
    folder.mkdir()
    made = setting.make(usual_ports=False, sources=webhooks.SOURCES)
    config, settings = roles.configure(stage, made, folder)
    stage.say("a worker without orders")
    roles.empty_topics(stage)
    empty = _resident(stage, config, made.ports["streams"])
    stage.say("writing the orders")
    orders, states = stage.sized(ORDERS), _states(settings)
    topics.fill(stage.bootstrap, _table(states, orders))
    stage.say("a worker that holds them")
    full = _resident(stage, config, made.ports["streams"])
    roles.remove_topics(stage)
    size = mean(len(key) + len(value) for key, value in states)
    each = (full - empty) / orders
    mega = 1_000_000
    return [
        Line(
            f"resident memory at {orders:,} orders",
            Samples("full", "MB", (full / mega,)),
            note=f"a streams worker; {empty / mega:.0f} MB without any;"
            f" {each:,.0f} bytes per order of {size:,.0f} bytes (key and value)",
            extra={"empty_mb": empty / mega, "bytes_per_order": each, "order_bytes_mean": size},
        )
    ]


def _resident(stage: Stage, config: Path, port: int) -> int:
    env = {"ORDERLOG_CONFIG": str(config), "ORDERLOG__LOG__FORMAT": "json"}
    with running([sys.executable, "-m", "streams.cli", "streams"], stage.folder / "memory.log", env) as child:
        wait_until_ready(child, f"http://127.0.0.1:{port}/ready", 120)
        time.sleep(SETTLE_S)
        return child.resident_bytes()


def _states(settings: Settings) -> list[tuple[bytes, bytes]]:
    """Real orders, by key: what the worker's own functions make of generated webhooks."""
    readers = {table.webhooks(source.name): normalise_step(PLATFORMS[source.platform]) for source in settings.sources}
    fold, store = fold_step(settings), MemoryStore()
    overlay = Overlay(store)
    raw = webhooks.raw_records(settings, webhooks.orders(SAMPLE_WEBHOOKS))
    for at, output in enumerate(raw):
        for event in readers[output.topic](_record(output, at), overlay):
            list(fold(_record(event, at), overlay))
    return [(key, value) for key, value in overlay.changes.items() if value is not None]


def _record(output: Output, offset: int) -> Record:
    return Record(output.topic, 0, offset, 0, output.key, output.value, output.headers)


def _table(states: Sequence[tuple[bytes, bytes]], count: int) -> Iterator[Output]:
    """The states again and again, each time as other orders."""
    for number, (key, value) in zip(range(count), itertools.cycle(states), strict=False):
        yield Output(table.STATE, key[:-6] + b"%06d" % number, value)
