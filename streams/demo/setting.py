"""The configuration of a run: made up on the spot, with secrets that are used once."""

import random
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from streams import topics
from streams.cli import toml
from streams.demo.platforms import PLATFORMS, store
from streams.demo.webhook import APICBASE, COMMERCEOS, EXTERNAL, QUICKBUTIK, SOURCES, STORE

TARGET = EXTERNAL
HOST = "127.0.0.1"
PARTITIONS = 4
# Below the ports that the kernel gives to outgoing connections: a port found free here stays free.
PORTS = range(20_000, 30_000)
PROBES_MAX = 200
USUAL_PORTS = {"ingest": 8080, "streams": 8082, "connectors": 8083, "sandbox": 8091, "broker": 9092}

# The stand-in of Apicbase's API: whom it knows, and what a person once allowed.
API_CLIENT, API_CLIENT_SECRET, API_REFRESH_TOKEN = "sandbox-client", "apicbase-client", "apicbase-refresh"
# The key of Quickbutik's API, and the secret of our client at CommerceOS.
API_KEY, CLIENT_SECRET = "quickbutik-api", "commerceos-api"
CLIENT_ID = "orderlog-demo"

SECRET_NAMES = {
    name: f"ORDERLOG_DEMO_{name.upper().replace('-', '_')}"
    for name in (*SOURCES, TARGET, API_KEY, CLIENT_SECRET, API_CLIENT_SECRET, API_REFRESH_TOKEN)
}


@dataclass(frozen=True, slots=True)
class Setting:
    """`ports`: by part. `secrets`: by source, target and API. `app_id` is new in every run."""

    app_id: str
    ports: Mapping[str, int]
    secrets: Mapping[str, bytes]
    sources: Sequence[str] = SOURCES

    @property
    def polled(self) -> tuple[str, ...]:
        return tuple(source for source in self.sources if source == APICBASE)

    @property
    def targets(self) -> tuple[str, ...]:
        """Where orders go, and where they are fetched from."""
        fulfilling = (COMMERCEOS,) if STORE in self.sources else ()
        return (TARGET, *fulfilling, *(source for source in self.sources if source == QUICKBUTIK))

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic of the run."""
        observed = [target for target in self.targets if target == COMMERCEOS]
        return tuple(topic.name for topic in topics.table(self.sources, self.targets, self.polled, observed))

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"

    def env(self) -> dict[str, str]:
        """The secrets, for the processes' environment."""
        return {SECRET_NAMES[name]: secret.decode() for name, secret in self.secrets.items()}


def make(*, usual_ports: bool, sources: Sequence[str] = SOURCES) -> Setting:
    """`usual_ports`: the documented ones where they are free, for a run that people will look at."""
    return Setting(
        app_id=f"orderlog-demo-{token_hex(4)}",
        ports=free_ports(USUAL_PORTS if usual_ports else dict.fromkeys(USUAL_PORTS, 0)),
        secrets={name: token_hex(16).encode() for name in SECRET_NAMES},
        sources=sources,
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
    """The `orderlog.toml` of the run: all sources, one target for all their orders, one more for the store's, and one
    to fetch orders from."""
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
        "sources": [_source(setting, name) for name in setting.sources],
        "targets": [_target(setting, name) for name in setting.targets],
        "routes": [{"from": list(setting.sources), "to": [TARGET]}],
    }
    if COMMERCEOS in setting.targets:
        tables["routes"].append({"from": [STORE], "to": [COMMERCEOS]})
    return toml.dumps(tables)


def _source(setting: Setting, name: str) -> dict[str, Any]:
    table = {"name": name, **PLATFORMS[name].settings(f"env:{SECRET_NAMES[name]}")}
    return table | ({"poll": _poll(setting)} if name in setting.polled else {})


def _target(setting: Setting, name: str) -> dict[str, Any]:
    table = {
        "name": name,
        "kind": name,
        "base_url": setting.url("sandbox"),
        "auth": _auth(setting, name),
        "rate_per_second": 100 if name == COMMERCEOS else 500,
        "retry_delays_s": [0, 0.2, 0.5, 1, 2, 5, 10],
    }
    return table | (_commerceos() if name == COMMERCEOS else {})


def _auth(setting: Setting, name: str) -> dict[str, str]:
    if name == TARGET:
        return {"scheme": "bearer", "token": f"env:{SECRET_NAMES[TARGET]}"}
    if name == QUICKBUTIK:
        return {"scheme": "basic", "password": f"env:{SECRET_NAMES[API_KEY]}"}
    return {
        "scheme": "oauth2",
        "token_url": f"{setting.url('sandbox')}/oauth2/token",
        "client_id": CLIENT_ID,
        "client_secret": f"env:{SECRET_NAMES[CLIENT_SECRET]}",
    }


def _commerceos() -> dict[str, Any]:
    names = {"order": "order-id", "channel": "channel", "sku": "sku"}
    names |= {role: f"{role}-id" for role in ("company", "customer", "store")}
    return {
        "identifiers": {role: f"com.acme.{name}" for role, name in names.items()},
        "commerceos": {"company": "ACME-RETAIL", "sellers": ["WAREHOUSE-MAIN"], "payment_methods": store.METHODS},
    }


def _poll(setting: Setting) -> dict[str, Any]:
    """Often, and with a short memory: what a day's polling meets, within half a minute."""
    return {
        "base_url": setting.url("sandbox"),
        "auth": {
            "scheme": "oauth2-refresh",
            "token_url": f"{setting.url('sandbox')}/oauth/token/",
            "client_id": API_CLIENT,
            "client_secret": f"env:{SECRET_NAMES[API_CLIENT_SECRET]}",
            "refresh_token": f"env:{SECRET_NAMES[API_REFRESH_TOKEN]}",
        },
        "interval_s": 0.5,
        "rate_per_second": 1.5,  # its limit is 100 a minute
        "overlap_s": 120,
    }
