"""One CommerceOS on a real broker: its stand-in at one end, real workers between, the raw topic at the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from streams import admin, topics
from streams.normalise import raw_webhook
from streams.platforms import BadItem
from streams.record import Record
from streams.settings import Settings, load
from streams.sources import platforms
from streams.vocabulary import OrderEvent
from tests.connectors.harness import until
from tests.connectors.sandbox_commerceos.shop import TOKEN, Shop, shop
from tests.kafka import SHARED_PARTITIONS, read_committed, unique_name
from tests.slot import Slot, connectors_slot, killed, running

GIFT = "com.heads.store-credit"
SETTINGS = """
[kafka]
bootstrap = "{bootstrap}"
partitions = {partitions}
[streams]
app_id = "{name}"
data_dir = "{folder}/data"
session_timeout_s = 6
heartbeat_s = 1
[connectors]
monitor_port = 0
[[sources]]
name = "{source}"
platform = "selldone"
auth = {{ scheme = "token", path = true, secrets = ["env:TOKEN"] }}
[[sources]]
name = "{name}"
platform = "commerceos"
auth = {{ scheme = "bearer", secrets = ["env:TOKEN"] }}
[[targets]]
name = "{name}"
kind = "commerceos"
base_url = "{url}"
auth = {{ scheme = "bearer", token = "env:TOKEN" }}
rate_per_second = 1000
[targets.identifiers]
order = "com.acme.order-id"
channel = "com.acme.channel"
sku = "com.acme.sku"
company = "com.acme.company-id"
customer = "com.acme.customer-id"
store = "com.acme.store-id"
[targets.commerceos]
company = "ACME-RETAIL"
sellers = ["WAREHOUSE-MAIN"]
payment_methods = {{ "*" = "com.heads.card", "gift" = "{gift}" }}
reads_per_second = 50
{more}
[[routes]]
from = ["{source}"]
to = ["{name}"]
"""


@dataclass
class Site:
    """`name`: of the target, and of the source under which its statuses are kept; `source`: whose orders it has."""

    bootstrap: str
    folder: Path
    shop: Shop
    more: str
    gift: str
    name: str = field(default_factory=lambda: unique_name("site"))
    workers: list[Slot] = field(default_factory=list)

    def prepare(self) -> None:
        facts = {"bootstrap": self.bootstrap, "partitions": SHARED_PARTITIONS, "url": self.shop.url}
        about = {"folder": self.folder, "name": self.name, "source": self.source, "gift": self.gift}
        self.config.write_text(SETTINGS.format(**facts, **about, more=self.more.replace("{name}", self.name)))
        assert [] == admin.create(self.settings).left

    @property
    def source(self) -> str:
        return f"{self.name}-shop"

    @property
    def config(self) -> Path:
        return self.folder / f"{self.name}.toml"

    @property
    def settings(self) -> Settings:
        return load(self.config, {})

    def key(self, number: int) -> str:
        return f"{self.source}:{number}"

    async def place(self, number: int, **changes: Any) -> str:
        """An order of that number over there, as the connector writes it; gives its key."""
        key = self.key(number)
        identifiers = {"com.acme.order-id": key, "com.acme.channel": self.source}
        status, answer = await self.shop.put(key, identifiers=identifiers, **changes)
        assert status in (200, 201), answer
        return key

    async def act(self, number: int, **action: Any) -> None:
        status, answer = await self.shop.act(self.key(number), **action)
        assert status == 200, answer

    async def records(self) -> Sequence[Record]:
        """In the order in which they were made."""
        found = await asyncio.to_thread(read_committed, self.bootstrap, topics.webhooks(self.name))
        return sorted(found, key=lambda record: record.header("ce_time") or b"")

    async def items(self) -> list[dict[str, Any]]:
        """What was recorded, one order after the other."""
        return [item for record in await self.records() for item in orjson.loads(record.value or b"")]

    async def events(self) -> list[OrderEvent]:
        """What becomes of it."""
        platform = platforms(self.settings)[self.name]
        found = [event for record in await self.records() for event in platform.normalise(raw_webhook(record))]
        assert not [event for event in found if isinstance(event, BadItem)]
        return [event for event in found if isinstance(event, OrderEvent)]

    async def wait_for(self, count: int) -> list[OrderEvent]:
        async def enough() -> bool:
            return len(await self.items()) >= count

        await until(enough, f"{count} snapshots", every_s=0.2)
        return await self.events()

    def asked(self) -> list[str]:
        """The paths of the requests that the API has answered."""
        return [each["path"] for line in self.shop.api.door.requests if "path" in (each := orjson.loads(line))]

    async def rounds(self, count: int) -> None:
        """So many more rounds of polling, at least."""
        started = self._begun()
        await until(lambda: self._begun() >= started + count + 1, f"{count} rounds")

    def _begun(self) -> int:
        return sum("timestamp:desc" in path and "~skip" not in path for path in self.asked())

    def log_lines(self, event: str) -> list[dict[str, Any]]:
        return [line for worker in self.workers for line in worker.log_lines(event)]

    def killed(self) -> int:
        return killed(self.workers)


def slot_of(site: Site, number: int) -> Slot:
    """Its failpoints: tests.connectors.status.worker; one for all, since only the one that polls comes there."""
    module = "tests.connectors.status.worker"
    made = connectors_slot(number, module, site.config, site.bootstrap, TOKEN=TOKEN)
    return replace(made, failpoint=site.folder / "all.failpoint")


@asynccontextmanager
async def site(
    bootstrap: str, folder: Path, more: str = "", *, slots: int = 1, gift: str = GIFT, **given: Any
) -> AsyncIterator[Site]:
    """A CommerceOS that is watched by that many worker slots. `more`: of `[targets.commerceos]`; `given`: of `shop`.

    `gift`: what becomes of that payment method.
    """
    async with shop(**given) as api:
        made = Site(bootstrap, folder, api, more, gift)
        await asyncio.to_thread(made.prepare)
        made.workers = [slot_of(made, number) for number in range(slots)]
        async with running(made.workers):
            yield made


def polling(**given: Any) -> str:
    """`[targets.commerceos.poll]`."""
    fields = {"interval_s": 0.2, "page_size": 5, **given}
    lines = "\n".join(f"{name} = {value}" for name, value in fields.items())
    return f'[targets.commerceos.poll]\nsource = "{{name}}"\n{lines}\n'
