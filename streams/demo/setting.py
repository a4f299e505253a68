"""The configuration of a run: made up on the spot, with secrets that are used once."""

import random
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from streams.cli import toml
from streams.demo.sign import TOKEN_HEADER
from streams.demo.webhook import DUDA, SELLDONE

TARGET = "external"
HOST = "127.0.0.1"
PARTITIONS = 4
# Below the ports that the kernel gives to outgoing connections: a port found free here stays free.
PORTS = range(20_000, 30_000)
PROBES_MAX = 200
USUAL_PORTS = {"ingest": 8080, "streams": 8082, "connectors": 8083, "sandbox": 8091, "broker": 9092}

SECRET_NAMES = {DUDA: "ORDERLOG_DEMO_DUDA", SELLDONE: "ORDERLOG_DEMO_SELLDONE", TARGET: "ORDERLOG_DEMO_EXTERNAL"}


@dataclass(frozen=True, slots=True)
class Setting:
    """`ports`: by part. `secrets`: by source, and the target's token. `app_id` is new in every run."""

    app_id: str
    ports: Mapping[str, int]
    secrets: Mapping[str, bytes]

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"

    def env(self) -> dict[str, str]:
        """The secrets, for the processes' environment."""
        return {SECRET_NAMES[name]: secret.decode() for name, secret in self.secrets.items()}


def make(*, usual_ports: bool) -> Setting:
    """`usual_ports`: the documented ones where they are free, for a run that people will look at."""
    return Setting(
        app_id=f"orderlog-demo-{token_hex(4)}",
        ports=free_ports(USUAL_PORTS if usual_ports else dict.fromkeys(USUAL_PORTS, 0)),
        secrets={name: token_hex(16).encode() for name in SECRET_NAMES},
    )


def free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """A different free port for each part, the wanted one (0: any) where it is free. Raises `OSError`."""
    found: dict[str, int] = {}
    for part, port in wanted.items():
        candidates = [*([port] if port else []), *random.sample(PORTS, PROBES_MAX)]
        found[part] = next((c for c in candidates if c not in found.values() and _is_free(c)), 0)
        if not found[part]:
            raise OSError(f"no free port on {HOST} for {part}")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def document(setting: Setting, bootstrap: str, data: Path) -> str:
    """The `orderlog.toml` of the run: two sources, one target, one route."""
    tables: dict[str, Any] = {
        "kafka": {"bootstrap": bootstrap, "partitions": PARTITIONS, "replication": 1},
        "ingest": {"host": HOST, "port": setting.ports["ingest"]},
        "streams": {
            "app_id": setting.app_id,
            "monitor_host": HOST,
            "monitor_port": setting.ports["streams"],
            "data_dir": str(data / "streams"),
        },
        "connectors": {"monitor_host": HOST, "monitor_port": setting.ports["connectors"]},
        "sources": [
            _source(DUDA, {"scheme": "duda-hmac", "secrets": [f"env:{SECRET_NAMES[DUDA]}"]}),
            _source(
                SELLDONE, {"scheme": "token", "header": TOKEN_HEADER, "secrets": [f"env:{SECRET_NAMES[SELLDONE]}"]}
            ),
        ],
        "targets": [
            {
                "name": TARGET,
                "kind": "external",
                "base_url": setting.url("sandbox"),
                "auth": {"scheme": "bearer", "token": f"env:{SECRET_NAMES[TARGET]}"},
                "rate_per_second": 500,
                "retry_delays_s": [0, 0.2, 0.5, 1, 2, 5, 10],
            }
        ],
        "routes": [{"from": [DUDA, SELLDONE], "to": [TARGET]}],
    }
    return toml.dumps(tables)


def _source(name: str, auth: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "platform": name, "auth": auth}
