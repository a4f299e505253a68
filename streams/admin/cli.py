"""`orderlog topics [--check]`."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.admin.address import bootstrap_of
from streams.admin.errors import Refused, Unreachable
from streams.admin.plan import Drift, Kind, Remedy, wanted_topics
from streams.admin.topics import create, drifts
from streams.settings.model import Settings

EXIT_DRIFT, EXIT_REFUSED, EXIT_UNREACHABLE = 1, 1, 3


def command(
    settings: Settings,
    check: Annotated[bool, typer.Option("--check", help="Report differences, change nothing.")] = False,
) -> None:
    """Create the topics that the settings need, mend what is safe to mend; or check them.

    Exit code 1: with --check they differ, else something is left that only a person may mend; 3: no broker answers.
    """
    bootstrap_of(settings)
    try:
        code = _check(settings) if check else _create(settings)
    except Unreachable as error:
        print(error, file=sys.stderr)
        code = EXIT_UNREACHABLE
    except Refused as error:
        print(error, file=sys.stderr)
        code = EXIT_REFUSED
    raise SystemExit(code)


def _check(settings: Settings) -> int:
    if found := drifts(settings):
        Console().print(_table(found))
        return EXIT_DRIFT
    _print_fine(settings)
    return 0


def _create(settings: Settings) -> int:
    done = create(settings)
    for drift in done.mended:
        is_new = drift.kind is Kind.MISSING
        print(f"{drift.topic}: created" if is_new else f"{drift.topic}: {drift.what} {drift.found} → {drift.wanted}")
    for drift in done.left:
        print(drift, file=sys.stderr)
    if any(drift.remedy is Remedy.REFUSE for drift in done.left):
        return EXIT_REFUSED
    if not done.left:
        _print_fine(settings)
    return 0


def _print_fine(settings: Settings) -> None:
    print(f"{len(wanted_topics(settings))} topics are as they should be")


def _table(found: Sequence[Drift]) -> Table:
    shown = Table("topic", "setting", "wanted", "found", "orderlog topics would")
    for drift in found:
        shown.add_row(drift.topic, drift.what, drift.wanted, drift.found, f"{drift.remedy} it")
    return shown
