"""The poller of one source. One page is one transaction: the raw records of orders not seen before, and the position.

    1. request    operators' requests are read and committed, with what they change of the position
    2. token      kept in the position before it is used
    3. page       asked for under rate, deadline and bound; nothing else is done meanwhile
    4. commit     records + position, fenced by the transactional id: of two pollers only the later one's count

A crash before 4 has the page asked for again, after it its orders are known: none is skipped and none recorded twice.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError

from connectors.pollers import paging
from connectors.pollers.answer import Found, Page, Unreadable, read_page
from connectors.pollers.client import Answer, ListClient, PollError, told
from connectors.pollers.credentials import credentials_of
from connectors.pollers.pace import Pace
from connectors.pollers.position import PollRequest, Position, TokenChain, seen_max
from connectors.pollers.records import fits, raw_record
from connectors.pollers.report import Report
from streams.platforms import Platform
from streams.record import Output
from streams.runtime.partition import Partition
from streams.runtime.quarantine import quarantined
from streams.settings.poll import Poll

log = structlog.get_logger(__name__)
T = TypeVar("T")

REQUESTS_MAX = 100
# A list that never comes to rest is looked at again after the interval, not without end.
REPEATS_MAX = 5


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be polled, and how large a record may be."""

    source: str
    poll: Poll
    platform: Platform
    record_bytes_max: int


class Closing(Exception):
    """The partition is being given up."""


class CommitFailed(Exception):
    """Whether the transaction is in Kafka is not known: this process must not go on."""


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
        kept = partition.table.get(self._key)
        self._position = Position.from_json(kept) if kept is not None else Position()
        self._credentials = credentials_of(self._poll, environ, self._position.tokens, now)
        self._client = ListClient(self._poll, now)
        self._pace = Pace(self._poll.rate_per_second, self._poll.backoff_s_max, clock())
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
            await self._client.close()

    async def _step(self) -> None:
        """One page, or one failure."""
        try:
            page = await self._ask()
        except Closing:
            return
        except PollError as error:
            wait_s = self._pace.failed(self._clock(), error.retry_after_s, self._random())
            self._report.failed(error.reason, str(error), wait_s)
            return
        self._pace.worked()
        await self._keep(page)

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

    async def _ask(self) -> Page | None:
        """None: there is no such page any more. Raises `PollError`, `Closing`."""
        credentials, session, timeout_s = self._credentials, self._client.session, self._poll.timeout_s
        query = paging.parameters(self._poll, self._round)
        header = await told(credentials.header(session, self._keep_tokens), timeout_s, lambda: credentials.secrets)
        answer = await self._get(query, header)
        if answer.status == 401:
            renewing = credentials.renewed(session, header, self._keep_tokens)
            if other := await told(renewing, timeout_s, lambda: credentials.secrets):
                answer = await self._get(query, other)
        if answer.status == 401:
            raise PollError("unauthorised", "HTTP 401: the API does not take the token, see poll.auth")
        if answer.status == 404 and self._round.pages:
            return None
        if answer.status == 404:
            raise PollError("status", "HTTP 404: see poll.base_url and poll.path")
        try:
            return read_page(self._task.source, self._poll, answer.body, self._now())
        except Unreadable as error:
            raise PollError("unreadable", str(error)) from None

    async def _get(self, query: Mapping[str, str], header: str) -> Answer:
        while (room_s := self._pace.room_s(self._clock())) > 0:
            await self._unless_closing(asyncio.sleep(room_s))
        self._pace.take(self._clock())
        getting = told(self._client.get(query, header), self._poll.timeout_s, lambda: self._credentials.secrets)
        return await self._unless_closing(getting)

    async def _unless_closing(self, doing: Coroutine[Any, Any, T]) -> T:
        """Gives up at once where the partition is wanted elsewhere: nothing is lost by it. Raises `Closing`."""
        task = asyncio.ensure_future(doing)
        task.add_done_callback(lambda _: self._partition.wake())
        try:
            while not task.done():
                if self._partition.closing:
                    raise Closing
                await self._partition.wait(None)
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    # 4. commit

    async def _keep(self, page: Page | None) -> None:
        """Records and position in one transaction, where anything has changed."""
        now, position, outputs = self._now(), self._position, list[Output]()
        if page is not None:
            unmet = any(found.known.digest not in self._round.met for found in page.orders)
            new = self._new(page)
            outputs = self._outputs(new, now)
            times = [found.known.at for found in page.orders]
            known = [found.known for found in new]
            position = position.after_page(known, times, now, seen_max(self._task.record_bytes_max))
            paging.took(self._poll, self._round, [found.known for found in page.orders], known)
            ended = page.has_next is False or not page.orders or (page.has_next is None and not unmet)
        else:
            paging.broke_off(self._round)
            ended = True
        if ended:
            begins = paging.next_begin(self._poll, self._round, position)
            position = position.after_round(self._round.newest, begins, self._round.met)
        if outputs or position != self._position:
            await self._commit(outputs, position, None)
        self._report.page(len(outputs))
        if ended:
            self._ended(paging.must_repeat(self._round, begins))
        elif self._round.pages >= self._poll.pages_max:
            self._too_long()

    def _new(self, page: Page) -> list[Found]:
        """What is not recorded yet, each document once."""
        known, new = set(self._position.knows()), list[Found]()
        for found in page.orders:
            if found.known.digest not in known:
                known.add(found.known.digest)
                new.append(found)
        return new

    def _outputs(self, new: Sequence[Found], now: datetime) -> list[Output]:
        task, query, outputs = self._task, paging.parameters(self._poll, self._round), list[Output]()
        for found in new:
            if fits(found, task.record_bytes_max):
                outputs.append(raw_record(task.source, task.platform, found, query, now))
            else:
                log.error("order too large for a record", source=task.source, id=found.known.digest, page=query)
        return outputs

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
        self._round = paging.begin(self._poll, self._position)

    async def _commit(self, outputs: Sequence[Output], position: Position, next_offset: int | None) -> None:
        try:
            await self._partition.commit(outputs, {self._key: position.to_json()}, next_offset)
        except Exception as error:  # a time-out of Kafka's must not pass for one of the API's
            raise CommitFailed from error
        self._position = position
