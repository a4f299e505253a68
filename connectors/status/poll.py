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
from connectors.pollers.waiting import Closing, unless_closing
from connectors.status.reading import Reading
from connectors.status.records import records
from connectors.status.rounds import Round, listings
from connectors.status.snapshot import Snapshot, snapshots
from connectors.status.watched import Watched, forgotten, read
from streams.platforms import Platform
from streams.record import Output
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


@dataclass(frozen=True, slots=True)
class Page:
    """What is on it, what of that is news, and what is recorded of that."""

    found: Sequence[Snapshot]
    news: Sequence[Snapshot]
    outputs: Sequence[Output]


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
            page = self._read(body, path)
        except Unreadable as error:
            raise PollError("unreadable", str(error)) from None
        except PollError as error:
            if error.reason != TOO_LARGE or self._take == 1:
                raise
            self._take = max(1, self._take // 2)
            log.info("page too large, asking for smaller ones", source=self._poll.source, orders=self._take)
        except Closing:
            raise
        except Exception as error:  # a page that cannot be read must not stop the deliveries of this process
            log.exception("poll failed unexpectedly", source=self._poll.source)
            raise PollError("unexpected", type(error).__name__) from None
        else:
            self._pace.worked()
            await self._keep(page)

    def _read(self, body: bytes, path: str) -> Page:
        now, task = self._now(), self._task
        found = snapshots(self._poll.source, task.order, body, now)
        news = self._news(found)
        outputs = records(self._poll.source, task.platform, news, path, now, task.record_bytes_max)
        return Page(found, news, outputs)

    async def _keep(self, page: Page) -> None:
        if page.news:
            changes = {each.id.encode(): Watched(at=each.at, digest=each.digest).to_json() for each in page.news}
            await self._partition.commit(page.outputs, changes, None)
        self._report.page(len(page.news))
        self._round.took(page.found)
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
