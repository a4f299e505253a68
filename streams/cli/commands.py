"""Which commands there are, and how one is made of a plain function when it is called, not before.

`orderlog --help` imports none of them, and one that cannot be imported does not break the others.
"""

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

GROUP = "orderlog.commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """`reference` is `module:function`; `help` is the line in `orderlog --help`."""

    reference: str
    help: str


OWN: Mapping[str, Entry] = {
    "demo": Entry("streams.demo.cli:command", "Show it all on this machine: broker, roles, traffic, kills, a summary."),
    "up": Entry("streams.supervisor.cli:command", "Run all roles (or the named ones), supervised."),
    "streams": Entry("streams.cli.worker:command", "Run the role streams: normalise, fold, decide, exactly once."),
    "broker": Entry("streams.broker.cli:command", "Run a local single-node Kafka."),
    "topics": Entry("streams.admin.cli:command", "Create the topics that the settings need, or check them."),
    "config": Entry("streams.cli.config:command", "Show the effective settings, secrets masked, or check them."),
    "schema": Entry("streams.cli.schema:command", "Print the JSON Schemas, or the AsyncAPI document, of all records."),
    "version": Entry("streams.cli.version:command", "Print the version."),
}
HELP = {
    "ingest": "Run the role ingest: webhooks in, over HTTP.",
    "connectors": "Run the role connectors: commands out, to the targets.",
    "projections": "Run the role projections: dead letters, read and decided about over HTTP.",
    "alerts": "Have a message sent, to see that alerts arrive.",
    "poll": "Ask a source's API for its orders now, or CommerceOS for its statuses.",
    "deadletters": "List, show, redrive, discard or audit what was given up.",
    "reconcile": "Compare what a CommerceOS should have with what it shows; mend what a repeat can mend.",
    "payment-methods": "List a CommerceOS' payment methods, and which of our words become which.",
    "verify": "Say why the signature of a webhook fails, from its headers and its body.",
    "sandbox": "Run stand-in downstream APIs, with fault injection.",
}


def available() -> dict[str, Entry]:
    """Every command: our own, and those that other packages declare as entry points."""
    found = {
        point.name: Entry(point.value, HELP.get(point.name, f"From {point.module}."))
        for point in entry_points(group=GROUP)
    }
    return {**OWN, **dict(sorted(found.items()))}


class LazyGroup(TyperGroup):
    """Shows a stub for each command and puts the real one in its place when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._entries = available()
        for name, entry in self._entries.items():
            self.add_command(TyperCommand(name, help=entry.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub if name is None else build(name, self._entries[name]), rest


def build(name: str, entry: Entry) -> Any:
    """The click command that calls the function of `entry`. Raises `typer.Exit` (2) where it cannot be imported."""
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name, help=None)(inject_settings(name, _import(name, entry.reference)))
    return typer.main.get_command(single)


def inject_settings(role: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the first parameter is `settings`: loads them, configures logging, and hides the parameter from typer."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if not parameters or parameters[0].name != "settings":
        return function

    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        from streams import log
        from streams.settings import load

        settings = load(None, os.environ)
        log.configure(settings.log.format, settings.log.level, role)
        return function(settings, *args, **options)

    hints = get_type_hints(function, include_extras=True)
    hidden = [parameter.replace(annotation=hints[parameter.name]) for parameter in parameters[1:]]
    command.__signature__ = signature.replace(parameters=hidden)  # type: ignore[attr-defined]
    command.__annotations__ = {name: hint for name, hint in hints.items() if name != "settings"}
    del command.__wrapped__  # typing.get_type_hints would look through it
    return command


def _import(name: str, reference: str) -> Callable[..., Any]:
    module, _, attribute = reference.partition(":")
    try:
        function: Callable[..., Any] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        typer.echo(f"orderlog {name} cannot be loaded ({reference}): {error}", err=True)
        raise typer.Exit(2) from None
    return function
