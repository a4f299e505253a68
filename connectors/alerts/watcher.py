"""Follows, judges and tells: at the owner of the first partition of `alerts.requests`, so over all workers once.

    1. follow   outcomes and delivery tables; nothing is judged before their end was reached once
    2. judge    readings → alerts; what changed of them is committed before anybody is told
    3. tell     one message after the other, within their rate; each is noted when it was taken

A crash between 3's message and its note has that message sent once more. Nothing here holds a delivery up: what cannot
be sent is told later, as it then is.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

import structlog
from confluent_kafka import KafkaException
from pydantic import ValidationError

from connectors.alerts import messages
from connectors.alerts.alert import Alert, Due, after, batches, news_of, room
from connectors.alerts.follower import Follower
from connectors.alerts.hook import Hook, NotSent, Way
from connectors.alerts.report import Report
from connectors.alerts.rules import Reading, readings
from connectors.now import utc_now
from connectors.pollers.pace import Pace
from connectors.pollers.position import PollRequest
from connectors.pollers.waiting import Closing, unless_closing
from streams.record import Output
from streams.runtime.partition import Partition
from streams.runtime.quarantine import quarantined
from streams.settings.alerts import Alerts
from streams.settings.model import Settings

log = structlog.get_logger(__name__)

BACKOFF_S_MAX = 300.0
REOPEN_S = 5.0
CATCHING_UP_S = 0.05
REQUESTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Task:
    """What is watched, and where it is told."""

    settings: Settings
    alerts: Alerts
    way: Way


class Watcher:
    """From the end of the partition's restore until it closes."""

    def __init__(
        self,
        task: Task,
        partition: Partition,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._given, self._partition = task.settings, task.alerts, partition
        self._now, self._clock = now, clock
        self._alerts = dict(_kept(partition))
        told = {alert.told_at for alert in self._alerts.values() if alert.told_at is not None}
        self._sent = deque(sorted(told), maxlen=self._given.messages_per_minute)
        self._pace = Pace(60, BACKOFF_S_MAX, clock())
        self._hook, self._report = Hook(task.way), Report()
        self._follower: Follower | None = None
        self._asked_by: str | None = None
        self._random = SystemRandom().random

    async def run(self) -> None:
        """Returns when the partition is closing."""
        try:
            while not self._partition.closing:
                await self._read_requests()
                try:
                    await self._answer()
                    wait_s = await self._round()
                except Closing:
                    return
                await self._partition.wait(wait_s)
        finally:
            self._report.leave()
            await self._forget()
            await self._hook.close()

    async def _round(self) -> float:
        """Seconds until the next. Only a commit that fails ends the process: deliveries do without alerts."""
        try:
            await self._follow()
            if self._follower is None or not self._follower.is_current:
                return CATCHING_UP_S
            found = self._readings(self._follower)
        except KafkaException as error:
            log.warning("alerts cannot be judged, records cannot be read", error=str(error))
            await self._forget()
            return REOPEN_S
        except Exception:
            log.exception("alerts cannot be judged")
            await self._forget()
            return REOPEN_S
        await self._judge(found, self._now())
        self._report.firing(self._alerts.values())
        await self._tell(found)
        return self._given.every_s

    # 1. follow

    async def _follow(self) -> None:
        if self._follower is None:
            bootstrap = self._settings.kafka.bootstrap
            assert bootstrap is not None
            names = [target.name for target in self._settings.targets]
            self._follower = await asyncio.to_thread(Follower, bootstrap, names, self._given.window_s, self._now())
        while not self._partition.closing and await asyncio.to_thread(self._follower.read):
            pass

    async def _forget(self) -> None:
        if self._follower is not None:
            follower, self._follower = self._follower, None
            await asyncio.to_thread(follower.close)

    async def _read_requests(self) -> None:
        """An operator wants to see that messages arrive: one is enough for all who do."""
        if not (records := self._partition.take(REQUESTS_MAX)):
            return
        refused = list[Output]()
        for record in records:
            try:
                self._asked_by = PollRequest.from_json(record.value or b"").who
            except ValidationError:
                refused.append(quarantined(record, "not-a-poll-request", "see the record PollRequest"))
        await self._partition.commit(refused, {}, records[-1].offset + 1)

    async def _answer(self) -> None:
        if self._asked_by is None or self._pace.wait_s(self._clock()) > 0:
            return
        if await self._send(messages.hello(self._asked_by, self._settings.streams.app_id), 0):
            self._asked_by = None

    # 2. judge

    def _readings(self, follower: Follower) -> Sequence[Reading]:
        now, known = self._now(), follower.known
        return [
            reading
            for name, level in known.levels.items()
            for reading in readings(name, known.window.counts(name, now), level, self._given)
        ]

    async def _judge(self, found: Sequence[Reading], now: datetime) -> None:
        changes: dict[bytes, Alert | None] = dict.fromkeys(self._alerts)
        for reading in found:
            alert = after(self._alerts.get(reading.key), reading, self._given, now)
            if alert is not None or reading.key in changes:
                changes[reading.key] = alert
        await self._commit({key: alert for key, alert in changes.items() if alert != self._alerts.get(key)})

    async def _commit(self, changes: Mapping[bytes, Alert | None]) -> None:
        if not changes:
            return
        written = {key: None if alert is None else alert.to_json() for key, alert in changes.items()}
        await self._partition.commit([], written, None)
        kept = {**self._alerts, **changes}
        self._alerts = {key: alert for key, alert in kept.items() if alert is not None}

    # 3. tell

    async def _tell(self, found: Sequence[Reading]) -> None:
        now = self._now()
        due = [each for reading in found if (each := self._due(reading, now)) is not None]
        for batch in batches(due, room(self._sent, self._given, now)):
            if self._pace.wait_s(self._clock()) > 0 or self._partition.closing:
                return
            if not await self._send(messages.text_of(batch, self._settings.streams.app_id, self._now()), len(batch)):
                return
            at = self._now()
            self._sent.append(at)
            await self._commit({each.alert.key: each.alert.after_message(each.news, each.value, at) for each in batch})

    def _due(self, reading: Reading, now: datetime) -> Due | None:
        if (alert := self._alerts.get(reading.key)) is None:
            return None
        news = news_of(alert, reading.value, self._given, now)
        return Due(alert, news, reading.value, reading.threshold) if news else None

    async def _send(self, text: str, alerts: int) -> bool:
        """Whether it was taken; else the next one waits. Raises `Closing`."""
        try:
            await unless_closing(self._partition, self._hook.send(text))
        except NotSent as error:
            wait_s = self._pace.failed(self._clock(), error.retry_after_s, self._random())
            self._report.not_sent(str(error), wait_s)
            return False
        self._pace.worked()
        self._report.sent(alerts)
        return True


def _kept(partition: Partition) -> list[tuple[bytes, Alert]]:
    """One that cannot be read is as one that never was: it fires anew if it must."""
    kept = []
    for key, value in partition.table.items():
        try:
            kept.append((key, Alert.from_json(value)))
        except ValidationError as error:
            log.warning("alert unreadable, it begins anew", fields=error.error_count())
    return kept
