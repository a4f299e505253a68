"""`orderlog up`: all roles on this machine, and a local broker where none is configured."""

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from streams.settings import Settings, check_secrets
from streams.supervisor import plan
from streams.supervisor.output import Output
from streams.supervisor.up import up


def command(
    settings: Settings,
    role: Annotated[list[str] | None, typer.Option(help="Only this role; may be repeated.")] = None,
    workers: Annotated[
        list[str] | None, typer.Option(metavar="ROLE=N", help="N worker processes of streams or connectors.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Where the local broker keeps its data.")] = Path(".orderlog/broker"),
) -> None:
    """Run all roles (or the named ones) until SIGTERM or Ctrl-C; what crashes is started again.

    Starts a local broker first if kafka.bootstrap is not set, and creates the topics. Twice Ctrl-C kills.
    """
    roles = _roles(role)
    try:
        counts = plan.parse_workers(workers or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--workers") from None
    check_secrets(None, os.environ, {section for name in roles for section in plan.SECRETS_OF.get(name, ())})
    console = settings.log.format == "console" or (settings.log.format == "auto" and sys.stderr.isatty())
    output = Output(sys.stderr, console=console)
    sys.exit(asyncio.run(up(settings, roles, counts, data.absolute(), output)))


def _roles(named: Sequence[str] | None) -> list[str]:
    """The named roles, else every role that is installed, in the order in which they start."""
    for name in named or ():
        if name not in plan.ROLES:
            raise typer.BadParameter(f"{name}: one of {', '.join(plan.ROLES)}", param_hint="--role")
    return [name for name in plan.ROLES if (name in named if named else _is_installed(name))]


def _is_installed(role: str) -> bool:
    if role == plan.STREAMS:
        return True
    modules = [point.module for point in entry_points(group="orderlog.commands", name=role)]
    try:
        return any(find_spec(module) is not None for module in modules)
    except ModuleNotFoundError:
        return False
