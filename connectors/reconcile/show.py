"""How a comparison is shown: NDJSON for pipes, tables for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from connectors.reconcile.compare import Difference
from connectors.reconcile.run import Result, counts
from streams.vocabulary import Command

KEYS_SHOWN_MAX = 5


def rows(result: Result) -> Iterator[Mapping[str, Any]]:
    """One object for each difference, and the summary as the last."""
    for each in result.differences:
        yield difference_fields(each)
    for key in result.unasked:
        yield {"unasked": key}
    yield {
        "summary": result.target,
        "since": None if result.since is None else result.since.isoformat().replace("+00:00", "Z"),
        "ours": dict(result.ours),
        "theirs": dict(result.theirs),
        "compared": result.compared,
        "under_way": result.under_way,
        "unreadable": result.unreadable,
        "unasked": len(result.unasked),
        **({"methods_unchecked": result.unchecked} if result.unchecked else {}),
        "differences": {kind.value: count for kind, count in counts(result).items() if count},
    }


def difference_fields(each: Difference) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": each.kind.value, "order_key": each.key, "ours": each.ours, "theirs": each.theirs}
    if each.kind.value == "method":
        fields["method"] = fields.pop("order_key")
    return fields | {"repeat": list(each.steps)} | ({"why": each.why} if each.why else {})


def command_fields(command: Command) -> dict[str, Any]:
    return {"command": command.id, "type": command.type.value, "order_key": command.order_key}


def counts_table(result: Result) -> Table:
    """Status → how many orders on each side."""
    table = Table("status", "ours", "theirs", title=f"{result.target}: orders", title_justify="left")
    for status in sorted({*result.ours, *result.theirs}):
        table.add_row(status, str(result.ours[status]), str(result.theirs[status]))
    table.add_row("all", str(sum(result.ours.values())), str(sum(result.theirs.values())))
    return table


def differences_table(shown: Sequence[Difference]) -> Table:
    table = Table("differs", "order or method", "ours", "theirs", "mended by a repeat of", "or")
    for each in shown:
        table.add_row(each.kind.value, each.key, each.ours, each.theirs, ", ".join(each.steps), each.why)
    return table


def first(keys: Sequence[str]) -> str:
    """The first of them."""
    return ", ".join(keys[:KEYS_SHOWN_MAX]) + (f" … (--json: all {len(keys)})" if len(keys) > KEYS_SHOWN_MAX else "")


def said(result: Result) -> str:
    """One line."""
    left = f", {result.under_way} under way and left for the next run" if result.under_way else ""
    unasked = f", {len(result.unasked)} in no page there and not asked for" if result.unasked else ""
    is_blind = result.compared == 0 and result.since is not None and any(result.theirs.values())
    hint = " (older orders: --since all)" if is_blind else ""
    return f"{result.compared} order(s) compared{left}{unasked}: {len(result.differences)} difference(s){hint}"
