"""Which partitions this worker owns. Takes the place of Faust's transaction manager.

On assignment: fence the previous owners, then read committed offsets, then restore; Faust seeks after this hook. On
revocation: let each transaction in hand finish. A revoked partition's table is kept until the new assignment is known:
what comes back needs only the changelog's tail.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import structlog

from streams.record import Record
from streams.runtime import metrics
from streams.runtime.agent import Agent
from streams.runtime.fatal import end_process
from streams.runtime.partition import Flow, Limits, Partition, Table
from streams.runtime.state import MemoryStore
from streams.runtime.transaction import Group, ProducerSettings, TransactionalProducer

log = structlog.get_logger(__name__)

TopicPartition = tuple[str, int]

# librdkafka's transaction calls block: a partition holds a thread while it commits or restores.
THREADS_MAX = 256
COMMITTED_TIMEOUT_S = 15.0


class PositionLost(Exception):
    """The committed offset lies beyond the end of its topic."""


class Assignment:
    """The partitions of one worker. All methods belong to the event loop's thread."""

    def __init__(
        self,
        agents: Sequence[Agent],
        app_id: str,
        group: Group,
        producers: ProducerSettings,
        limits: Limits,
        flow: Flow,
    ) -> None:
        self._agents: Mapping[str, Agent] = {agent.topic: agent for agent in agents}
        self._app_id, self._group, self._producers, self._limits, self._flow = app_id, group, producers, limits, flow
        self._pool: Executor = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="transaction")
        self._tables: dict[TopicPartition, Table] = {}
        self.partitions: dict[TopicPartition, Partition] = {}
        self.assigned_once = not agents

    @property
    def ready(self) -> bool:
        """True once an assignment is known and all its state is restored, and where there is nothing to assign."""
        return self.assigned_once and all(partition.restored for partition in self.partitions.values())

    def deliver(self, topic: str, number: int, records: Sequence[Record]) -> None:
        """Hands a fetched list to its partition; one that is no longer ours is dropped, its owner reads it."""
        if partition := self.partitions.get((topic, number)):
            partition.deliver(records)

    async def revoke(self) -> None:
        """Ends every partition. Rebalances are eager: all are revoked, and what stays is assigned again."""
        leaving = list(self.partitions.values())
        await asyncio.gather(*(partition.close() for partition in leaving))
        self.partitions = {}
        for partition in leaving:
            metrics.forget(partition.topic, str(partition.number))
        if leaving:
            log.info("partitions revoked", partitions=len(leaving))

    async def assign(self, assigned: Iterable[TopicPartition]) -> None:
        """Fences and starts every partition of `assigned`. Any failure ends the process."""
        wanted = sorted(tp for tp in assigned if tp[0] in self._agents)
        await self.revoke()
        self._tables = {tp: table for tp, table in self._tables.items() if tp in wanted}
        try:
            producers = await asyncio.gather(*(self._fence(tp) for tp in wanted))
            committed = await self._committed(wanted)
            await self._check_positions({tp: offset for tp, offset in committed.items() if offset > 0})
        except Exception as error:
            end_process("partitions could not be taken over", error, partitions=len(wanted))
        for tp, producer in zip(wanted, producers, strict=True):
            self.partitions[tp] = self._partition(tp, producer)
        for tp, partition in self.partitions.items():
            partition.start(committed[tp])
        self.assigned_once = True
        log.info("partitions assigned", partitions=len(wanted))

    async def _fence(self, tp: TopicPartition) -> TransactionalProducer:
        topic, number = tp
        producer = TransactionalProducer(self._producers, f"{self._app_id}-{topic}-{number}", self._group)
        await asyncio.get_running_loop().run_in_executor(self._pool, producer.init)
        return producer

    async def _committed(self, wanted: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        if not wanted:
            return {}
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._group.committed, wanted, COMMITTED_TIMEOUT_S
        )

    async def _check_positions(self, committed: Mapping[TopicPartition, int]) -> None:
        """Raises `PositionLost` where a topic ends before what was committed of it.

        Its new records would have the offsets of records that were processed, and be dropped as stale without a word.
        """
        loop = asyncio.get_running_loop()
        bounds = await loop.run_in_executor(self._pool, self._group.bounds, list(committed), COMMITTED_TIMEOUT_S)
        for (topic, number), (first, end) in bounds.items():
            offset = committed[topic, number]
            if offset > end:
                raise PositionLost(
                    f"{topic}[{number}] ends at {end}, and {offset} is committed: the topic has lost records, or was "
                    "made anew. See what is missing, then set the group's offset there to the topic's end or beginning"
                )
            if offset < first:
                log.error(
                    "records expired before they were read", topic=topic, partition=number, records=first - offset
                )

    def _partition(self, tp: TopicPartition, producer: TransactionalProducer) -> Partition:
        topic, number = tp
        agent = self._agents[topic]
        table = self._tables.setdefault(tp, Table(agent.table, MemoryStore())) if agent.table else None
        return Partition(agent, number, table, producer, self._limits, self._flow, self._pool)

    def observe_lag(self, ends: Mapping[TopicPartition, int]) -> None:
        """`ends`: the end offset of each partition, as the consumer last heard it."""
        for (topic, number), end in ends.items():
            if partition := self.partitions.get((topic, number)):
                metrics.LAG.labels(topic, str(number)).set(max(0, end - max(0, partition.committed_offset)))
