"""`orderlog demo`: the whole of it on this machine, and a verdict."""

import asyncio
import os
import signal
import sys
from typing import Annotated

import typer
from rich.console import Console

from streams.demo.options import Options, Victim
from streams.settings import Settings

INTERRUPTED = 130


def command(
    settings: Settings,
    events: Annotated[int, typer.Option(min=5, max=1_000_000, help="How many webhooks.")] = 3000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same webhooks.")] = 1,
    rate: Annotated[float, typer.Option(min=1, max=100_000, help="Webhooks a second.")] = 200,
    kill: Annotated[
        list[Victim] | None, typer.Option(help="What is killed with SIGKILL on the way; may be repeated.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as the last line, in JSON.")] = False,
) -> None:
    """Broker, roles, stand-in platforms, real HTTP traffic, a SIGKILL, and whether anything was lost or doubled.

    Uses kafka.bootstrap where it is set (and its topics do not exist yet), else a local broker. Exit code 0 only if
    lost = doubled = 0.
    """
    victims = tuple(kill) if kill else (Victim.WORKER,)
    if settings.kafka.bootstrap is not None and Victim.BROKER in victims:
        raise typer.BadParameter("only a broker of our own can be killed: unset kafka.bootstrap", param_hint="--kill")
    options = Options(events, seed, rate, victims, keep, json)
    # The processes of the run get a configuration of their own; ours must not seep into it.
    for name in [name for name in os.environ if name.startswith("ORDERLOG__")]:
        del os.environ[name]
    console = Console(stderr=json)
    sys.exit(asyncio.run(_until_signalled(options, settings.kafka.bootstrap, console)))


async def _until_signalled(options: Options, bootstrap: str | None, console: Console) -> int:
    """The first signal asks for a clean end, the second kills."""
    from streams.demo.stage import Stage

    stage = Stage(options, bootstrap, console)
    work = asyncio.create_task(stage.play())

    def heard() -> None:
        if stage.is_ending:
            stage.kill_all()
        else:
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, heard)
    try:
        return await work
    except asyncio.CancelledError:
        return INTERRUPTED
