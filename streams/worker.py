"""A worker of one role in the foreground: a Faust worker with every agent that the role's packages declare."""

from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, NoReturn

import faust
import structlog
import uvloop

from streams.admin import Refused, Unreachable, verify
from streams.runtime.agent import Agent
from streams.runtime.app import build
from streams.runtime.fatal import EXIT_ABORTED
from streams.runtime.monitor import monitor_service
from streams.settings.load import SettingsError
from streams.settings.model import Settings

log = structlog.get_logger(__name__)

Role = Literal["streams", "connectors"]


def discover(settings: Settings, role: Role) -> Sequence[Agent]:
    """The agents of every installed package, by the entry points `orderlog.agents.<role>`."""
    points = sorted(entry_points(group=f"orderlog.agents.{role}"), key=lambda point: point.name)
    agents: Iterable[Agent] = (agent for point in points for agent in point.load()(settings))
    return list(agents)


def app_of(settings: Settings, role: Role) -> faust.App:
    """The role's Faust app, monitor included, not started.

    Raises `SettingsError` where no broker is set or its topics are not as they must be, `Unreachable`, `Refused`.
    """
    if settings.kafka.bootstrap is None:
        raise SettingsError(["kafka.bootstrap is not set: say where the broker is, or use `orderlog up`"])
    if problems := verify(settings):
        raise SettingsError(problems)
    section = settings.streams if role == "streams" else settings.connectors
    Path(settings.streams.data_dir).mkdir(parents=True, exist_ok=True)
    app, assignment = build(settings, role, section.instance, discover(settings, role))
    app.service(monitor_service(section.monitor_host, section.monitor_port, lambda: assignment.ready))
    return app


def run(settings: Settings, role: Role) -> NoReturn:
    """Runs the role until SIGTERM or SIGINT; ends by `SystemExit` (75: an aborted transaction, start it again)."""
    try:
        app = app_of(settings, role)
    except (Unreachable, Refused) as error:
        log.warning("worker cannot start", error=str(error), exit_code=EXIT_ABORTED)
        raise SystemExit(EXIT_ABORTED) from None
    loop = uvloop.new_event_loop()
    app.Worker(loop=loop, loglevel="info").execute_from_commandline()
    raise SystemExit(0)
