"""The comparison that runs by itself: every `interval_s`, over the orders of the last `since_s`, where it is set so."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from connectors.pollers.client import PollError
from connectors.reconcile import report
from connectors.reconcile.run import Comparison, Result
from connectors.status.reading import Reading, pace_of
from streams.admin.errors import Refused, Unreachable
from streams.settings.model import Settings, Target

log = structlog.get_logger(__name__)

# After a run of which nothing came.
RETRY_S = 300.0


class Scheduled:
    """Of one target. `last`: when it last came to its end. One run at a time, with reads and a rate of its own."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        environ: Mapping[str, str],
        last: datetime | None,
        now: Callable[[], datetime],
    ) -> None:
        assert target.commerceos is not None
        self._settings, self._target, self._environ, self._now = settings, target, environ, now
        self._every = target.commerceos.reconcile
        self._due: datetime | None = None
        if self._every is not None:
            self._due = now() if last is None else last + timedelta(seconds=self._every.interval_s)
        self._task: asyncio.Task[Result] | None = None
        self._comparison: Comparison | None = None

    async def close(self) -> None:
        if self._task is not None:
            if self._comparison is not None:
                self._comparison.stop()
            self._task.cancel()
            await asyncio.wait({self._task})
        report.leave(self._target.name)

    def wait_s(self) -> Sequence[float]:
        """Until the next run begins; nothing where none is due, or one runs."""
        if self._due is None or self._task is not None:
            return ()
        return (max(0.0, (self._due - self._now()).total_seconds()),)

    def ask(self) -> None:
        """An operator wants one now."""
        if self._every is not None:
            self._due = self._now()

    def begin(self, wake: Callable[[], None]) -> None:
        """Where one is due. `wake` is called when it has ended."""
        if self._every is not None and self._task is None and self._due is not None and self._due <= self._now():
            since = self._now() - timedelta(seconds=self._every.since_s)
            self._task = asyncio.create_task(self._run(since))
            self._task.add_done_callback(lambda _: wake())

    def ended(self) -> datetime | None:
        """When a run that came to its end just now did; it is reported."""
        if self._task is None or not self._task.done() or self._every is None:
            return None
        task, self._task = self._task, None
        now = self._now()
        try:
            result = task.result()
        except (PollError, Unreachable, Refused) as error:
            report.failed(self._target.name, error)
        except Exception:  # a comparison that cannot be made must not stop the deliveries
            log.exception("reconciliation failed unexpectedly", target=self._target.name)
            report.failed(self._target.name, None)
        else:
            report.ended(result)
            self._due = now + timedelta(seconds=self._every.interval_s)
            return now
        self._due = now + timedelta(seconds=min(RETRY_S, self._every.interval_s))
        return None

    async def _run(self, since: datetime) -> Result:
        reading = Reading(self._target, self._environ, pace_of(self._target), self._now)
        try:
            self._comparison = Comparison(self._settings, self._target, reading, self._now)
            return await self._comparison.run(since)
        finally:
            await reading.close()
