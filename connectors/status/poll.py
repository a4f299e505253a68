"""The poll of one target's statuses: one page is one transaction, of the raw record and of what is remembered of it.

A crash before the commit has the round begin anew, and what is in the topic is known by its digest: no snapshot is
skipped, and none that is unchanged is recorded twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connectors.pollers.answer import Unreadable
from connectors.pollers.client import TOO_LARGE, PollError
from connectors.pollers.pace import Pace
from connectors.pollers.report import Report
from connectors.pollers.waiting import unless_closing
from connectors.status.reading import Reading
from connectors.status.records import records
from connectors.status.rounds import Round, listings
from connectors.status.snapshot import Snapshot, snapshots
from connectors.status.watched import Watched, forgotten, read
from streams.platforms import Platform
from streams.runtime.partition import Partition
from streams.settings.commerceos import StatusPoll

log = structlog.get_logger(__name__)

TOO_MANY_PAGES = "too-many-pages"


@dataclass(frozen=True, slots=True)
class Task:
    """`sources`: whose orders go to the target; `order`, `channel`: the namespaces of their ids and of their names."""

    poll: StatusPoll
    sources: Sequence[str]
    order: str
    channel: str
    platform: Platform
    record_bytes_max: int


class Poll:
    """Of the one partition whose owner polls. `report`: shared with who tells of failures."""

    def __init__(
        self,
        task: Task,
        partition: Partition,
        reading: Reading,
        pace: Pace,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._task, self._poll, self._partition, self._reading = task, task.poll, partition, reading
        self._pace, self._now, self._clock = pace, now, clock
        self._report = Report(task.poll.source)
        self._take = task.poll.page_size
        self._round = self._begin()

    def leave(self) -> None:
        self._report.leave()

    def hurry(self) -> None:
        """Someone has asked: a new round, now."""
        self._round = self._begin()

    def failed(self, error: PollError, next_s: float) -> None:
        self._report.failed(error.reason, str(error), next_s)

    async def step(self) -> None:
        """One page. Raises `PollError`, `Closing`."""
        path = self._round.path(self._take)
        try:
            body = await unless_closing(self._partition, self._reading.page(path))
            found = snapshots(self._poll.source, self._task.order, body, self._now())
        except Unreadable as error:
            raise PollError("unreadable", str(error)) from None
        except PollError as error:
            if error.reason != TOO_LARGE or self._take == 1:
                raise
            self._take = max(1, self._take // 2)
            log.info("page too large, asking for smaller ones", source=self._poll.source, orders=self._take)
            return
        self._pace.worked()
        await self._keep(found, path)

    async def _keep(self, found: Sequence[Snapshot], path: str) -> None:
        news = self._news(found)
        outputs = records(self._poll.source, self._task.platform, news, path, self._now(), self._task.record_bytes_max)
        if news:
            changes = {each.id.encode(): Watched(at=each.at, digest=each.digest).to_json() for each in news}
            await self._partition.commit(outputs, changes, None)
        self._report.page(len(news))
        self._round.took(found)
        if self._round.has_ended:
            await self._ended()

    def _news(self, found: Sequence[Snapshot]) -> list[Snapshot]:
        """What is not recorded as it is now, each order once: the last of a page."""
        each_once = {each.id: each for each in found}
        return [
            each
            for each in each_once.values()
            if (known := read(self._partition.table.get(each.id.encode()))) is None or known.digest != each.digest
        ]

    async def _ended(self) -> None:
        ended, table = self._round, self._partition.table.items()
        orders_max = self._poll.page_size * self._poll.pages_max * len(ended.listings)
        gone = forgotten(table, ended.met, ended.horizon, orders_max, is_whole=ended.is_whole)
        if gone:
            await self._partition.commit([], gone, None)
        if ended.is_whole:
            self._report.round()
        else:
            error = (
                f"a source has more than {self._poll.pages_max} pages of orders: see poll.pages_max and poll.since_s"
            )
            self._report.failed(TOO_MANY_PAGES, error, self._poll.interval_s)
        self._pace.rest(self._clock(), self._poll.interval_s)
        self._take = self._poll.page_size
        self._round = self._begin()

    def _begin(self) -> Round:
        horizon = self._now() - timedelta(seconds=self._poll.since_s)
        return Round(listings(self._task.channel, self._task.sources), horizon, self._poll.pages_max)
