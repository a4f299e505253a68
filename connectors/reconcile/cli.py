"""`orderlog reconcile TARGET`: what it should have by our state, against what it shows."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import structlog
import typer

from connectors.deadletters.log import Log, Progress
from connectors.deadletters.selection import moment
from connectors.deadletters.terminal import Terminal
from connectors.pollers.client import PollError
from connectors.reconcile import show
from connectors.reconcile.heal import Plan, plan, publish
from connectors.reconcile.run import Comparison, Result
from connectors.status.reading import Reading, pace_of
from connectors.who import who_asks
from streams.admin.address import bootstrap_of
from streams.admin.errors import Refused, Unreachable
from streams.settings import Settings, SettingsError
from streams.settings.model import Target
from streams.vocabulary import Command

log = structlog.get_logger(__name__)
T = TypeVar("T")

SINCE = timedelta(days=7)
SAME, DIFFERENT, MISUSE, UNREACHABLE = 0, 1, 2, 3


def command(
    settings: Settings,
    target: Annotated[str, typer.Argument(help="The name of a target of kind commerceos.")],
    since: Annotated[
        str | None,
        typer.Option(help="Orders placed since then: ISO 8601, UTC; or 15m, 24h, 30d ago; or all. By default 7d."),
    ] = None,
    heal: Annotated[
        bool, typer.Option("--heal", help="Show which commands would be repeated to mend it; --yes repeats them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --heal: repeat them.")] = False,
    who: Annotated[str | None, typer.Option(help="Who heals; by default the user who runs this.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Show so many differences, 0 is all.")] = None,
    json: Annotated[bool, typer.Option("--json", help="NDJSON, also on a terminal.")] = False,
) -> None:
    """Compare orders, statuses, payments and shipments on both sides.

    What is under way is left out. Into a pipe everything is NDJSON, the summary last.

    Exit code 0: nothing differs, or with --heal --yes everything that does was commanded again; 1: something differs,
    or is not known; 2: wrong use or settings; 3: the broker or the API does not answer, or refuses.
    """
    if yes and not heal:
        raise typer.BadParameter("is for --heal", param_hint="--yes")
    found, bootstrap = chosen(settings, target), bootstrap_of(settings)
    if found.identifiers is None or found.identifiers.channel is None:
        raise SettingsError(
            [f"targets.{target}.identifiers.channel is not set: the orders of a source are found by it"]
        )
    begins, terminal = _begin(since, found, datetime.now(UTC)), Terminal(json)
    try:
        result = _compared(settings, found, begins, terminal)
        _show(terminal, result, limit)
        if not heal or not result.differences:
            raise typer.Exit(SAME if result.is_same else DIFFERENT)
        mended = _heal(bootstrap, target, result, terminal, is_sure=yes, who=who_asks(who))
        raise typer.Exit(DIFFERENT if result.unasked else mended)
    except (PollError, Unreachable, Refused) as error:
        terminal.note(f"{target}: {error}")
        raise typer.Exit(UNREACHABLE) from None


def chosen(settings: Settings, name: str) -> Target:
    """The target of that name. Raises `SettingsError`."""
    found = next((target for target in settings.watched if target.name == name), None)
    if found is None:
        known = ", ".join(target.name for target in settings.watched) or "there is none"
        raise SettingsError([f"no target of kind commerceos has the name {name} (such targets: {known})"])
    return found


def reading_of(target: Target, use: Callable[[Reading], Awaitable[T]]) -> T:
    """What comes of reading `target`'s API, in an event loop of its own."""

    async def used() -> T:
        reading = Reading(target, os.environ, pace_of(target), lambda: datetime.now(UTC))
        try:
            return await use(reading)
        finally:
            await reading.close()

    return asyncio.run(used())


def _begin(given: str | None, target: Target, now: datetime) -> datetime | None:
    if given == "all":
        return None
    if given is None:
        mapping = target.commerceos
        set_so = mapping.reconcile if mapping else None
        return now - (SINCE if set_so is None else timedelta(seconds=set_so.since_s))
    try:
        return moment(given, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


def _compared(settings: Settings, target: Target, since: datetime | None, terminal: Terminal) -> Result:
    with terminal.progress() as bars:
        progress: Progress = bars

        async def compare(reading: Reading) -> Result:
            return await Comparison(settings, target, reading, lambda: datetime.now(UTC), progress).run(since)

        return reading_of(target, compare)


def _show(terminal: Terminal, result: Result, limit: int | None) -> None:
    if result.unchecked:
        terminal.note(f"payment methods were not checked: {result.unchecked}")
    if result.unreadable:
        terminal.note(f"{result.unreadable} state(s) here cannot be read and were passed over")
    if terminal.is_ndjson:
        terminal.lines(show.rows(result))
        return
    terminal.print(show.counts_table(result))
    shown = result.differences[: terminal.shown_max(limit)]
    if shown:
        terminal.print(show.differences_table(shown))
    if left := len(result.differences) - len(shown):
        terminal.note(f"… and {left} more (--limit 0 shows all)")
    if result.unasked:
        terminal.note(f"not asked for: {show.first(result.unasked)}")
    terminal.note(show.said(result))


def _heal(bootstrap: str, target: str, result: Result, terminal: Terminal, *, is_sure: bool, who: str) -> int:
    with terminal.progress() as bars, Log(bootstrap, bars) as commands:
        planned = plan(commands, target, result)
    for difference, why in planned.cannot:
        terminal.note(f"{difference.key}: {difference.kind.value}: cannot be mended by a repeat: {why}")
    if not is_sure:
        if terminal.is_ndjson:
            terminal.lines({"would": "repeat", **show.command_fields(each)} for each in planned.repeats)
        else:
            for each in planned.repeats:
                terminal.note(f"{each.order_key}: would repeat {each.type.value} ({each.id})")
        terminal.note(f"would repeat {len(planned.repeats)} command(s); say --yes to have it done")
        return DIFFERENT
    return _repeat(bootstrap, target, planned, terminal, who)


def _repeat(bootstrap: str, target: str, planned: Plan, terminal: Terminal, who: str) -> int:
    """Each that is written is audited, and no other."""
    done: list[Command] = []

    def acknowledged(each: Command) -> None:
        done.append(each)
        about = {"type": each.type.value, "order_key": each.order_key}
        log.info("command repeated", target=target, command=each.id, who=who, **about)
        if terminal.is_ndjson:
            terminal.lines([{"done": "repeat", **show.command_fields(each)}])

    try:
        publish(bootstrap, target, planned.repeats, acknowledged)
    finally:
        terminal.note(
            f"{len(done)} of {len(planned.repeats)} command(s) repeated; compare again once they are delivered"
        )
    return DIFFERENT if planned.cannot else SAME
