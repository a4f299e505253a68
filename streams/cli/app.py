"""The typer application: global options, commands found by name, mistakes told in one place."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.commands import LazyGroup

CONFIG_VARIABLE = "ORDERLOG_CONFIG"

# Tracebacks of typer and rich show local variables, which hold secrets and bodies.
app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def options(
    config: Annotated[
        Path | None,
        typer.Option(envvar=CONFIG_VARIABLE, help="The settings; by default ./orderlog.toml, if there is one."),
    ] = None,
) -> None:
    """Order webhooks into Kafka, one state per order, each downstream effect once."""
    if config is not None:
        # So that processes started from here, and Faust's app module, read the same file.
        os.environ[CONFIG_VARIABLE] = str(config.absolute())


def main() -> None:
    """Runs one command. Mistakes in the settings go to stderr, one line each, with exit code 2."""
    try:
        app(prog_name="orderlog")
    except Exception as error:
        mistakes = _mistakes(error)
        if mistakes is None:
            raise
        print(mistakes, file=sys.stderr)
    sys.exit(2)


def _mistakes(error: Exception) -> str | None:
    """What to tell where it was the settings, else None. They are imported this late to keep `--help` fast."""
    from streams.settings import SettingsError

    return str(error) if isinstance(error, SettingsError) else None
