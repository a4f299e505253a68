"""Raw → events → state with the real normalise and fold in one process, against peers that run the same functions.

The raw records are written beforehand, as ingest writes them. Each run is a fresh process with a fresh group and empty
topics. The rate is that of webhooks by the broker's clock, from when a fifth of the events is written to when the last
record of all (event, command, state) is; every event and command must be there, or there is no figure. The bare loop is
the same functions over the same records in one process without Kafka. Turns: loop, Quix, ours, loop, Quix, ours, …
"""

import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import orjson

from streams import topics as table
from streams.demo import setting
from streams.demo.setting import TARGET
from streams.record import Output
from tests.bench import marks, peers, roles, topics, webhooks
from tests.bench.appended import WARM_UP, wait_until
from tests.bench.lines import Line, Samples
from tests.bench.processes import BenchError, Child, output_of, running
from tests.bench.stage import Stage

WEBHOOKS, FAUST_WEBHOOKS = 12_000, 2_500
FAUST_TURNS = 2
TIMEOUT_S = 90.0
TAIL = 1_000
UNIT = "webhooks/s"


@dataclass(frozen=True, slots=True)
class Input:
    """What a run reads, and what must come of it."""

    config: Path
    records: Sequence[Output]
    file: Path
    events: int
    commands: int


@dataclass(frozen=True, slots=True)
class Run:
    """A started engine: its group, and the topic that holds its state."""

    group: str
    state: str
    process: AbstractContextManager[Child]


Engine = Callable[[Stage, Input, str, Path], Run]


def measure(stage: Stage) -> Sequence[Line]:
    large = _prepare(stage, stage.sized(WEBHOOKS))
    small = _prepare(stage, stage.sized(FAUST_WEBHOOKS))
    rates: dict[str, list[float]] = {"loop": [], "quix": [], "ours": [], "faust": []}
    for turn in stage.turns():
        rates["loop"].append(_loop(large)["per_second"])
        rates["quix"].append(_rate(stage, _quix, large))
        rates["ours"].append(_rate(stage, _ours, large))
        if turn < FAUST_TURNS:
            rates["faust"].append(_rate(stage, _faust, small))
    roles.remove_topics(stage)
    ours = Samples("streams worker", UNIT, tuple(rates["ours"]))

    def line(name: str, key: str, mark: marks.Mark) -> Line:
        figure = f"raw → events → state ÷ {name}"
        return Line(figure, ours, Samples(name.partition(",")[0], UNIT, tuple(rates[key])), mark)

    return [
        line("Quix Streams, same functions", "quix", marks.PIPELINE_TO_QUIX),
        line("stock Faust, same functions", "faust", marks.PIPELINE_TO_FAUST),
        line("bare loop, no Kafka", "loop", marks.PIPELINE_TO_BARE_LOOP),
    ]


def profile(stage: Stage) -> None:
    _rate(stage, _ours, _prepare(stage, stage.sized(WEBHOOKS)))
    roles.remove_topics(stage)


def _prepare(stage: Stage, count: int) -> Input:
    folder = stage.folder / stage.name("pipeline")
    folder.mkdir()
    config, settings = roles.configure(stage, setting.make(usual_ports=False, sources=webhooks.SOURCES), folder)
    records = list(webhooks.raw_records(settings, webhooks.orders(count)))
    file = folder / "records"
    file.write_bytes(pickle.dumps([tuple(record) for record in records]))
    expected = _loop(Input(config, records, file, 0, 0))
    return Input(config, records, file, int(expected["events"]), int(expected["commands"]))


def _loop(given: Input) -> dict[str, float]:
    argv = [sys.executable, "-m", "tests.bench.jobs.bare_loop", str(given.config), str(given.file)]
    found: dict[str, float] = orjson.loads(output_of(argv, TIMEOUT_S))
    return found


def _rate(stage: Stage, engine: Engine, given: Input) -> float:
    name = stage.name("pipeline")
    folder = stage.folder / name
    folder.mkdir()
    roles.empty_topics(stage)
    topics.fill(stage.bootstrap, given.records)
    ends = {topic: topics.ends(stage.bootstrap, topic) for topic in roles.RAW}
    run = engine(stage, given, name, folder)
    with run.process as child:
        for topic, expected in ends.items():
            _wait(stage, run, child, topic, expected)
        _wait(stage, run, child, table.EVENTS, topics.ends(stage.bootstrap, table.EVENTS, TAIL))
    return _rate_of(stage, run, given)


def _wait(stage: Stage, run: Run, child: Child, topic: str, expected: dict[int, int]) -> None:
    progress = topics.Progress(stage.bootstrap, run.group, topic)
    wait_until(lambda: progress.has_reached(expected), child, f"{topic} read by {run.group}", TIMEOUT_S)


def _rate_of(stage: Stage, run: Run, given: Input) -> float:
    events = sorted(at for _, _, at in topics.read(stage.bootstrap, table.EVENTS))
    commands = [at for _, _, at in topics.read(stage.bootstrap, table.commands(TARGET))]
    state = [at for _, _, at in topics.read(stage.bootstrap, run.state, TAIL)]
    if (len(events), len(commands)) != (given.events, given.commands):
        found = f"{len(events)} events and {len(commands)} commands"
        raise BenchError(f"{found}, not {given.events} and {given.commands}: no figure")
    first = int(len(events) * WARM_UP)
    seconds = max(events[-1], max(commands), max(state)) - events[first]
    return len(given.records) * (1 - first / len(events)) / seconds


def _ours(stage: Stage, given: Input, name: str, folder: Path) -> Run:
    env = {
        "ORDERLOG_CONFIG": str(given.config),
        "ORDERLOG__STREAMS__APP_ID": name,
        "ORDERLOG__STREAMS__DATA_DIR": str(folder),
        "ORDERLOG__STREAMS__INSTANCE": name,
        "ORDERLOG__STREAMS__MONITOR_PORT": "0",
        "ORDERLOG__LOG__FORMAT": "json",
    }
    argv = [sys.executable, "-m", "streams.cli", "streams"]
    process = running(argv, stage.folder / "streams.log", env, stage.profile)
    return Run(f"{name}-streams", table.STATE, process)


def _quix(stage: Stage, given: Input, name: str, folder: Path) -> Run:
    module = [str(peers.python()), "-m", "tests.bench.jobs.quix_pipeline"]
    argv = [*module, stage.bootstrap, name, str(given.config), str(folder), TARGET]
    changelog = f"changelog__{name}--{table.EVENTS}--default"
    return Run(name, changelog, running(argv, stage.folder / "quix-pipeline.log"))


def _faust(stage: Stage, given: Input, name: str, folder: Path) -> Run:
    arguments = " ".join([stage.bootstrap, name, str(given.config), str(folder), TARGET])
    argv = [sys.executable, "-m", "faust", "-A", "tests.bench.jobs.faust_pipeline", "-L", "uvloop", "worker"]
    log = stage.folder / "faust-pipeline.log"
    process = running([*argv, "-l", "warn", "--without-web"], log, {"BENCH_ARGUMENTS": arguments})
    return Run(name, f"{name}-orders-changelog", process)
