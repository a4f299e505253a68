"""One target on a real broker: commands in, real workers between, a sandbox at the end, a checker over all of it."""

import asyncio
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from connectors.sandbox.external import ExternalApi
from streams import admin, topics
from streams.record import Record
from streams.settings import load
from streams.vocabulary import Command, CommandType, DeadLetter, Outcome, OutcomeResult
from tests.connectors import make
from tests.connectors.api import TOKEN
from tests.kafka import SHARED_PARTITIONS as PARTITIONS
from tests.kafka import produce, read_committed, unique_name
from tests.slot import Slot, connectors_slot, running


@dataclass
class Line:
    """Everything of one target. `given` are fields of its section of the settings; `pending_max` of `[connectors]`.

    `source`: of whose orders an API of kind `quickbutik` is asked. `kind`: another one, whose `auth` is `given`. With
    neither, the target is an external system.
    """

    bootstrap: str
    url: str
    folder: Path
    name: str = field(default_factory=lambda: unique_name("target"))
    given: dict[str, Any] = field(default_factory=dict)
    pending_max: int = 10_000
    source: str | None = None
    kind: str | None = None
    workers: list[Slot] = field(default_factory=list)

    def prepare(self) -> None:
        """Topics and the settings file."""
        given = {"retry_delays_s": [0, 0.1, 0.2, 0.5, 1], "timeout_s": 30, "rate_per_second": 5000, **self.given}
        fields = "\n".join(f"{name} = {_toml(value)}" for name, value in given.items())
        self.config.write_text(
            f"""
[kafka]
bootstrap = "{self.bootstrap}"
partitions = {PARTITIONS}
[streams]
app_id = "{self.name}"
data_dir = "{self.folder / "data"}"
session_timeout_s = 6
heartbeat_s = 1
[connectors]
monitor_port = 0
pending_max = {self.pending_max}
{self._kind}
name = "{self.name}"
base_url = "{self.url}"
{fields}
"""
        )
        assert [] == admin.create(load(self.config, {})).left

    @property
    def _kind(self) -> str:
        if self.kind is not None:
            return f'[[targets]]\nkind = "{self.kind}"'
        if self.source is None:
            return '[[targets]]\nkind = "external"\nauth = { scheme = "bearer", token = "env:SANDBOX_TOKEN" }'
        return f"""
[[sources]]
name = "{self.source}"
platform = "quickbutik"
auth = {{ scheme = "token", secrets = ["env:SANDBOX_TOKEN"] }}
fetch_from = "{self.name}"
[[targets]]
kind = "quickbutik"
auth = {{ scheme = "basic", password = "env:SANDBOX_TOKEN" }}
"""

    def fetch(self, order_id: str, number: int = 0, word: str = "order.new") -> Command:
        """A command to fetch that order; `number` tells several apart."""
        assert self.source is not None
        id, key = f"{self.name}-{order_id}-{number}", f"{self.source}:{order_id}"
        return make.fetch(id, order_id, word, key=key, target=self.name, created_at=make.now())

    @property
    def config(self) -> Path:
        return self.folder / f"{self.name}.toml"

    def command(self, number: int, key: str, **given: Any) -> Command:
        """`number` makes the id and the amount: commands of one key differ, as a changed order's do."""
        data = {"order": make.order(key, total=f"{number}.5")}
        return make.command(f"{self.name}-{number}", key, target=self.name, data=data, created_at=make.now(), **given)

    def commands(self, count: int, keys: int, start: int = 0) -> list[Command]:
        return [self.command(number, f"duda:shop/{number % keys}") for number in range(start, start + count)]

    async def send(self, commands: Iterable[Command]) -> None:
        records = [(each.order_key.encode(), each.to_json()) for each in commands]
        await asyncio.to_thread(produce, self.bootstrap, topics.commands(self.name), records)

    async def decide(self, type: CommandType, dead: Command) -> None:
        """An operator's word about a dead letter."""
        data = {"command_id": dead.id, "who": "ada", "why": "mended"}
        word = make.command(unique_name("op"), dead.order_key, target=self.name, type=type, data=data)
        await self.send([word])

    async def read(self, topic: str) -> Sequence[Record]:
        return await asyncio.to_thread(read_committed, self.bootstrap, topic)

    async def _ours(self, topic: str) -> list[bytes]:
        """Of a topic that all tests share, what names this target: the others' would be read in vain, every time."""
        name = self.name.encode()
        return [value for record in await self.read(topic) if name in (value := record.value or b"")]

    async def outcomes(self) -> list[Outcome]:
        found = map(Outcome.from_json, await self._ours(topics.OUTCOMES))
        return [each for each in found if each.target == self.name]

    async def letters(self) -> list[DeadLetter]:
        found = map(DeadLetter.from_json, await self._ours(topics.DEADLETTERS))
        return [each for each in found if each.command.target == self.name]

    async def stored(self) -> dict[bytes | None, dict[str, Any]]:
        """What the delivery table holds now."""
        table = {record.key: record.value for record in await self.read(topics.deliveries(self.name))}
        return {key: orjson.loads(value) for key, value in table.items() if value is not None}

    async def waiting(self) -> dict[bytes | None, dict[str, Any]]:
        """Of what the delivery table holds, what is not done."""
        return {id: each for id, each in (await self.stored()).items() if each["state"] != "done"}

    async def wait_for_outcomes(self, count: int, timeout_s: float = 120) -> list[Outcome]:
        """Raises `AssertionError` when the time is up; it says what there is instead."""

        async def enough() -> bool:
            return len(await self.outcomes()) >= count

        try:
            await until(enough, f"{count} outcomes", timeout_s, every_s=0.3)
        except AssertionError as late:
            late.add_note(await self._standing())
            raise
        return await self.outcomes()

    async def _standing(self) -> str:
        """What a person would look at: how many outcomes of each kind, the dead letters, what waits."""
        results = Counter(str(each.result) for each in await self.outcomes())
        dead = [f"{each.command.order_key} {each.command.type}: {each.reason}" for each in await self.letters()]
        waits = [
            f"{each['command']['order_key']} {each['command']['type']}: {each['state']}"
            for each in (await self.waiting()).values()
        ]
        return "\n  ".join(["", f"outcomes {dict(results)}", "dead letters:", *dead, "not done:", *waits])


def slot_of(line: Line, number: int) -> Slot:
    """Its failpoints: tests.connectors.worker."""
    module = "tests.connectors.worker"
    return connectors_slot(number, module, line.config, line.bootstrap, SANDBOX_TOKEN=TOKEN)


@asynccontextmanager
async def line(
    bootstrap: str,
    url: str,
    folder: Path,
    *,
    slots: int = 1,
    pending_max: int = 10_000,
    source: str | None = None,
    kind: str | None = None,
    **given: Any,
) -> AsyncIterator[Line]:
    """A target with that many running worker slots."""
    made = Line(bootstrap, url, folder, given=given, pending_max=pending_max, source=source, kind=kind)
    await asyncio.to_thread(made.prepare)
    made.workers = [slot_of(made, number) for number in range(slots)]
    async with running(made.workers):
        yield made


async def until(true: Callable[[], Any], what: str, timeout_s: float = 120, every_s: float = 0.05) -> None:
    """Asks again and again; `true` may be a coroutine function. Raises `AssertionError` when the time is up."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = true()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
        await asyncio.sleep(every_s)


async def assert_delivered_once(made: Line, stand_in: ExternalApi, commands: Sequence[Command]) -> list[Outcome]:
    """The invariant: each command one effect and one outcome; no order's effects out of order; an empty table."""
    outcomes = await made.outcomes()
    assert Counter(each.command_id for each in outcomes) == Counter(each.id for each in commands), "one outcome each"
    assert {each.result for each in outcomes} == {OutcomeResult.DELIVERED}
    assert_effects(stand_in, commands)
    assert await made.stored() == {}
    return outcomes


def assert_effects(stand_in: ExternalApi, commands: Sequence[Command]) -> None:
    """Each command one effect, each order's in the order of its commands."""
    expected, seen = defaultdict(list), defaultdict(list)
    for command in commands:
        expected[command.order_key].append(command.id)
    for effect in stand_in.ledger.effects:
        seen[effect.external_order_id].append(effect.idempotency_key)
    assert expected == seen


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + " }"
    return orjson.dumps(value).decode()


def busiest_second(times_s: Iterable[float]) -> int:
    """The most of them within any second; the second begins with one of them."""
    ordered = sorted(times_s)
    return max((bisect_left(ordered, start + 1) - number for number, start in enumerate(ordered)), default=0)
