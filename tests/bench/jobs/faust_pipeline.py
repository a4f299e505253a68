"""Stock Faust running the real functions: raw → events, events → Table and commands; exactly_once, in one process.

BENCH_ARGUMENTS="BOOTSTRAP GROUP CONFIG FOLDER TARGET" faust -A tests.bench.jobs.faust_pipeline -L uvloop worker …
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import faust

from streams import topics
from streams.record import Record
from streams.runtime.agent import Step
from tests.bench.functions import Held, steps

bootstrap, group, config, folder, target = os.environ["BENCH_ARGUMENTS"].split()

app = faust.App(
    group,
    broker=f"kafka://{bootstrap}",
    processing_guarantee="exactly_once",
    store="memory://",
    datadir=folder,
    topic_partitions=4,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    web_enabled=False,
)
orders = app.Table("orders", partitions=4, key_type=bytes, value_type=bytes)
RAW = {"key_serializer": "raw", "value_serializer": "raw"}
known = steps(Path(config))
events, commands = app.topic(topics.EVENTS, **RAW), app.topic(topics.commands(target), **RAW)


def record_of(event: faust.Event) -> Record:
    message = event.message
    headers = tuple(message.headers.items()) if hasattr(message.headers, "items") else tuple(message.headers or ())
    return Record(message.topic, message.partition, message.offset, 0, message.key, message.value, headers)


def normaliser(step: Step) -> Callable[[faust.Stream], Awaitable[None]]:
    async def normalise(stream: faust.Stream) -> None:
        async for event in stream.events():
            for output in step(record_of(event), Held(None)):  # type: ignore[arg-type]
                await events.send(key=output.key, value=output.value, headers=dict(output.headers))

    return normalise


async def fold(stream: faust.Stream) -> None:
    step = known[topics.EVENTS]
    async for event in stream.events():
        held = Held(orders.get(event.message.key))
        made = step(record_of(event), held)  # type: ignore[arg-type]
        if held.changed is not None:
            orders[event.message.key] = held.changed
        for output in made:
            await commands.send(key=output.key, value=output.value, headers=dict(output.headers))


for name, known_step in known.items():
    if name == topics.EVENTS:
        app.agent(events, name="fold")(fold)
    else:
        app.agent(app.topic(name, **RAW), name=f"normalise-{name}")(normaliser(known_step))
