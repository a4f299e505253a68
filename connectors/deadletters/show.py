"""Dead letters and decisions as NDJSON for pipes and as tables for people. Pure.

On a terminal nothing that others sent is let through as it is: an answer's bytes could steer the terminal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from connectors.deadletters.model import Decision, Letter, State
from streams.vocabulary import DeadLetter

_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


def plain(text: str) -> Text:
    """Without anything that a terminal would obey."""
    return Text("".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text))


def brief(letter: Letter) -> dict[str, Any]:
    """What names a dead letter."""
    return {
        "id": letter.id,
        "type": letter.type.value,
        "target": letter.target,
        "order_key": letter.order_key,
        "receipt": letter.receipt,
    }


def fields(letter: Letter) -> dict[str, Any]:
    """A row of the listing: no customer data."""
    return brief(letter) | {
        "state": letter.state.value,
        "holds_order": letter.state is State.HOLDING,
        "reason": letter.reason,
        "error": letter.error,
        "http_status": letter.http_status,
        "attempts": letter.attempts,
        "redrives": letter.redrives,
        "behind": letter.behind,
        "at": letter.at,
        "decided": decision_fields(letter.decided) if letter.decided else None,
    }


def decision_fields(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.verb.value,
        "who": decision.who,
        "why": decision.why,
        "at": decision.at,
    }


def audit_fields(decision: Decision, is_taken_up: bool) -> dict[str, Any]:
    """A row of the audit."""
    return decision_fields(decision) | {
        "id": decision.command_id,
        "type": decision.type,
        "target": decision.target,
        "order_key": decision.order_key,
        "reason": decision.reason,
        "error": decision.error,
        "taken_up": is_taken_up,
        "record": str(decision.place),
    }


def whole_fields(letter: Letter, whole: DeadLetter | None, decisions: Sequence[Decision]) -> dict[str, Any]:
    """All that is known: the letter as it lies in the topic, where it is still kept, and what became of it."""
    kept = whole.to_dict() if whole is not None else {}
    decided = [decision_fields(each) for each in decisions]
    return fields(letter) | kept | {"state": letter.state.value, "decisions": decided}


def letters_table(letters: Sequence[Letter]) -> Table:
    table = Table("died (UTC)", "state", "target", "order", "what", "why", "tries", "behind", "id")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[-1].no_wrap = True  # to be copied
    for each in letters:
        why = ": ".join(part for part in (each.reason, each.error) if part)
        row = (_when(each.at), _state(each), each.target, each.order_key, each.type.value, why)
        table.add_row(*map(plain, row), str(each.attempts), str(each.behind), plain(each.id))
    return table


def decisions_table(decisions: Iterable[tuple[Decision, bool]]) -> Table:
    table = Table("decided (UTC)", "who", "what", "why", "of", "order", "target", "taken up", "id")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[-1].no_wrap = True
    for each, is_taken_up in decisions:
        of = ": ".join(part for part in (each.type, each.reason, each.error) if part)
        row = (_when(each.at), each.who, each.verb.value, each.why, of, each.order_key, each.target)
        table.add_row(*map(plain, row), "yes" if is_taken_up else "not yet", plain(each.command_id))
    return table


def page(letter: Letter, whole: DeadLetter | None, decisions: Sequence[Decision]) -> RenderableType:
    """One dead letter, for a person."""
    facts = Table.grid(padding=(0, 2))
    for name, value in fields(letter).items():
        if value is not None and name != "decided":
            facts.add_row(Text(name, style="bold"), plain(_when(value) if name == "at" else str(value)))
    for each in decisions:
        said = f"{each.verb} by {each.who}, {_when(each.at)} UTC: {each.why}"
        facts.add_row(Text("decided", style="bold"), plain(said))
    parts: list[RenderableType] = [facts]
    if whole is None:
        return Group(*parts, Text("\nThe letter itself is no longer kept."))
    parts += [Text("\ncommand", style="bold"), plain(orjson.dumps(whole.command.to_dict(), option=_INDENTED).decode())]
    if exchange := whole.exchange:
        status = "no answer" if exchange.status is None else f"HTTP {exchange.status}"
        parts += [
            Text(f"\nthe last attempt, {_when(exchange.at)} UTC", style="bold"),
            plain(f"{exchange.method} {exchange.url}\n{_headers(exchange.request_headers)}\n\n{exchange.request_body}"),
            Text(f"\n{status}", style="bold"),
            plain(f"{_headers(exchange.response_headers or {})}\n\n{exchange.response_body or exchange.error or ''}"),
        ]
    return Group(*parts, "")


def count(letters: Sequence[Letter]) -> str:
    """How many, of which targets, and what waits behind them."""
    of = Counter(each.target for each in letters)
    behind = sum(each.behind for each in letters)
    targets = ", ".join(f"{target} {number}" for target, number in sorted(of.items()))
    waiting = f"; {behind} later command(s) wait behind them" if behind else ""
    return f"{len(letters)} dead letter(s) ({targets}){waiting}" if letters else "no dead letters"


def _state(letter: Letter) -> str:
    decided = letter.decided
    return f"{letter.state}, {decided.verb} decided by {decided.who}" if decided else letter.state.value


def _headers(headers: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
