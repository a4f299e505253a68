"""Quix Streams running the real functions: raw → events, events → state and commands; exactly-once, in one process.

python -m tests.bench.jobs.quix_pipeline BOOTSTRAP GROUP CONFIG STATE_FOLDER   (in the peers' environment)
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quixstreams import Application, State, message_context

from streams import topics
from streams.record import Record
from streams.runtime.agent import Step
from tests.bench.functions import Held, steps

STATE = "order"


def record_of(value: bytes, key: bytes, headers: Any) -> Record:
    context = message_context()
    return Record(context.topic, context.partition, context.offset, 0, key, value, tuple(headers or ()))


def normaliser(step: Step) -> Callable[..., list[bytes]]:
    def normalise(value: bytes, key: Any, timestamp: int, headers: Any) -> list[bytes]:
        return [output.value or b"" for output in step(record_of(value, key, headers), Held(None))]  # type: ignore[arg-type]

    return normalise


def folder(step: Step) -> Callable[..., list[bytes]]:
    def fold(value: bytes, key: Any, timestamp: int, headers: Any, state: State) -> list[bytes]:
        held = Held(state.get_bytes(STATE))
        commands = [output.value or b"" for output in step(record_of(value, key, headers), held)]  # type: ignore[arg-type]
        if held.changed is not None:
            state.set_bytes(STATE, held.changed)
        return commands

    return fold


def main() -> None:
    bootstrap, group, config, state_folder, target = sys.argv[1:6]
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=state_folder,
        loglevel="WARNING",
    )
    known = steps(Path(config))
    events = app.topic(topics.EVENTS, key_deserializer="bytes", **dict.fromkeys(VALUES, "bytes"))
    commands = app.topic(topics.commands(target), value_serializer="bytes")
    for name, step in known.items():
        if name != topics.EVENTS:
            raw = app.topic(name, key_deserializer="bytes", value_deserializer="bytes")
            app.dataframe(raw).apply(normaliser(step), expand=True, metadata=True).to_topic(events)
    fold = folder(known[topics.EVENTS])
    app.dataframe(events).apply(fold, stateful=True, expand=True, metadata=True).to_topic(commands)
    app.run()


VALUES = ("value_serializer", "value_deserializer")

if __name__ == "__main__":
    main()
