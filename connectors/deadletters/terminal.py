"""Where the command's words go: rows to standard output, notes and progress to standard error."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

SHOWN_ON_TERMINAL = 50


class Terminal:
    """`is_ndjson`: standard output is a pipe, or NDJSON was asked for."""

    def __init__(self, is_json_wanted: bool) -> None:
        self.is_ndjson = is_json_wanted or not sys.stdout.isatty()
        self.can_ask = not self.is_ndjson and sys.stdin.isatty()
        self._has_progress = sys.stderr.isatty() and not (self.is_ndjson and sys.stdout.isatty())
        self._console = Console(highlight=False, markup=False)

    def lines(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """NDJSON."""
        for row in rows:
            typer.echo(orjson.dumps(row))

    def print(self, shown: RenderableType) -> None:
        self._console.print(shown)

    def note(self, text: str) -> None:
        """To standard error: what a person should know, without getting in the way of a pipe."""
        typer.echo(text, err=True)

    def ask(self, question: str) -> bool:
        return typer.confirm(question, default=False)

    def shown_max(self, limit: int | None) -> int | None:
        """How many rows to show: None means all."""
        if limit is None:
            return None if self.is_ndjson else SHOWN_ON_TERMINAL
        return limit or None

    @contextmanager
    def progress(self) -> Iterator["Bars"]:
        """A bar for each thing that takes long, where a person looks; gone when it is done."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        bars = Progress(*columns, console=Console(stderr=True), transient=True, disable=not self._has_progress)
        with bars:
            yield Bars(bars)


class Bars:
    """`connectors.deadletters.log.Progress`."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
