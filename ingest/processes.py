"""Several processes on one port: the kernel deals out connections, this one keeps the others alive.

The parent holds the port (bound, never listening, so it is dealt none) and a folder in which the children keep their
metrics; a scrape that reaches any of them is answered for all.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import structlog
import uvloop
from prometheus_client.multiprocess import mark_process_dead

from streams import listener
from streams.settings import Settings
from streams.supervisor import Event, EventKind, Program, Supervisor

logger = structlog.get_logger("orderlog.ingest.processes")

SETTINGS_VARIABLE = "ORDERLOG_INGEST_CHILD"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
STOP_MARGIN_S = 5.0


def run(settings: Settings, bound: socket.socket) -> int:
    """Runs until SIGTERM or SIGINT, or until a child says that its settings are wrong. Gives the exit code."""
    metrics = Path(tempfile.mkdtemp(prefix="orderlog-ingest-"))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_supervise(settings, bound, metrics))
    finally:
        shutil.rmtree(metrics, ignore_errors=True)


async def _supervise(settings: Settings, bound: socket.socket, metrics: Path) -> int:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    supervisor = Supervisor(
        on_event=lambda event: _note(event, metrics), on_line=lambda _, line: print(line, file=sys.stderr, flush=True)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    env = _environment(settings, bound, metrics)
    for slot in range(settings.ingest.processes):
        await supervisor.start(_program(f"ingest-{slot}", settings, env))
    logger.info("listening", url=listener.url(bound), processes=settings.ingest.processes)
    gave_up = asyncio.create_task(supervisor.wait())
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({gave_up, waiting}, return_when=asyncio.FIRST_COMPLETED)
    event = gave_up.result() if gave_up.done() else None
    await supervisor.stop()
    waiting.cancel()
    await gave_up
    return event.code or 0 if event is not None else 0


def _program(name: str, settings: Settings, env: Mapping[str, str]) -> Program:
    argv = (sys.executable, "-m", "ingest.child")
    return Program(name, argv, env, stop_timeout_s=settings.ingest.drain_timeout_s + STOP_MARGIN_S)


def _environment(settings: Settings, bound: socket.socket, metrics: Path) -> dict[str, str]:
    """The settings with the port that was really bound; they name secrets and hold none."""
    form = "console" if settings.log.format == "auto" and sys.stderr.isatty() else settings.log.format
    port = bound.getsockname()[1]
    child = settings.model_copy(
        update={
            "ingest": settings.ingest.model_copy(update={"port": port}),
            "log": settings.log.model_copy(update={"format": form}),
        }
    )
    return {SETTINGS_VARIABLE: child.model_dump_json(by_alias=True), METRICS_VARIABLE: str(metrics)}


def _note(event: Event, metrics: Path) -> None:
    if event.kind is EventKind.EXITED:
        mark_process_dead(event.pid, str(metrics))  # type: ignore[no-untyped-call]
    if event.kind in (EventKind.RESTARTING, EventKind.GAVE_UP, EventKind.FORCED):
        logger.error(event.kind.value, program=event.program, pid=event.pid, code=event.code, in_s=event.delay_s)


def settings_of_child() -> Settings:
    """What the parent handed over. Raises `KeyError` in a process that has no such parent."""
    return Settings.model_validate_json(os.environ[SETTINGS_VARIABLE])
