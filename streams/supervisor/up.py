"""Broker, topics, roles: started in this order, stopped in the other."""

import asyncio
import random
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from streams.broker import ports
from streams.settings import Settings
from streams.supervisor import plan
from streams.supervisor.output import Output
from streams.supervisor.program import SETTINGS_MISTAKE, Event, EventKind, Program
from streams.supervisor.supervisor import Supervisor

log = structlog.get_logger(__name__)

BROKER_PORT = 9092
BROKER_STOP_TIMEOUT_S = 40.0
# A first start fetches Kafka by Maven.
BROKER_START_TIMEOUT_S = 600.0
# How `orderlog broker` exits where it cannot be had, and `orderlog topics` where none answers.
NO_BROKER = 3
TOPICS_TIMEOUT_S = 120.0
TOPICS_ATTEMPTS_MAX = 5
CONNECT_EVERY_S = 0.2


async def up(settings: Settings, roles: Sequence[str], workers: Mapping[str, int], data: Path, output: Output) -> int:
    """Runs until SIGTERM or SIGINT, or until a program says that its settings are wrong. Gives the exit code."""
    supervisor = Supervisor(on_event=_log_event, on_line=output.line)
    asked = _listen(supervisor)
    work = asyncio.create_task(_run(supervisor, settings, roles, workers, data))
    waiting = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if asked.is_set():
            work.cancel()
        with suppress(asyncio.CancelledError):
            return await work
        return 0
    finally:
        await supervisor.stop()
        log.info("stopped")


def _listen(supervisor: Supervisor) -> asyncio.Event:
    """The first signal asks for a clean stop, the second kills."""
    asked = asyncio.Event()

    def heard() -> None:
        if asked.is_set():
            supervisor.kill_all()
        asked.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)
    return asked


async def _run(
    supervisor: Supervisor, settings: Settings, roles: Sequence[str], workers: Mapping[str, int], data: Path
) -> int:
    """Does not end by itself while all is well; else gives the exit code."""
    bootstrap = settings.kafka.bootstrap or await _broker(supervisor, data)
    if bootstrap is None:
        return NO_BROKER
    topics = Program("topics", plan.command_line("topics"), {**plan.CHILD_ENV, "ORDERLOG__KAFKA__BOOTSTRAP": bootstrap})
    if code := await _topics(supervisor, topics):
        return code
    for program in plan.programs(settings, roles, workers, bootstrap, socket.gethostname()):
        await supervisor.start(program)
    log.info("up", roles=list(roles), bootstrap=bootstrap)
    event = await supervisor.wait()
    return 0 if event is None or event.code is None else event.code


async def _broker(supervisor: Supervisor, data: Path) -> str | None:
    """Starts the local broker, on a port that it keeps; its address, or None where it cannot be had."""
    port = broker_port(BROKER_PORT)
    argv = plan.command_line("broker", "--data", str(data), "--port", str(port))
    fatal = frozenset({SETTINGS_MISTAKE, NO_BROKER})
    await supervisor.start(
        Program("broker", argv, plan.CHILD_ENV, plan.STOP_ORDER["broker"], BROKER_STOP_TIMEOUT_S, fatal)
    )
    gave_up = asyncio.create_task(supervisor.wait())
    answers = asyncio.create_task(_answers("127.0.0.1", port))
    try:
        await asyncio.wait({gave_up, answers}, timeout=BROKER_START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        return f"127.0.0.1:{port}" if answers.done() else None
    finally:
        gave_up.cancel()
        answers.cancel()


async def _topics(supervisor: Supervisor, topics: Program) -> int:
    """Creates the topics; tries again while the broker may still be waking up. Gives the last exit code."""
    code = 0
    for attempt in range(TOPICS_ATTEMPTS_MAX):
        code = await supervisor.run_once(topics, TOPICS_TIMEOUT_S)
        if code in (0, SETTINGS_MISTAKE):
            break
        await asyncio.sleep(2**attempt / 4)
    return code


async def _answers(host: str, port: int) -> None:
    """Returns as soon as something listens there."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(CONNECT_EVERY_S)
        else:
            writer.close()
            return


def broker_port(preferred: int) -> int:
    """`preferred` where nothing listens on it, else a free one that stays free while the broker is down."""
    return ports.choose(None, preferred, random.SystemRandom())


def _log_event(event: Event) -> None:
    fields = {"program": event.program, "pid": event.pid}
    if event.code is not None:
        fields["code"] = event.code
    if event.delay_s is not None:
        log.warning("restarting", in_s=round(event.delay_s, 3), **fields)
    elif event.kind in (EventKind.FORCED, EventKind.GAVE_UP):
        log.error(event.kind.value, **fields)
    else:
        log.info(event.kind.value, **fields)
