"""`orderlog topics [--check]`."""

import sys
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from streams.admin.plan import Drift, Kind, refusal, wanted_topics
from streams.admin.topics import Unreachable, create, drifts
from streams.settings.errors import SettingsError
from streams.settings.model import Settings

EXIT_DRIFT, EXIT_REFUSED, EXIT_UNREACHABLE = 1, 1, 3


def command(
    settings: Settings,
    check: Annotated[bool, typer.Option("--check", help="Report differences, change nothing.")] = False,
) -> None:
    """Create the topics that the settings need, or check them. Exit codes: 1 they differ, 3 no broker answers."""
    if settings.kafka.bootstrap is None:
        raise SettingsError(["kafka.bootstrap is not set: say where the broker is"])
    try:
        found = drifts(settings) if check else create(settings)
    except Unreachable as error:
        print(error, file=sys.stderr)
        raise SystemExit(EXIT_UNREACHABLE) from None
    except KafkaException as error:
        print(f"the broker refuses: {error.args[0].str()}", file=sys.stderr)
        raise SystemExit(EXIT_REFUSED) from None
    if not found:
        print(f"{len(wanted_topics(settings))} topics are as they should be")
        return
    if check:
        _print(found)
        raise SystemExit(EXIT_DRIFT)
    states = {topic.name for topic in wanted_topics(settings) if topic.is_state}
    for drift in found:
        print(refusal(drift, drift.topic in states), file=sys.stderr)
    if any(drift.kind is not Kind.REPLICATION for drift in found):
        raise SystemExit(EXIT_REFUSED)


def _print(found: list[Drift]) -> None:
    shown = Table("topic", "setting", "wanted", "found")
    for drift in found:
        shown.add_row(drift.topic, drift.what, drift.wanted, drift.found)
    Console().print(shown)
