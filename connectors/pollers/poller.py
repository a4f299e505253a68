"""The poller of one source. One page is one transaction: the raw records of orders not seen before, and the position.

    1. request    operators' requests are read and committed, with what they change of the position
    2. token      kept in the position before it is used
    3. page       asked for under rate, deadline and bound; nothing else is done meanwhile
    4. commit     records + position, fenced by the transactional id: of two pollers only the later one's count

A crash before 4 has the page asked for again, after it its orders are known: none is skipped and none recorded twice.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

import structlog
from pydantic import ValidationError

from connectors.now import utc_now
from connectors.pollers import paging
from connectors.pollers.answer import Found, Page
from connectors.pollers.asker import Asker
from connectors.pollers.client import PollError
from connectors.pollers.credentials import credentials_of
from connectors.pollers.pace import Pace
from connectors.pollers.position import PollRequest, Position, TokenChain, seen_max
from connectors.pollers.records import records
from connectors.pollers.report import Report
from connectors.pollers.waiting import Closing
from streams.platforms import Platform
from streams.record import Output
from streams.runtime.partition import Partition
from streams.runtime.quarantine import quarantined
from streams.settings.poll import Poll

log = structlog.get_logger(__name__)

REQUESTS_MAX = 100
# A list that never comes to rest is looked at again after the interval, not without end.
REPEATS_MAX = 5


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be polled, and how large a record may be."""

    source: str
    poll: Poll
    platform: Platform
    record_bytes_max: int


class CommitFailed(Exception):
    """Whether the transaction is in Kafka is not known: this process must not go on."""


def _kept(source: str, record: bytes | None) -> Position:
    """Where it cannot be read everything is asked for again: that has only known documents recorded a second time."""
    if record is None:
        return Position()
    try:
        return Position.from_json(record)
    except ValidationError as error:
        log.warning("position unreadable, polling begins anew", source=source, fields=error.error_count())
        return Position()


class Poller:
    """Owns the one partition whose owner polls, from the end of its restore until it closes."""

    def __init__(
        self,
        task: Task,
        partition: Partition,
        environ: Mapping[str, str],
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task, self._poll, self._partition, self._now, self._clock = task, task.poll, partition, now, clock
        self._key = task.source.encode()
        self._position = _kept(task.source, partition.table.get(self._key))
        self._pace = Pace(self._poll.rate_per_second, self._poll.backoff_s_max, clock())
        credentials = credentials_of(self._poll, environ, self._position.tokens, now)
        self._asker = Asker(task.source, self._poll, partition, credentials, self._keep_tokens, self._pace, now, clock)
        self._round = paging.begin(self._poll, self._position)
        self._repeats = 0
        self._report = Report(task.source)
        self._random = SystemRandom().random

    async def run(self) -> None:
        """Returns when the partition is closing."""
        try:
            while not self._partition.closing:
                await self._read_requests()
                if (wait_s := self._pace.wait_s(self._clock())) > 0:
                    await self._partition.wait(wait_s)
                elif not self._partition.closing:
                    await self._step()
        finally:
            self._report.leave()
            await self._asker.close()

    # 1. request

    async def _read_requests(self) -> None:
        records = self._partition.take(REQUESTS_MAX)
        if not records:
            return
        position, refused = self._position, list[Output]()
        for record in records:
            try:
                request = PollRequest.from_json(record.value or b"")
            except ValidationError:
                refused.append(quarantined(record, "not-a-poll-request", "see the record PollRequest"))
                continue
            position = self._asked(position, request)
            log.info("poll requested", source=self._task.source, since=str(request.since or ""), who=request.who)
        await self._commit(refused, position, records[-1].offset + 1)
        self._round = paging.begin(self._poll, position)
        self._pace.hurry(self._clock())

    def _asked(self, position: Position, request: PollRequest) -> Position:
        """Only ever back in time: forward would leave orders out."""
        begins = position.since or self._poll.start_at
        if request.since is None or begins is None:
            return position
        return position.asked_from(min(request.since, begins))

    # 2. token

    async def _keep_tokens(self, tokens: TokenChain | None) -> None:
        await self._commit([], self._position.with_tokens(tokens) if tokens else self._position, None)

    # 3. page

    async def _step(self) -> None:
        """One page, or one failure."""
        query = paging.parameters(self._poll, self._round)
        try:
            page = await self._asker.page(query, is_first=not self._round.pages)
        except Closing:
            return
        except CommitFailed:
            raise
        except PollError as error:
            self._failed(error)
            return
        except Exception as error:  # one source that cannot be asked must not stop the others, and all deliveries
            log.exception("poll failed unexpectedly", source=self._task.source)
            self._failed(PollError("unexpected", type(error).__name__))
            return
        self._pace.worked()
        await self._keep(page, query)

    def _failed(self, error: PollError) -> None:
        wait_s = self._pace.failed(self._clock(), error.retry_after_s, self._random())
        self._report.failed(error.reason, str(error), wait_s)

    # 4. commit

    async def _keep(self, page: Page | None, query: Mapping[str, str]) -> None:
        """Records and position in one transaction, where anything has changed."""
        position, outputs, ended, repeat = self._position, list[Output](), True, False
        if page is None:
            paging.broke_off(self._round)
        else:
            position, outputs, ended = self._taken(page, query)
        if ended:
            begins = paging.next_begin(self._poll, self._round, position)
            position = position.after_round(self._round.newest, begins, self._round.met)
            repeat = paging.must_repeat(self._round, begins)
        if outputs or position != self._position:
            await self._commit(outputs, position, None)
        self._report.page(len(outputs))
        if ended:
            self._ended(repeat)
        elif self._round.pages >= self._poll.pages_max:
            self._too_long()

    def _taken(self, page: Page, query: Mapping[str, str]) -> tuple[Position, list[Output], bool]:
        """The position with the page, what is to be recorded of it, and whether the round ends with it."""
        now, found = self._now(), [each.known for each in page.orders]
        remembered_max = seen_max(self._task.record_bytes_max)
        forgot = self._position.forgot(remembered_max)
        says_nothing_new = page.has_next is None and all(known.digest in self._round.met for known in found)
        new = self._new(page, paging.let_be(self._round, self._position, forgot))
        known = [each.known for each in new]
        position = self._position.after_page(known, [each.at for each in found], now, remembered_max)
        paging.took(self._poll, self._round, found, known, forgot)
        ended = page.has_next is False or not page.orders or says_nothing_new
        task = self._task
        outputs = records(task.source, task.platform, new, query, now, task.record_bytes_max)
        return position, outputs, ended

    def _new(self, page: Page, let_be: datetime | None) -> list[Found]:
        """What is not recorded yet, each document once. `let_be`: see `paging.let_be`."""
        known, new = set(self._position.knows()), list[Found]()
        for found in page.orders:
            if found.known.digest not in known and (let_be is None or found.known.at > let_be):
                known.add(found.known.digest)
                new.append(found)
        return new

    def _ended(self, repeat: bool) -> None:
        self._repeats = self._repeats + 1 if repeat else 0
        if not repeat or self._repeats > REPEATS_MAX:
            self._repeats = 0
            self._pace.rest(self._clock(), self._poll.interval_s)
        self._report.round()
        self._round = paging.begin(self._poll, self._position)

    def _too_long(self) -> None:
        error = f"the list has more than {self._poll.pages_max} pages: set poll.start_at, or a larger poll.pages_max"
        self._report.failed("too-many-pages", error, self._poll.interval_s)
        self._pace.rest(self._clock(), self._poll.interval_s)
        self._round = paging.begin(self._poll, self._position, overlong=True)

    async def _commit(self, outputs: Sequence[Output], position: Position, next_offset: int | None) -> None:
        try:
            await self._partition.commit(outputs, {self._key: position.to_json()}, next_offset)
        except Exception as error:  # a time-out of Kafka's must not pass for one of the API's
            raise CommitFailed from error
        self._position = position
