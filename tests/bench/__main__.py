"""`python -m tests.bench [--only NAME]… [--quick]`: takes the figures, prints the table, writes bench-results/."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from streams.broker import BrokerError, LocalBroker
from tests.bench import peers, report, topics
from tests.bench.figures import FIGURES, Figure
from tests.bench.lines import Line
from tests.bench.processes import BenchError
from tests.bench.stage import Stage

FULL, QUICK = 1.0, 0.25
REPEATS, QUICK_REPEATS = 3, 1
BUSY_LOAD = 0.7


def main() -> int:
    options = _options()
    console = Console()
    started, clock = datetime.now(UTC), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="orderlog-bench-"))
    stage = Stage(
        bootstrap="",
        folder=folder,
        scale=QUICK if options.quick else FULL,
        repeats=QUICK_REPEATS if options.quick else REPEATS,
        say=lambda text: None,
    )
    names = options.only or list(FIGURES)
    load = os.getloadavg()[0]
    if load > BUSY_LOAD:
        console.print(f"[yellow]this machine is busy (load {load:.1f}): what follows is not to be relied on[/yellow]")
    try:
        with LocalBroker(folder / "broker") as broker:
            stage.bootstrap = broker.bootstrap
            topics.use_the_brokers_clock(broker.bootstrap)
            lines, failures = _take(console, stage, names)
    except BrokerError as error:
        console.print(f"[red]{error}[/red]")
        return 3
    content = report.document(lines, started, time.monotonic() - clock, stage.peers, load)
    file = report.write(report.FOLDER, content, started)
    console.print(report.table(lines))
    for note in report.notes(lines):
        console.print(note, style="dim", highlight=False)
    console.print(f"{time.monotonic() - clock:.0f} s; written to {file}")
    if failures:
        console.print(f"[red]not taken: {', '.join(failures)}; logs are in {folder}[/red]")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(FIGURES), help="take this figure; may be repeated")
    parser.add_argument("--quick", action="store_true", help="one turn, a quarter of the size: a look, not a figure")
    return parser.parse_args()


def _take(console: Console, stage: Stage, names: Sequence[str]) -> tuple[list[Line], list[str]]:
    """The lines, and the names of the figures that could not be taken."""
    lines: list[Line] = []
    failures: list[str] = []
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("the bench", total=len(names))
        for name in names:
            figure = FIGURES[name]
            stage.say = partial(_say, progress, task, figure.title)
            stage.say("getting ready")
            try:
                lines += _figure(console, stage, name, figure)
            except BenchError as error:
                console.print(f"[red]{figure.title}: {error}[/red]")
                failures.append(name)
            progress.advance(task)
    return lines, failures


def _say(progress: Progress, task: TaskID, title: str, text: str) -> None:
    progress.update(task, description=f"{title}: {text}")


def _figure(console: Console, stage: Stage, name: str, figure: Figure) -> Sequence[Line]:
    """Its lines; and where a first mark is missed, a profile that says where the time goes."""
    if figure.needs_peers and not stage.peers:
        stage.say("installing the peers (once)")
        stage.peers = peers.versions(peers.python())
    lines = figure.measure(stage)
    if figure.profile and any(line.verdict == "missed" for line in lines):
        stage.say("a first mark is missed: profiling")
        report.FOLDER.mkdir(exist_ok=True)
        stage.profile = report.FOLDER.absolute() / f"profile-{name}.txt"
        figure.profile(stage)
        console.print(f"{figure.title}: a first mark is missed; where the time goes: {stage.profile}")
        stage.profile = None
    return lines


if __name__ == "__main__":
    sys.exit(main())
