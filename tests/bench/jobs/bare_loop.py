"""The pure functions in a bare loop: raw records from a file, state in a dict, no Kafka, no transaction, no changelog.

python -m tests.bench.jobs.bare_loop CONFIG RECORDS   → {"per_second", "events", "commands", …}
"""

import pickle
import sys
import time
from pathlib import Path

import orjson

from streams import topics
from streams.record import Output, Record
from streams.runtime.agent import Step
from streams.runtime.state import MemoryStore, Overlay
from tests.bench.functions import steps

# As often as a worker under load commits: what was touched goes to the store.
BATCH = 1_000


def main() -> None:
    config, file = Path(sys.argv[1]), Path(sys.argv[2])
    outputs = [Output(*parts) for parts in pickle.loads(file.read_bytes())]
    raw = [Record(made.topic, 0, at, 0, made.key, made.value, made.headers) for at, made in enumerate(outputs)]
    print(orjson.dumps(run(dict(steps(config)), raw)).decode())


def run(known: dict[str, Step], raw: list[Record]) -> dict[str, float]:
    fold = known[topics.EVENTS]
    orders, events, commands = MemoryStore(), 0, 0
    normalise_s = 0.0
    started = time.perf_counter()
    for first in range(0, len(raw), BATCH):
        overlay, entered = Overlay(orders), time.perf_counter()
        batch = raw[first : first + BATCH]
        made = [output for record in batch for output in known[record.topic](record, overlay)]
        normalise_s += time.perf_counter() - entered
        for output in made:
            record = Record(topics.EVENTS, 0, events, 0, output.key, output.value, output.headers)
            overlay.mark()
            commands += len(list(fold(record, overlay)))
            events += 1
        orders.apply(overlay.changes)
    seconds = time.perf_counter() - started
    state = [len(value) for _, value in orders.items()]
    return {
        "per_second": len(raw) / seconds,
        "events": events,
        "commands": commands,
        "orders": len(orders),
        "normalise_us": normalise_s / len(raw) * 1e6,
        "fold_us": (seconds - normalise_s) / events * 1e6,
        "state_bytes_mean": sum(state) / len(state),
    }


if __name__ == "__main__":
    main()
