"""What is done of one CommerceOS over all workers once: payment methods checked, statuses polled, both sides compared.

It belongs to the owner of the first partition of `watches.requests.<target>`. A step is one page; the comparison runs
beside it, under a rate of its own, and only what comes of it is committed here.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

import structlog
from pydantic import ValidationError

from connectors.now import utc_now
from connectors.pollers.client import PollError
from connectors.pollers.position import PollRequest
from connectors.pollers.waiting import Closing, unless_closing
from connectors.reconcile.methods import unknown_methods
from connectors.reconcile.scheduled import Scheduled
from connectors.status import poll
from connectors.status.reading import Reading, pace_of
from connectors.status.watched import RECONCILED, Watched, read
from streams.record import Output
from streams.runtime.partition import Partition
from streams.runtime.quarantine import quarantined
from streams.settings.model import Settings, Target

log = structlog.get_logger(__name__)

REQUESTS_MAX = 100
METHODS_RETRY_S = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """`poll` is None where statuses are not polled."""

    settings: Settings
    target: Target
    poll: poll.Task | None


class Watch:
    """From the end of the partition's restore until it closes."""

    def __init__(
        self,
        task: Task,
        partition: Partition,
        environ: Mapping[str, str],
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._partition, self._clock = task.target, partition, clock
        self._pace = pace_of(task.target, clock)
        self._reading = Reading(task.target, environ, self._pace, now, clock)
        self._poll = task.poll and poll.Poll(task.poll, partition, self._reading, self._pace, now, clock)
        last = read(partition.table.get(RECONCILED))
        self._scheduled = Scheduled(task.settings, task.target, environ, last.at if last else None, now)
        self._methods_due: float | None = clock()
        self._has_told = False
        self._random = SystemRandom().random

    async def run(self) -> None:
        """Returns when the partition is closing."""
        try:
            while not self._partition.closing:
                await self._read_requests()
                await self._compare()
                wait_s = self._wait_s()
                if wait_s is None or wait_s > 0:
                    await self._partition.wait(wait_s)
                elif not self._partition.closing:
                    await self._step()
        finally:
            if self._poll:
                self._poll.leave()
            await self._scheduled.close()
            await self._reading.close()

    def _wait_s(self) -> float | None:
        """Until something is due; None: nothing is, before a request."""
        now = self._clock()
        pace_s = self._pace.wait_s(now)
        due = [pace_s] if self._poll else []
        if self._methods_due is not None:
            due.append(max(pace_s, self._methods_due - now))
        return min([*due, *self._scheduled.wait_s()], default=None)

    async def _read_requests(self) -> None:
        """An operator wants it now: all of it."""
        records = self._partition.take(REQUESTS_MAX)
        if not records:
            return
        refused = list[Output]()
        for record in records:
            try:
                request = PollRequest.from_json(record.value or b"")
            except ValidationError:
                refused.append(quarantined(record, "not-a-poll-request", "see the record PollRequest"))
                continue
            log.info("watch requested", target=self._target.name, who=request.who)
            self._scheduled.ask()
        await self._partition.commit(refused, {}, records[-1].offset + 1)
        if self._poll:
            self._poll.hurry()
        self._pace.hurry(self._clock())

    async def _compare(self) -> None:
        """Begins a comparison that is due, and keeps when one has ended."""
        if (ended := self._scheduled.ended()) is not None:
            await self._partition.commit([], {RECONCILED: Watched(at=ended, digest="").to_json()}, None)
        self._scheduled.begin(self._partition.wake)

    async def _step(self) -> None:
        """One page, or one failure."""
        if self._methods_due is not None and self._methods_due <= self._clock():
            await self._unless_it_fails(self._check_methods, self._methods_failed)
        elif self._poll and self._pace.wait_s(self._clock()) <= 0:
            await self._unless_it_fails(self._poll.step, self._poll.failed)

    async def _unless_it_fails(
        self, do: Callable[[], Awaitable[None]], fail: Callable[[PollError, float], None]
    ) -> None:
        with suppress(Closing):
            try:
                await do()
            except PollError as error:
                fail(error, self._pace.failed(self._clock(), error.retry_after_s, self._random()))

    async def _check_methods(self) -> None:
        """Once, as soon as the API answers."""
        unknown = await unless_closing(self._partition, unknown_methods(self._reading, self._target))
        self._methods_due = None
        self._pace.worked()
        for method, words in unknown.items():
            log.warning("payment method does not exist", target=self._target.name, method=method, words=list(words))

    def _methods_failed(self, error: PollError, _: float) -> None:
        """The statuses do not wait for it: who may read orders need not be allowed to read payment methods."""
        self._methods_due = self._clock() + METHODS_RETRY_S
        if not self._has_told:
            name, reason = self._target.name, error.reason
            log.warning("payment methods cannot be checked", target=name, reason=reason, error=str(error))
        self._has_told = True
