"""One assigned input partition: its inbox, its state, its transactional producer, and the loop that owns them.

Everything that arrives while a transaction commits goes into the next one: small batches and low latency when idle,
large batches and high throughput under load, without a setting.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import accumulate
from typing import NoReturn, Protocol, TypeVar

import structlog

from streams.record import Output, Record
from streams.runtime import changelog, metrics
from streams.runtime.agent import Agent, Step
from streams.runtime.compute import compute
from streams.runtime.fatal import end_process
from streams.runtime.state import MemoryStore, Store
from streams.runtime.transaction import TransactionalProducer

log = structlog.get_logger(__name__)
T = TypeVar("T")

ABORT_TIMEOUT_S = 3.0
PROGRESS_EVERY_S = 2.0
# A batch is computed in one go, on the event loop: large enough for throughput, short enough for the others.
BATCH_RECORDS_MAX = 2_000
# Besides the bound on their number: records of a megabyte would fill the memory long before it.
INBOX_BYTES_MAX = 64 * 1024 * 1024
TAKE_BYTES_MAX = 16 * 1024 * 1024


class Flow(Protocol):
    """How a partition tells the consumer to stop and to go on fetching it."""

    def pause(self, topic: str, partition: int) -> None: ...
    def resume(self, topic: str, partition: int) -> None: ...


@dataclass(slots=True)
class Table:
    """A state table of one partition, and the changelog offset up to which it is known. Outlives a rebalance."""

    topic: str
    store: Store
    restored_to: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of every partition of a worker."""

    bootstrap: str
    inbox_records_max: int
    record_bytes_max: int
    commit_timeout_s: float
    close_timeout_s: float


class Partition:
    """Given to `Agent.run`. All methods belong to the event loop's thread."""

    def __init__(
        self,
        agent: Agent,
        number: int,
        table: Table | None,
        producer: TransactionalProducer,
        limits: Limits,
        flow: Flow,
        pool: Executor,
    ) -> None:
        self.agent, self.topic, self.number = agent, agent.topic, number
        self.closing, self.restored = False, False
        self.position = -1  # the offset that is to be fetched next
        self.committed_offset = -1
        self._table, self._producer, self._limits, self._flow, self._pool = table, producer, limits, flow, pool
        self._store: Store = table.store if table else MemoryStore()
        self._inbox: list[Record] = []
        self._inbox_bytes = 0
        self._taken = 0
        self._paused = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._labels = (self.topic, str(number))
        self._metrics = _PartitionMetrics(self._labels)

    @property
    def table(self) -> Store:
        """The committed state. Changes reach it through `commit` only."""
        return self._store

    @property
    def name(self) -> str:
        return f"{self.topic}[{self.number}]"

    # What the consumer does

    def deliver(self, records: Sequence[Record]) -> None:
        """Takes a fetched list. Past the bound the consumer stops fetching this partition; Kafka keeps the rest."""
        if self.closing:
            return
        if records and records[0].offset < self.position:
            fresh = [record for record in records if record.offset >= self.position]
            self._metrics.stale.inc(len(records) - len(fresh))
            records = fresh
        if not records:
            return
        self.position = records[-1].offset + 1
        self._inbox.extend(records)
        self._inbox_bytes += _bytes(records)
        if not self._paused and not self._fits(1):
            self._paused = True
            self._flow.pause(self.topic, self.number)
        self._woken.set()

    # What an agent's loop does

    def take(self, limit: int | None = None) -> list[Record]:
        """What waits, oldest first, at most `limit` records or `TAKE_BYTES_MAX`. Not taking is back-pressure."""
        limit = BATCH_RECORDS_MAX if limit is None else limit
        records = self._inbox[:limit]
        if (size := _bytes(records)) > TAKE_BYTES_MAX:
            records = _within(records, TAKE_BYTES_MAX)
            size = _bytes(records)
        self._inbox = self._inbox[len(records) :]
        self._inbox_bytes -= size
        self._taken += len(records)
        if self._inbox and limit > 0:
            self._woken.set()
        if self._paused and not self.closing and self._fits(2):
            self._paused = False
            self._flow.resume(self.topic, self.number)
        return records

    def _fits(self, part: int) -> bool:
        """Whether what waits is at most one `part`-th of what may wait."""
        few = len(self._inbox) <= self._limits.inbox_records_max // part
        return few and self._inbox_bytes <= INBOX_BYTES_MAX // part

    async def wait(self, timeout_s: float | None) -> None:
        """Until records arrive, `wake` is called, the partition is closing, or the time is up."""
        if not self.closing:
            try:
                await asyncio.wait_for(self._woken.wait(), timeout_s)
            except TimeoutError:
                return
            self._woken.clear()

    def wake(self) -> None:
        """Ends a `wait` now, or the next one at once."""
        self._woken.set()

    async def process(self, step: Step, records: Sequence[Record]) -> None:
        """`step` over `records`, in one transaction with their offset; in several where they make very much."""
        while records and not self.closing:
            computed = compute(step, records, self.table, self._limits.record_bytes_max)
            self._taken = computed.records
            await self.commit(computed.outputs, computed.changes, records[computed.records - 1].offset + 1)
            self._metrics.quarantined.inc(computed.quarantined)
            records = records[computed.records :]

    async def commit(
        self, outputs: Sequence[Output], changes: Mapping[bytes, bytes | None], next_offset: int | None
    ) -> None:
        """One Kafka transaction: outputs, changelog and input offset together. Any failure ends the process."""
        started = time.perf_counter()
        changelog_of = (self._table.topic, self.number) if self._table else None
        offset = None if next_offset is None else (self.topic, self.number, next_offset)
        # librdkafka's own time-out is not enough: sending offsets was seen to hang for good after a broker's restart.
        async with asyncio.timeout(self._limits.commit_timeout_s):
            await self._in_thread(self._producer.commit, outputs, changelog_of, changes, offset)
        self._store.apply(changes)
        self.committed_offset = self.committed_offset if next_offset is None else next_offset
        records, self._taken = (self._taken, 0) if next_offset is not None else (0, self._taken)
        self._metrics.committed(records, len(outputs) + len(changes), time.perf_counter() - started, len(self._store))

    # What the assignment does

    def start(self, position: int) -> None:
        """Restores, then runs the agent's loop. `position`: the committed input offset."""
        self.position = self.committed_offset = position
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def close(self) -> None:
        """Lets the transaction in hand finish, drops what waits (it is not committed), and ends the loop."""
        self.closing = True
        self._inbox.clear()
        self._woken.set()
        if self._task is None:
            return
        done, _ = await asyncio.wait({self._task}, timeout=self._limits.close_timeout_s)
        if not done:
            end_process("partition did not finish in time", None, topic=self.topic, partition=self.number)

    async def _run(self) -> None:
        try:
            await self._restore()
            if not self.closing:
                self.restored = True
                await self.agent.run(self)
        except Exception as error:
            self._abort(error)
        if not self.closing:
            self._abort(RuntimeError(f"the loop of agent {self.agent.name} ended by itself"))
        await self._in_thread(self._producer.close)

    async def _restore(self) -> None:
        if self._table is None:
            return
        table, started = self._table, time.monotonic()
        table.restored_to = await self._in_thread(
            changelog.restore,
            self._limits.bootstrap,
            table.topic,
            self.number,
            table.restored_to,
            table.store,
            _RestoreReport(table.topic, self.number, self._labels),
            lambda: self.closing,
        )
        self._metrics.state.set(len(table.store))
        if (seconds := time.monotonic() - started) > PROGRESS_EVERY_S:
            log.info(
                "state restored",
                topic=table.topic,
                partition=self.number,
                records=len(table.store),
                seconds=round(seconds, 1),
            )

    def _in_thread(self, call: Callable[..., T], *args: object) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    def _abort(self, error: Exception) -> NoReturn:
        try:
            self._producer.abort(ABORT_TIMEOUT_S)
        except Exception as abort_error:  # the broker will do it, at the transaction's timeout
            log.warning(
                "transaction left to its timeout", error=repr(abort_error), topic=self.topic, partition=self.number
            )
        end_process("transaction aborted", error, agent=self.agent.name, topic=self.topic, partition=self.number)


def _bytes(records: Sequence[Record]) -> int:
    return sum([len(record.value or b"") for record in records])


def _within(records: Sequence[Record], bytes_max: int) -> list[Record]:
    """As many of the first as `bytes_max` can hold; one in any case."""
    sizes = accumulate(len(record.value or b"") for record in records)
    return [record for record, size in zip(records, sizes, strict=True) if size <= bytes_max] or [records[0]]


class _RestoreReport:
    """Progress of one restore: a metric at every batch, a log line every few seconds."""

    def __init__(self, topic: str, number: int, labels: tuple[str, str]) -> None:
        self._topic, self._number, self._logged = topic, number, time.monotonic()
        self._records = metrics.RESTORED.labels(*labels)
        self._remaining = metrics.RESTORE_REMAINING.labels(*labels)

    def __call__(self, progress: changelog.Progress) -> None:
        self._records.set(progress.records)
        self._remaining.set(progress.remaining)
        now = time.monotonic()
        if now - self._logged > PROGRESS_EVERY_S:
            self._logged = now
            log.info(
                "restoring state",
                topic=self._topic,
                partition=self._number,
                records=progress.records,
                records_per_s=round(progress.per_second),
                eta_s=round(progress.eta_s, 1),
            )


class _PartitionMetrics:
    """The children of the runtime's metrics for one partition."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._records_in = metrics.RECORDS_IN.labels(*labels)
        self._records_out = metrics.RECORDS_OUT.labels(*labels)
        self.quarantined = metrics.QUARANTINED.labels(*labels)
        self._transactions = metrics.TRANSACTIONS.labels(*labels)
        self._batch_records = metrics.BATCH_RECORDS.labels(*labels)
        self._commit_seconds = metrics.COMMIT_SECONDS.labels(*labels)
        self.state = metrics.STATE_RECORDS.labels(*labels)
        self.stale = metrics.STALE_RECORDS.labels(*labels)

    def committed(self, records_in: int, records_out: int, seconds: float, state_records: int) -> None:
        self._transactions.inc()
        self._commit_seconds.observe(seconds)
        self._records_in.inc(records_in)
        self._batch_records.observe(records_in)
        self._records_out.inc(records_out)
        self.state.set(state_records)
