"""Which processes `orderlog up` starts for which role, and with which settings of their own. Pure."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from streams.settings import Settings
from streams.supervisor.program import Program

INGEST, STREAMS, CONNECTORS, PROJECTIONS = "ingest", "streams", "connectors", "projections"
ROLES = (INGEST, STREAMS, CONNECTORS, PROJECTIONS)
# Faust workers, of which there may be several; ingest has `ingest.processes`, and one reader is enough.
WORKERS = (STREAMS, CONNECTORS)
# What comes first in the flow of a webhook stops first, so that what it wrote is still worked off.
STOP_ORDER = {INGEST: 0, STREAMS: 1, CONNECTORS: 2, PROJECTIONS: 3, "broker": 9}
SECRETS_OF = {INGEST: ("sources",), CONNECTORS: ("targets", "alerts"), PROJECTIONS: ("projections",)}

# Children write JSON: the supervisor can add to it, or make it readable.
CHILD_ENV = {"ORDERLOG__LOG__FORMAT": "json", "PYTHONUNBUFFERED": "1"}

# Monitor ports of further workers: 8082, 8092, …: the roles' own ports are neighbours.
PORT_STEP = 10
STOP_MARGIN_S = 5.0


def command_line(*arguments: str) -> list[str]:
    """How a child runs `orderlog …` with this interpreter, wherever `orderlog` is installed."""
    return [sys.executable, "-m", "streams.cli", *arguments]


def parse_workers(texts: Iterable[str]) -> dict[str, int]:
    """`["streams=2"]` → `{"streams": 2}`. Raises `ValueError` with what is wrong."""
    counts: dict[str, int] = {}
    for text in texts:
        role, _, number = text.partition("=")
        if role == INGEST:
            raise ValueError("ingest shares its port among processes: set ingest.processes")
        if role not in WORKERS:
            raise ValueError(f"{role or text}: workers can be given for {' and '.join(WORKERS)}")
        if not re.fullmatch(r"[1-9]\d?", number):
            raise ValueError(f"{text}: write {role}=N, N from 1 to 99")
        counts[role] = int(number)
    return counts


def programs(
    settings: Settings, roles: Sequence[str], workers: Mapping[str, int], bootstrap: str, hostname: str
) -> list[Program]:
    """The processes of these roles, workers numbered from 0.

    A worker keeps its instance id (static membership), monitor port and folder for as long as it keeps its slot.
    """
    common = {**CHILD_ENV, "ORDERLOG__KAFKA__BOOTSTRAP": bootstrap}
    made: list[Program] = []
    for role in roles:
        if role in WORKERS:
            made += [
                _program(settings, role, f"{role}-{slot}", {**common, **_slot(settings, role, slot, hostname)})
                for slot in range(workers.get(role, 1))
            ]
        else:
            made.append(_program(settings, role, role, common))
    return made


def _program(settings: Settings, role: str, name: str, env: Mapping[str, str]) -> Program:
    longest = {INGEST: settings.ingest.drain_timeout_s}.get(role, settings.streams.commit_timeout_s)
    return Program(name, command_line(role), env, stop_order=STOP_ORDER[role], stop_timeout_s=longest + STOP_MARGIN_S)


def _slot(settings: Settings, role: str, slot: int, hostname: str) -> dict[str, str]:
    section = settings.streams if role == STREAMS else settings.connectors
    base = section.instance or re.sub(r"[^A-Za-z0-9._-]", "-", hostname) or "host"
    port = section.monitor_port + PORT_STEP * slot if section.monitor_port else 0
    prefix = f"ORDERLOG__{role.upper()}"
    return {
        f"{prefix}__INSTANCE": f"{base}-{role}-{slot}",
        f"{prefix}__MONITOR_PORT": str(port),
        "ORDERLOG__STREAMS__DATA_DIR": f"{settings.streams.data_dir}/{role}-{slot}",
    }
