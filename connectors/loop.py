"""The delivery loop of one partition: a durable queue that is a state table (DESIGN section 2).

    1. read      records of `orders.commands.<target>` become deliveries
    2. accept    they are committed, with the offset; only then may they be sent
    3. send      through the outlet, in order per key
    4. answer    frees the slot; the key stays busy
    5. outcome   is committed, with the deliveries that it ends or puts off; only then does the key go on

2 and 5 are one transaction where both wait. A crash between any two of them repeats at most the request, with the same
idempotency key and the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.exchange import Masker
from connectors.intake import Intake, Receiver
from connectors.now import utc_now
from connectors.outlet import Outlet
from connectors.queue import DeliveryQueue
from connectors.remembered import Remembered
from connectors.report import Report
from connectors.settle import Judged, Settled, Settler
from connectors.vocabulary import Delivery
from streams.runtime.partition import Partition
from streams.runtime.state import Overlay
from streams.settings.model import Settings

CLOSE_GRACE_S = 2.0
RECHECK_S = 1.0
# Reading them blocks the event loop, and with it every answer that comes meanwhile: some 50 ms.
TAKE_RECORDS_MAX = 500
# Dead ones of one partition that hold nothing and wait for an operator; past that the oldest count as superseded.
PARKED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Ended:
    """The dead ones that newer ones take the place of, those that are done, the ids to forget for them."""

    superseded: Sequence[Delivery]
    done: Sequence[Delivery]
    forgotten: Sequence[str]


class DeliveryLoop:
    """Owns one partition of one target's commands, from the end of its restore until it closes."""

    def __init__(
        self, settings: Settings, outlet: Outlet, partition: Partition, now: Callable[[], datetime] = utc_now
    ) -> None:
        target = outlet.target
        self._outlet, self._partition, self._now = outlet, partition, now
        self._pending_max = settings.connectors.pending_max
        self._settler = Settler(target, settings.kafka.record_bytes_max)
        self._receiver = Receiver(target.name, settings.kafka.record_bytes_max)
        stored = [Delivery.from_json(value) for _, value in partition.table.items()]
        self._queue = DeliveryQueue(each for each in stored if not each.is_done)
        self._remembered = Remembered(stored)
        self._settled: list[Settled] = []
        self._failure: BaseException | None = None
        self._report = Report(target.name, partition.topic, partition.number)

    async def run(self) -> None:
        """Returns when the partition is closing and what was in flight has had its grace."""
        self._outlet.join(self, self._partition.number)
        self._report.queue(self._queue)
        try:
            while not self._partition.closing:
                await self._transact()
                self._outlet.ask(self)
                await self._partition.wait(self._until_due_s())
        except BaseException:
            await self._outlet.leave(self, 0)
            raise
        await self._outlet.leave(self, CLOSE_GRACE_S)
        await self._transact()
        self._report.leave()

    # What the outlet asks of a lane

    def next(self) -> Delivery | None:
        return None if self._partition.closing else self._queue.start(self._now().timestamp())

    def where(self, delivery: Delivery) -> Mapping[str, object]:
        return self._report.where(delivery)

    def done(self, delivery: Delivery, judged: Judged, masker: Masker) -> None:
        self._settle(self._settler.settle(delivery, judged, masker))

    def refused(self, delivery: Delivery, error: str) -> None:
        self._settle(self._settler.unprocessable(delivery, error, self._now()))

    def failed(self, error: BaseException) -> None:
        self._failure = error
        self._partition.wake()

    def _settle(self, settled: Settled) -> None:
        self._settled.append(settled)
        self._partition.wake()

    # What the partition's loop does

    def _until_due_s(self) -> float | None:
        """The outlet calls for what is due already; looking again after a while covers a clock that was set back."""
        if (due := self._queue.next_due()) is None:
            return None
        until_s = due - self._now().timestamp()
        return min(until_s, RECHECK_S) if until_s > 0 else RECHECK_S

    async def _transact(self) -> None:
        """Steps 2 and 5: what waits, in one commit; then, and only then, in the queue."""
        if self._failure is not None:
            raise self._failure
        room = self._pending_max - self._queue.pending
        records = self._partition.take(min(room, TAKE_RECORDS_MAX)) if room > 0 and not self._partition.closing else []
        settled, self._settled = self._settled, []
        if not records and not settled:
            return
        overlay = Overlay(self._partition.table)
        ended = self._ended(settled)
        for id in ended.forgotten:
            overlay.delete(id.encode())
        for each in settled:
            _write(overlay, *each.change)
        for old in ended.superseded:
            overlay.set(old.id.encode(), old.to_json())
        now = self._now()
        intake = self._receiver.receive(records, overlay, now)
        outputs = [output for each in settled for output in each.outputs] + intake.quarantine
        outputs += [self._settler.again(each) for each in intake.repeated]
        outputs += [self._settler.discarded(each, now) for each in intake.discarded]
        await self._partition.commit(outputs, overlay.changes, records[-1].offset + 1 if records else None)
        self._apply(settled, ended.superseded, intake)
        self._remembered.apply([*ended.superseded, *ended.done], ended.forgotten)
        self._report.superseded(ended.superseded)
        if room < TAKE_RECORDS_MAX:
            self._partition.wake()  # what waits was left for want of room, and there may be some now

    def _ended(self, settled: Sequence[Settled]) -> _Ended:
        dead = [old for each in settled if each.has_ended and (old := self._queue.superseded_by(each.before))]
        dead += [new for each in settled if (new := each.delivery) and new.is_parked and self._queue.is_overtaken(new)]
        dead += [old for old in self._queue.parked_over(PARKED_MAX) if old not in dead]
        superseded, done = [old.superseded() for old in dead], [each.remembered for each in settled if each.remembered]
        adding = len(superseded) + len(done)
        return _Ended(superseded, done, self._remembered.too_old(adding, self._now()) if adding else [])

    def _apply(self, settled: Sequence[Settled], superseded: Sequence[Delivery], intake: Intake) -> None:
        for each in settled:
            if each.delivery is None:
                self._queue.finish(each.before)
            else:
                self._queue.settle(each.delivery)
        for delivery in superseded:
            self._queue.forget(delivery)
        for delivery in intake.redriven:
            self._queue.release(delivery)
        for delivery in intake.discarded:
            self._queue.discard(delivery)
        for delivery in intake.accepted:  # what was discarded just before may come again
            self._queue.add(delivery)
        self._report.committed(settled, intake, self._queue)


def _write(overlay: Overlay, key: bytes, value: bytes | None) -> None:
    if value is None:
        overlay.delete(key)
    else:
        overlay.set(key, value)
