"""The way out to one target, shared by all partitions of the worker: hands its slots to the partitions in turn.

A partition with something due asks for a turn. Each turn sends one delivery; a partition that has more is put at the
end of the line. A delivery whose answer leads to another request goes before all others, through the same gate.
Whoever asks, whatever frees a slot, and whatever ends a wait calls `_pump`.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from connectors import metrics
from connectors.auth import Auth
from connectors.breaker import BreakerState
from connectors.exchange import Attempt, Masker, Request
from connectors.gate import Gate, Pass
from connectors.http import TargetClient
from connectors.now import utc_now
from connectors.schedule import retry_after_s
from connectors.settle import Judged
from connectors.share import NOTHING, commands_rate, share
from connectors.targets import kind_of
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import TOO_MANY_REQUESTS, Ruling, Verdict, blames_target
from connectors.vocabulary import Delivery
from connectors.wire import Wire
from streams.settings.model import Target

log = structlog.get_logger(__name__)

# After a 429 that does not say how long to wait.
QUIET_S_MIN = 1.0
# From here on somebody should know why nothing goes out.
LONG_QUIET_S = 60.0


class Lane(Protocol):
    """One partition, as the outlet sees it."""

    def next(self) -> Delivery | None:
        """The next delivery that is due, or None where nothing is, or the lane is closed."""

    def where(self, delivery: Delivery) -> Mapping[str, object]:
        """What a log line says of it: receipt, order key, topic, partition, offset."""

    def done(self, delivery: Delivery, judged: Judged, masker: Masker) -> None:
        """The attempt is over."""

    def refused(self, delivery: Delivery, error: str) -> None:
        """The command cannot become a request."""

    def failed(self, error: BaseException) -> None:
        """A fault of ours: what became of the attempt is not known, so the partition must end and start again."""


class Outlet:
    """Belongs to the event loop's thread. `monotonic` and `draw` (in [0, 1)) are passed in.

    `partitions`: how many all workers have together; of the rate this one has what its own come to.
    """

    def __init__(
        self,
        target: Target,
        auth: Auth,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
        partitions: int = 1,
    ) -> None:
        self.target, self.gate = target, Gate(target, monotonic())
        self._auth, self._now, self._monotonic, self._draw = auth, now, monotonic, draw
        self._kind, self._rate, self._partitions = kind_of(target), commands_rate(target), partitions
        self._wire = Wire(NOTHING, monotonic, lambda: self.gate.again(monotonic()))
        self._client: TargetClient | None = None
        self._owned: dict[Lane, int] = {}
        self._line: deque[Lane] = deque()
        self._waiting: set[Lane] = set()
        self._onward: deque[tuple[Lane, Delivery, Request, Attempt]] = deque()
        self._leaving: set[Lane] = set()
        self._tasks: dict[asyncio.Task[None], Lane] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._in_flight = metrics.IN_FLIGHT.labels(target.name)
        self._breaker = metrics.BREAKER.labels(target.name)
        self._waits = metrics.GATE_WAITS.labels(target.name)
        self._wait_seconds = metrics.GATE_WAIT_SECONDS.labels(target.name)
        self._attempt_seconds = metrics.ATTEMPT_SECONDS.labels(target.name)

    def join(self, lane: Lane, partition: int) -> None:
        """One partition more; the first opens the session."""
        if not self._owned:
            self._share()  # none until now
        self._owned[lane] = partition
        self._share()
        if self._client is None:
            self._client = TargetClient(self.target, self._auth, self._now, wire=self._wire)

    async def leave(self, lane: Lane, grace_s: float) -> None:
        """One partition less: gives what it has in flight `grace_s`, then cancels. The last closes the session."""
        self._leaving.add(lane)
        self._onward = deque(each for each in self._onward if each[0] is not lane)
        if mine := {task for task, of in self._tasks.items() if of is lane}:
            _, late = await asyncio.wait(mine, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        self._leaving.remove(lane)
        del self._owned[lane]
        self._share()
        if not self._owned and self._client is not None:
            client, self._client = self._client, None
            self._set_timer(None)
            await client.close()

    def _share(self) -> None:
        mine = share(self._rate, set(self._owned.values()), self._partitions)
        self.gate.give(mine, self._monotonic())
        self._wire.give(mine)

    def ask(self, lane: Lane) -> None:
        """`lane` has something due; it is given turns until it has not."""
        if lane not in self._waiting:
            self._waiting.add(lane)
            self._line.append(lane)
        self._pump()

    def _pump(self) -> None:
        while (self._onward or self._line) and self._client is not None:
            now = self._monotonic()
            wait_s = self.gate.wait_s(now)
            if wait_s != 0:
                self._waits.inc()
                self._set_timer(wait_s)
                return
            if self._onward:
                self._send_on(self._client)
                continue
            lane = self._line.popleft()
            if (delivery := lane.next()) is None:
                self._waiting.discard(lane)
                continue
            self._line.append(lane)
            self._start(lane, delivery, self._client)
        self._set_timer(None)

    def _set_timer(self, wait_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait_s is not None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._end_wait, wait_s)

    def _end_wait(self, waited_s: float) -> None:
        self._timer = None
        self._wait_seconds.inc(waited_s)
        self._pump()

    def _start(self, lane: Lane, delivery: Delivery, client: TargetClient) -> None:
        try:
            request = self._kind.request(delivery.command)
        except Unprocessable as error:
            lane.refused(delivery, str(error))
            return
        self._send(lane, delivery, request, client)

    def _send_on(self, client: TargetClient) -> None:
        lane, delivery, request, before = self._onward.popleft()
        self._send(lane, delivery, request, client, before)

    def _send(
        self,
        lane: Lane,
        delivery: Delivery,
        request: Request,
        client: TargetClient,
        before: Attempt | None = None,
    ) -> None:
        """`before`: what came of the request of this delivery that led to this one."""
        entered = self.gate.enter(self._monotonic())
        self._in_flight.set(self.gate.in_flight)

        async def send() -> None:
            structlog.contextvars.bind_contextvars(**lane.where(delivery))  # of this task alone
            started, attempt = self._monotonic(), None
            try:
                attempt = await client.attempt(request)
                self._attempt_seconds.observe(self._monotonic() - started)
            finally:
                self._answered(lane, delivery, entered, attempt, before, client.masker)

        task = asyncio.create_task(send(), name=f"deliver {delivery.id}")
        self._tasks[task] = lane
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        lane = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()):
            lane.failed(error)

    def _answered(
        self,
        lane: Lane,
        delivery: Delivery,
        entered: Pass,
        attempt: Attempt | None,
        before: Attempt | None,
        masker: Masker,
    ) -> None:
        """Frees the slot at once; what the answer means is committed by the lane."""
        self.gate.leave(entered)
        self._in_flight.set(self.gate.in_flight)
        if attempt is None:
            self.gate.breaker.abandoned(self._monotonic(), probe=entered.probe)
        elif isinstance(judged := self._judge(delivery, attempt, entered, before), Judged):
            metrics.ATTEMPTS.labels(self.target.name, judged.verdict.value).inc()
            lane.done(delivery, judged, masker)
        elif lane not in self._leaving:
            self._onward.append((lane, delivery, judged, attempt))
        self._pump()

    def _judge(
        self, delivery: Delivery, attempt: Attempt, entered: Pass, before: Attempt | None = None
    ) -> Judged | Request:
        at, ruling = self._now(), self._kind.judge(delivery.command, attempt.request, attempt.answer)
        state = self.gate.breaker.state
        if blames_target(attempt.status) or (isinstance(ruling, Ruling) and ruling.blames_target):
            charged = self.gate.breaker.failed(self._monotonic(), probe=entered.probe)
        else:
            self.gate.breaker.succeeded(probe=entered.probe)
            charged = not self._told_to_wait(attempt, at)
        self._report_breaker(state)
        if isinstance(ruling, Request):
            return ruling
        is_charged = charged and ruling.verdict is Verdict.RETRY
        judged = before if ruling.is_about_earlier and before is not None else attempt
        return Judged(judged, ruling.verdict, is_charged, self._draw(), at, ruling.why, ruling.after_s)

    def _told_to_wait(self, attempt: Attempt, at: datetime) -> bool:
        """429 is about our rate and not the command: all of it waits, the schedule stands still.

        Where it does not say for how long, then for the longest wait of the schedule.
        """
        if attempt.answer is None or attempt.status != TOO_MANY_REQUESTS:
            return False
        quiet_s = retry_after_s(attempt.answer.headers, at)
        if quiet_s is None:
            quiet_s = max((QUIET_S_MIN, *self.target.retry_delays_s))
        if quiet_s >= LONG_QUIET_S:
            log.warning("target wants no requests", target=self.target.name, seconds=round(quiet_s))
        self.gate.pause(self._monotonic(), quiet_s)
        return True

    def _report_breaker(self, before: BreakerState) -> None:
        state = self.gate.breaker.state
        self._breaker.set(state)
        if state is not before and BreakerState.OPEN in (state, before):
            log.warning(
                "breaker changed", target=self.target.name, state=state.name.lower(), before=before.name.lower()
            )
        elif state is not before and state is BreakerState.CLOSED:
            log.info("breaker closed", target=self.target.name)
