"""`orderlog payment-methods TARGET`: which payment methods there are, and which of our words become which."""

from typing import Annotated

import typer
from rich.table import Table

from connectors.deadletters.terminal import Terminal
from connectors.pollers.client import PollError
from connectors.reconcile.cli import DIFFERENT, SAME, UNREACHABLE, chosen, reading_of
from connectors.reconcile.methods import listed_methods, mapped, missing
from streams.settings import Settings


def command(
    settings: Settings,
    target: Annotated[str, typer.Argument(help="The name of a target of kind commerceos.")],
    json: Annotated[bool, typer.Option("--json", help="NDJSON, also on a terminal.")] = False,
) -> None:
    """List the payment methods of a CommerceOS, and which of the configured words become each.

    Exit code 0: every configured method exists; 1: one does not; 2: wrong use or settings; 3: the API does not answer,
    or refuses.
    """
    found, terminal = chosen(settings, target), Terminal(json)
    try:
        listed = reading_of(found, listed_methods)
    except PollError as error:
        terminal.note(f"{target}: {error}")
        raise typer.Exit(UNREACHABLE) from None
    configured = mapped(found)
    rows = [
        {"method": id, "name": listed.get(id), "words": list(configured.get(id, ())), "exists": id in listed}
        for id in sorted({*listed, *configured})
    ]
    if terminal.is_ndjson:
        terminal.lines(rows)
    else:
        table = Table("method", "name", "our words", "exists")
        for row in rows:
            words = ", ".join(configured.get(str(row["method"]), ()))
            table.add_row(str(row["method"]), str(row["name"] or ""), words, "yes" if row["exists"] else "NO")
        terminal.print(table)
    unknown = missing(configured, listed)
    for method, ours in unknown.items():
        terminal.note(f"{method} does not exist there ({', '.join(ours)}): see commerceos.payment_methods")
    raise typer.Exit(DIFFERENT if unknown else SAME)
