"""The runtime with a trivial fold: count per key, state and an output per record, exactly once. Against its peers.

The input is written beforehand: 4 partitions, 10,000 keys. Each run is a fresh process with a fresh group and fresh
topics; the rate is that of the committed outputs by the broker's clock, without the first fifth. All outputs must be
there once, or there is no figure. Turns: Quix, ours, Quix, ours, …; Faust, the slowest, gets a smaller input.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from streams.record import Output
from tests.bench import marks, peers, topics
from tests.bench.appended import WARM_UP, wait_until
from tests.bench.lines import Line, Samples, rate_after_warm_up
from tests.bench.processes import BenchError, Child, running
from tests.bench.stage import Stage

RECORDS, FAUST_RECORDS = 400_000, 8_000
FAUST_TURNS = 2
KEYS = 10_000
TIMEOUT_S = 90.0
UNIT = "events/s"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one engine. `group` is its consumer group; topics that the engine makes itself begin with `name`."""

    name: str
    source: str
    out: str
    table: str
    folder: Path


Engine = Callable[[Stage, Job], tuple[str, AbstractContextManager[Child]]]


def measure(stage: Stage) -> Sequence[Line]:
    source = _filled(stage, stage.sized(RECORDS))
    short = _filled(stage, stage.sized(FAUST_RECORDS))
    rates: dict[str, list[float]] = {"ours": [], "quix": [], "faust": []}
    for turn in stage.turns():
        rates["quix"].append(_rate(stage, _quix, source))
        rates["ours"].append(_rate(stage, _ours, source))
        if turn < FAUST_TURNS:
            rates["faust"].append(_rate(stage, _faust, short))
    topics.delete(stage.bootstrap, [source, short])
    ours = Samples("ours", UNIT, tuple(rates["ours"]))
    return [
        Line(
            "trivial fold ÷ Quix Streams, exactly-once",
            ours,
            Samples("Quix Streams", UNIT, tuple(rates["quix"])),
            marks.RUNTIME_TO_QUIX,
        ),
        Line(
            "trivial fold ÷ stock Faust, exactly_once",
            ours,
            Samples("stock Faust", UNIT, tuple(rates["faust"])),
        ),
    ]


def profile(stage: Stage) -> None:
    source = _filled(stage, stage.sized(RECORDS))
    _rate(stage, _ours, source)
    topics.delete(stage.bootstrap, [source])


def _filled(stage: Stage, records: int) -> str:
    topic = stage.name("in")
    topics.create(stage.bootstrap, [topic])
    topics.fill(stage.bootstrap, _records(topic, records))
    return topic


def _records(topic: str, records: int) -> Iterator[Output]:
    rng = Random(1)
    return (Output(topic, b"key-%d" % rng.randrange(KEYS), b"%08d" % number) for number in range(records))


def _rate(stage: Stage, engine: Engine, source: str) -> float:
    name = stage.name("count")
    job = Job(name, source, f"{name}-out", f"{name}-table", stage.folder / name)
    job.folder.mkdir()
    topics.create(stage.bootstrap, [job.out])
    topics.create(stage.bootstrap, [job.table], cleanup_policy="compact")
    expected = topics.ends(stage.bootstrap, source)
    group, process = engine(stage, job)
    progress = topics.Progress(stage.bootstrap, group, source)
    with process as child:
        wait_until(lambda: progress.has_reached(expected), child, f"{name} drained", TIMEOUT_S)
    times = [at for _, _, at in topics.read(stage.bootstrap, job.out)]
    topics.delete(stage.bootstrap, [job.out, job.table])
    if len(times) != sum(expected.values()):
        raise BenchError(f"{len(times)} outputs of {sum(expected.values())} inputs: no figure")
    return rate_after_warm_up(times, WARM_UP)


def _ours(stage: Stage, job: Job) -> tuple[str, AbstractContextManager[Child]]:
    module = [sys.executable, "-m", "tests.bench.jobs.counting"]
    argv = [*module, stage.bootstrap, job.name, job.source, job.out, job.table, str(job.folder)]
    return f"{job.name}-bench", running(argv, stage.folder / "counting.log", profile=stage.profile)


def _quix(stage: Stage, job: Job) -> tuple[str, AbstractContextManager[Child]]:
    module = [str(peers.python()), "-m", "tests.bench.jobs.quix_counting"]
    argv = [*module, stage.bootstrap, job.name, job.source, job.out, str(job.folder)]
    return job.name, running(argv, stage.folder / "quix.log")


def _faust(stage: Stage, job: Job) -> tuple[str, AbstractContextManager[Child]]:
    arguments = " ".join([stage.bootstrap, job.name, job.source, job.out, str(job.folder)])
    argv = [sys.executable, "-m", "faust", "-A", "tests.bench.jobs.faust_counting", "-L", "uvloop", "worker"]
    env = {**os.environ, "BENCH_ARGUMENTS": arguments}
    return job.name, running([*argv, "-l", "warn", "--without-web"], stage.folder / "faust.log", env)
