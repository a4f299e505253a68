"""A target with alerts on a real broker: its stand-in and Slack's behind one port, real workers between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.alerts.alert import Alert, News
from connectors.alerts.rules import Rule, key_of
from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from connectors.sandbox.slack import SlackApi
from streams import admin, topics
from streams.settings import load
from tests.connectors.api import TOKEN, serving
from tests.connectors.harness import Line, slot_of, until
from tests.slot import Slot, killed, running

SLACK_TOKEN = "T00000000-B00000000-secretsecretsecret"


@dataclass
class Alerting(Line):
    """`alerts`: fields of its section."""

    external: ExternalApi = field(default_factory=lambda: ExternalApi(TOKEN, Faults()))
    slack: SlackApi = field(default_factory=lambda: SlackApi(SLACK_TOKEN, Faults(), messages_max=1))
    alerts: dict[str, Any] = field(default_factory=dict)

    def prepare(self) -> None:
        super().prepare()
        url = self.folder / "webhook-url"
        url.write_text(f"{self.url}/services/{SLACK_TOKEN}\n")
        given = {"url": f'"file:{url}"', "every_s": 0.2, "window_s": 10, "min_repeat_s": 1, **self.alerts}
        fields = "\n".join(f"{name} = {value}" for name, value in given.items())
        self.config.write_text(f"{self.config.read_text()}\n[alerts]\n{fields}\n")
        assert [] == admin.create(load(self.config, {})).left

    def texts(self, rule: str = "") -> list[str]:
        """The messages about a rule that Slack took: the first line of each."""
        found = [message.text.splitlines()[0] for message in list(self.slack.messages)]
        return [text for text in found if f"*{rule}" in text]

    async def wait_for(self, rule: str, count: int) -> list[str]:
        await until(lambda: len(self.texts(rule)) >= count, f"{count} messages about {rule}: {self.texts()}")
        return self.texts(rule)

    async def noted(self, rule: Rule, news: News) -> None:
        """The last message about it is noted: a kill from now on repeats nothing."""

        async def ask() -> bool:
            kept = {record.key: record.value for record in await self.read(topics.ALERTS)}
            value = kept.get(key_of(rule, self.name))
            return value is not None and Alert.from_json(value).told is news

        await until(ask, f"{rule} {news} is noted", every_s=0.2)

    def killed(self) -> int:
        return killed(self.workers)

    def die_at(self, point: str) -> None:
        """The worker that watches, whichever it is: only that one can come there, and the first that does is killed."""
        self.workers[0].die_at(point)

    async def died(self, times: int) -> None:
        await until(lambda: self.killed() == times, f"killed {times} times")

    def log(self) -> str:
        return "".join(worker.log_file.read_text() for worker in self.workers)


def slot_of_alerts(made: Alerting, number: int) -> Slot:
    """Its failpoints: tests.connectors.alerts.worker; one for all, since only the one that watches comes there."""
    module = ["tests.connectors.alerts.worker"]
    return replace(slot_of(made, number), module=module, failpoint=made.folder / f"{made.name}.failpoint")


@asynccontextmanager
async def alerting(
    bootstrap: str, folder: Path, *, slots: int = 1, alerts: dict[str, Any] | None = None, **given: Any
) -> AsyncIterator[Alerting]:
    """With that many running worker slots."""
    made = Alerting(bootstrap, "", folder, given=given, alerts=alerts or {})
    async with serving(application([made.external, made.slack])) as url:
        made.url = url
        await asyncio.to_thread(made.prepare)
        made.workers = [slot_of_alerts(made, number) for number in range(slots)]
        async with running(made.workers):
            yield made
