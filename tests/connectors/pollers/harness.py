"""One polled source on a real broker: a stand-in API at one end, real workers between, the raw topic at the other."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from connectors.pollers.position import Position
from connectors.sandbox.apicbase import TOKEN_PATH, Account, ApicbaseApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from streams import admin, topics
from streams.record import Record
from streams.settings import Settings, load
from tests.connectors.api import serving
from tests.connectors.harness import until
from tests.kafka import SHARED_PARTITIONS, read_committed, unique_name
from tests.slot import Slot, connectors_slot, killed, running
from tests.streams.platforms.samples import payload

# Many pages, and a limit that tests do not run into by chance.
ACCOUNT = replace(Account(), page_size=5, requests_max=2000, window_s=1)
SAMPLE = payload("apicbase", "purchase-order")


@dataclass
class Polled:
    """`given`: fields of `[sources.poll]`."""

    bootstrap: str
    url: str
    folder: Path
    api: ApicbaseApi
    given: dict[str, Any]
    name: str = field(default_factory=lambda: unique_name("polled"))
    workers: list[Slot] = field(default_factory=list)
    placed: list[bytes] = field(default_factory=list)

    def prepare(self) -> None:
        self.refresh_token.write_text(ACCOUNT.refresh_token)
        given = {"interval_s": 0.1, "rate_per_second": 100, "overlap_s": 600, "backoff_s_max": 1, **self.given}
        fields = "\n".join(f"{name} = {value}" for name, value in given.items())
        self.config.write_text(
            f"""
[kafka]
bootstrap = "{self.bootstrap}"
partitions = {SHARED_PARTITIONS}
[streams]
app_id = "{self.name}"
data_dir = "{self.folder / "data"}"
session_timeout_s = 6
heartbeat_s = 1
[connectors]
monitor_port = 0
[[sources]]
name = "{self.name}"
platform = "apicbase"
auth = {{ scheme = "apicbase-hmac", secrets = ["env:SECRET"] }}
[sources.poll]
base_url = "{self.url}"
{fields}
[sources.poll.auth]
scheme = "oauth2-refresh"
token_url = "{self.url}{TOKEN_PATH}"
client_id = "{ACCOUNT.client_id}"
client_secret = "env:SECRET"
refresh_token = "file:{self.refresh_token}"
"""
        )
        assert [] == admin.create(self.settings).left

    @property
    def config(self) -> Path:
        return self.folder / f"{self.name}.toml"

    @property
    def refresh_token(self) -> Path:
        return self.folder / f"{self.name}.refresh-token"

    @property
    def settings(self) -> Settings:
        return load(self.config, {})

    def place(self, count: int = 1, *, ago_s: float = 0, **fields: Any) -> list[bytes]:
        """So many orders, all with the same time."""
        time = (datetime.now(UTC) - timedelta(seconds=ago_s)).replace(microsecond=0)
        made = [order(f"o-{len(self.placed) + n}", time, **fields) for n in range(count)]
        self.placed += made
        for body in made:
            self.api.put(body)
        return made

    async def records(self) -> Sequence[Record]:
        return await asyncio.to_thread(read_committed, self.bootstrap, topics.webhooks(self.name))

    async def position(self) -> Position:
        found = await asyncio.to_thread(read_committed, self.bootstrap, topics.positions(self.name))
        return Position.from_json([record.value for record in found if record.key == self.name.encode()][-1] or b"")

    async def wait_for(self, count: int, timeout_s: float = 120) -> Sequence[Record]:
        async def enough() -> bool:
            return len(await self.records()) >= count

        await until(enough, f"{count} raw records", timeout_s, every_s=0.3)
        return await self.records()

    async def assert_each_once(self) -> None:
        """The invariant: every document that was ever placed, once, byte for byte, under its order's key."""
        records = await self.records()
        assert Counter(self.placed) == Counter(record.value for record in records)
        ids = Counter(record.header("ce_id") for record in records)
        assert len(records) == len(ids)
        keys = {f"{self.name}:{orjson.loads(record.value or b'')['id']}".encode(): record.key for record in records}
        assert list(keys) == list(keys.values())

    def listed(self) -> list[dict[str, Any]]:
        """The requests for pages that the API has answered."""
        return [each for line in self.api.door.requests if "query" in (each := orjson.loads(line))]

    def log_lines(self) -> list[dict[str, Any]]:
        return [line for worker in self.workers for line in worker.log_lines()]

    def killed(self) -> int:
        """How often a worker was killed."""
        return killed(self.workers)

    def poller(self) -> Slot | None:
        """The worker that polled last."""
        found = [
            (line["timestamp"], worker.number) for worker in self.workers for line in worker.log_lines("orders polled")
        ]
        return self.workers[max(found)[1]] if found else None


def slot_of(polled: Polled, number: int) -> Slot:
    """Its failpoints: tests.connectors.pollers.worker; one for all, since only the one that polls comes there."""
    module = "tests.connectors.pollers.worker"
    made = connectors_slot(number, module, polled.config, polled.bootstrap, SECRET=ACCOUNT.client_secret)
    return replace(made, failpoint=polled.folder / f"{polled.name}.failpoint")


@asynccontextmanager
async def polled(
    bootstrap: str,
    folder: Path,
    *,
    slots: int = 1,
    account: Account = ACCOUNT,
    faults: Faults | None = None,
    **given: Any,
) -> AsyncIterator[Polled]:
    """A polled source with that many running worker slots."""
    api = ApicbaseApi(account, faults or Faults())
    async with serving(application([api])) as url:
        made = Polled(bootstrap, url, folder, api, given)
        await asyncio.to_thread(made.prepare)
        made.workers = [slot_of(made, number) for number in range(slots)]
        async with running(made.workers):
            yield made


def order(id: str, ordered_on: datetime, **fields: Any) -> bytes:
    """The sample with another id and time, written as the API does."""
    document = json.loads(SAMPLE) | {"id": id, "order_number": f"PO-{id}"} | fields
    document["ordered_on"] = ordered_on.isoformat().replace("+00:00", "Z")
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
