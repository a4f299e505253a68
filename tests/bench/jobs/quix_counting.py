"""Quix Streams doing the counting worker's job, as its documentation has it: exactly-once, state, an output topic.

python -m tests.bench.jobs.quix_counting BOOTSTRAP GROUP IN OUT STATE_FOLDER   (in the peers' environment)
"""

import sys
from typing import Any

from quixstreams import Application, State


def main() -> None:
    bootstrap, group, source, out, folder = sys.argv[1:6]
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=folder,
        loglevel="WARNING",
    )
    read = app.topic(source, key_deserializer="bytes", value_deserializer="bytes")
    written = app.topic(out, key_serializer="bytes", value_serializer="bytes")

    def count(value: bytes, key: Any, timestamp: int, headers: Any, state: State) -> bytes:
        number = state.get("count", 0) + 1
        state.set("count", number)
        return b"%s|%d" % (value, number)

    app.dataframe(read).apply(count, stateful=True, metadata=True).to_topic(written)
    app.run()


if __name__ == "__main__":
    main()
