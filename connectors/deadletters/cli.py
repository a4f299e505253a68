"""`orderlog deadletters list | show | redrive | discard | audit`."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from connectors.deadletters.actions import UNREACHABLE, Ask, Desk
from connectors.deadletters.model import OPEN, State, Verb
from connectors.deadletters.selection import Selection, moment
from connectors.deadletters.terminal import Terminal
from connectors.who import who_asks
from streams.admin.address import bootstrap_of
from streams.admin.errors import Refused, Unreachable
from streams.settings import Settings
from streams.vocabulary import CommandType

WHY_CHARS_MAX = 1000
_TYPES = tuple(each.value for each in CommandType if each not in {verb.command_type for verb in Verb})


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    SHOW = "show"
    REDRIVE = "redrive"
    DISCARD = "discard"
    AUDIT = "audit"

    @property
    def verb(self) -> Verb | None:
        return Verb(self.value) if self in (Action.REDRIVE, Action.DISCARD) else None


def command(
    settings: Settings,
    action: Annotated[Action, typer.Argument()],
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Of commands, as `list` shows them.")
    ] = None,
    order: Annotated[list[str] | None, typer.Option(help="Of this order (its key). Options may be repeated.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Of this target.")] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Given up for this: rejected, retries-exhausted, unprocessable.")
    ] = None,
    type: Annotated[list[str] | None, typer.Option(help=f"Commands of this type: {', '.join(_TYPES)}.")] = None,
    state: Annotated[
        list[State] | None, typer.Option(help="In this state; without it, what waits for an operator.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Dead (audit: decided) since then: ISO 8601, UTC; or 15m, 24h, 7d ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Dead (audit: decided) before then.")] = None,
    all: Annotated[
        bool, typer.Option("--all", help="list, show: in whatever state. redrive, discard: every one.")
    ] = False,
    why: Annotated[str | None, typer.Option(help="Kept with the decision; redrive and discard demand it.")] = None,
    who: Annotated[str | None, typer.Option(help="Who decides; by default the user who runs this.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it to all that match without asking.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Show so many, 0 is all; redrive and discard act on all that match.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="NDJSON, also on a terminal.")] = False,
) -> None:
    """Commands that were given up: list them, show them whole, send them again, let their orders go on without them.

    `redrive` has a command sent again with the same idempotency key, before the order's later ones; `discard` drops it;
    `audit` says who decided what, and why. Into a pipe everything is NDJSON.

    Exit code 0: done; 1: nothing matches, or not all that was named; 2: wrong use, or --yes is missing; 3: no broker
    answers, or it refuses.
    """
    bootstrap = bootstrap_of(settings)
    now = datetime.now(UTC)
    selection = Selection(
        ids=frozenset(ids or ()),
        orders=frozenset(order or ()),
        targets=frozenset(target or ()),
        reasons=frozenset(reason or ()),
        types=_types(type or ()),
        states=_states(action, frozenset(state or ()), all, bool(ids)),
        since=_moment(since, now, "--since"),
        until=_moment(until, now, "--until"),
    )
    _check(action, selection, all or bool(state), is_decided=dry_run or yes or why is not None or who is not None)
    verb = action.verb
    ask = Ask(
        selection,
        limit,
        dry_run,
        yes,
        who_asks(who) if verb and not dry_run else "",
        _why(why) if verb and not dry_run else "",
    )
    desk = Desk(settings, bootstrap, Terminal(json), lambda: datetime.now(UTC))
    raise typer.Exit(_done(desk, action, ask))


def _done(desk: Desk, action: Action, ask: Ask) -> int:
    try:
        if verb := action.verb:
            return desk.decide(verb, ask)
        return {Action.LIST: desk.overview, Action.SHOW: desk.show, Action.AUDIT: desk.audit}[action](ask)
    except (Unreachable, Refused) as error:
        desk.terminal.note(str(error))
        return UNREACHABLE


def _check(action: Action, selection: Selection, is_told: bool, is_decided: bool) -> None:
    if action.verb is None and is_decided:
        raise typer.BadParameter(f"{action} takes no --why, --who, --dry-run or --yes", param_hint=action)
    if action is Action.AUDIT and is_told:
        raise typer.BadParameter("audit takes no --state and no --all", param_hint=action)
    is_vague = not selection.is_narrowed and not is_told
    if action in (Action.REDRIVE, Action.DISCARD, Action.SHOW) and is_vague:
        raise typer.BadParameter(f"say which: {action} ID, or --target, --order, …, or --all", param_hint=action)
    since, until = selection.since, selection.until
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("--until is not later than --since", param_hint="--until")


def _states(action: Action, given: frozenset[State], is_all: bool, has_ids: bool) -> frozenset[State]:
    """Empty: whatever the state."""
    if action.verb is not None:
        if given - OPEN:
            ended = ", ".join(sorted(given - OPEN))
            raise typer.BadParameter(f"nothing can be decided about what is {ended}", param_hint="--state")
        return given or OPEN
    if given and is_all:
        raise typer.BadParameter("--all is whatever the state", param_hint="--state")
    return given or (frozenset() if is_all or has_ids else OPEN)


def _types(given: list[str] | tuple[()]) -> frozenset[str]:
    if unknown := sorted(set(given) - set(_TYPES)):
        raise typer.BadParameter(f"no command is of the type {unknown[0]}: {', '.join(_TYPES)}", param_hint="--type")
    return frozenset(given)


def _moment(text: str | None, now: datetime, option: str) -> datetime | None:
    try:
        return None if text is None else moment(text, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _why(given: str | None) -> str:
    if not (text := (given or "").strip()):
        raise typer.BadParameter("say why: it is kept with the decision", param_hint="--why")
    return _short(text, WHY_CHARS_MAX, "--why")


def _short(text: str, chars_max: int, option: str) -> str:
    if len(text) > chars_max:
        raise typer.BadParameter(f"{len(text)} characters, {chars_max} at most", param_hint=option)
    return text
