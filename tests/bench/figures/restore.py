"""Restore of a state table: its changelog read into empty stores, all partitions at once, in a fresh process.

Two sizes of records, every key once. The changelog is in the broker's page cache, as it is after a worker's crash.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from streams.record import Output
from tests.bench import marks, topics
from tests.bench.lines import Line, Samples
from tests.bench.processes import BenchError, output_of, running
from tests.bench.stage import PARTITIONS, Stage

RECORDS = 200_000
SIZES = (("of 1 KB", 1_000), ("of 100 B", 100))
TIMEOUT_S = 120.0
UNIT = "records/s"


def measure(stage: Stage) -> Sequence[Line]:
    lines = []
    for name, size in SIZES:
        stage.say(f"writing records {name}")
        topic, records = _filled(stage, size)
        rates = []
        for _ in stage.turns():
            rates.append(_restore(stage, topic, records))
        topics.delete(stage.bootstrap, [topic])
        lines.append(Line(f"restore, records {name}", Samples("restore", UNIT, tuple(rates)), mark=marks.RESTORE_PER_S))
    return lines


def profile(stage: Stage) -> None:
    """In one thread, since cProfile sees no other."""
    assert stage.profile is not None
    topic, _ = _filled(stage, SIZES[0][1])
    argv = [sys.executable, "-m", "tests.bench.jobs.restore", stage.bootstrap, topic, str(PARTITIONS)]
    with running(argv, Path(stage.folder / "restore.log"), profile=stage.profile) as child:
        child.process.wait(TIMEOUT_S)
    topics.delete(stage.bootstrap, [topic])


def _filled(stage: Stage, size: int) -> tuple[str, int]:
    topic = stage.name("table")
    topics.create(stage.bootstrap, [topic], cleanup_policy="compact")
    return topic, topics.fill(stage.bootstrap, _records(topic, stage.sized(RECORDS), size))


def _records(topic: str, records: int, size: int) -> Iterator[Output]:
    value = os.urandom(size // 2).hex().encode()
    for number in range(records):
        yield Output(topic, b"shop:site/%012d" % number, value)


def _restore(stage: Stage, topic: str, records: int) -> float:
    argv = [sys.executable, "-m", "tests.bench.jobs.restore", stage.bootstrap, topic, str(PARTITIONS)]
    found = orjson.loads(output_of(argv, TIMEOUT_S))
    if found["records"] != records:
        raise BenchError(f"{found['records']} records restored of {records}: no figure")
    return float(found["records"] / found["seconds"])
