"""Runs counting workers as real processes, hurts them, and checks what a `read_committed` reader sees afterwards."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from streams import topics
from tests import slot
from tests.kafka import SHARED_PARTITIONS, read_committed
from tests.slot import Slot

# The smallest that a broker allows, so that a stopped process is missed soon.
SESSION_TIMEOUT_S = 6
KEYS = 200


@dataclass
class Job:
    """One counting app and its topics."""

    bootstrap: str
    app_id: str
    partitions: int

    @cached_property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    @cached_property
    def consumer(self) -> Consumer:
        # AdminClient.list_consumer_group_offsets crashes the process where the coordinator has just moved
        # (librdkafka 2.16, rd_kafka_cgrp_op on a client without a group).
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": self.group,
                "enable.auto.commit": False,
                "isolation.level": "read_uncommitted",  # else it waits for the end of open transactions
                "log_level": 0,
            }
        )

    @property
    def source(self) -> str:
        return f"{self.app_id}-in"

    @property
    def out(self) -> str:
        return f"{self.app_id}-out"

    @property
    def table(self) -> str:
        return f"{self.app_id}-table"

    @property
    def group(self) -> str:
        return f"{self.app_id}-counter"

    def create_topics(self, **out_config: str) -> None:
        existing = self.admin.list_topics(timeout=10).topics
        wanted = [
            NewTopic(self.source, self.partitions, 1),
            NewTopic(self.out, self.partitions, 1, config=out_config),
            NewTopic(self.table, self.partitions, 1, config={"cleanup.policy": "compact"}),
            NewTopic(topics.QUARANTINE, SHARED_PARTITIONS, 1),
        ]
        for created in self.admin.create_topics([topic for topic in wanted if topic.topic not in existing]).values():
            created.result(30)

    def committed(self) -> dict[int, int]:
        """The group's committed input offsets; partitions without one are left out."""
        asked = [TopicPartition(self.source, number) for number in range(self.partitions)]
        return {tp.partition: tp.offset for tp in self.consumer.committed(asked, 10) if tp.offset >= 0}

    def ends(self) -> dict[int, int]:
        asked = {TopicPartition(self.source, number): OffsetSpec.latest() for number in range(self.partitions)}
        answer = self.admin.list_offsets(asked, request_timeout=10)
        return {tp.partition: future.result(10).offset for tp, future in answer.items()}

    def members(self) -> int:
        return len(self.admin.describe_consumer_groups([self.group])[self.group].result(10).members)


class Worker(Slot):
    """A counting worker."""

    def owned(self) -> object:
        """How many partitions its last assignment gave it; None before the first."""
        assigned = [line["partitions"] for line in self.log_lines("partitions assigned")]
        return assigned[-1] if assigned else None


def worker_of(job: Job, number: int, folder: Path, env: Mapping[str, str]) -> Worker:
    """It knows no failpoints."""
    given = {
        "ORDERLOG__KAFKA__BOOTSTRAP": job.bootstrap,
        "ORDERLOG__STREAMS__INSTANCE": f"{job.app_id}-{number}",
        "ORDERLOG__STREAMS__DATA_DIR": str(folder / f"data-{number}"),
        "ORDERLOG__STREAMS__SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
        "ORDERLOG__STREAMS__HEARTBEAT_S": "1",
        "ORDERLOG__STREAMS__FETCH_RECORDS_MAX": "500",
        **env,
    }
    module = ["tests.chaos.counting_worker", job.app_id, job.source, job.out, job.table]
    return Worker(number, module, given, folder / f"worker-{number}.log", folder / f"worker-{number}.failpoint")


@asynccontextmanager
async def running(
    job: Job, slots: int, folder: Path, started: int | None = None, **env: str
) -> AsyncIterator[list[Worker]]:
    """That many worker slots, the first `started` of them (or all) running; ended at the exit of the block."""
    workers = [worker_of(job, number, folder, env) for number in range(slots)]
    async with slot.running(workers, started):
        yield workers


class Feed:
    """Writes numbered records at a rate, so that kills find the workers at work. Only acknowledged ones count."""

    def __init__(self, job: Job, seed: int = 0) -> None:
        self._job, self._random = job, random.Random(seed)
        self._producer = Producer(
            {
                "bootstrap.servers": job.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "message.timeout.ms": 60_000,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        self._next = 0

    def write(self, count: int, value: bytes = b"x") -> None:
        for _ in range(count):
            key = b"key-%d" % self._random.randrange(KEYS)
            self._producer.produce(self._job.source, value, key, headers=[("id", b"%d" % self._next)])
            self._next += 1
        self._producer.poll(0)

    async def write_for(self, seconds: float, per_second: int) -> None:
        """As many as are due in that time, however late; cancelled: those that were due."""
        started = time.monotonic()
        written = 0
        while (passed := time.monotonic() - started) < seconds:
            due = int(passed * per_second)
            self.write(due - written)
            written = due
            await asyncio.sleep(0.02)
        self.write(int(seconds * per_second) - written)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0


async def until(true: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Asks again and again, in a thread. Raises `AssertionError` naming `what` when the time is up."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with suppress(Exception):
            if await asyncio.to_thread(true):
                return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{what}: not within {timeout_s} s")


async def drained(job: Job, timeout_s: float = 60) -> None:
    """Until every input offset is committed."""
    await until(lambda: job.committed() == {p: end for p, end in job.ends().items() if end}, "drained", timeout_s)


def assert_exactly_once(job: Job, skipped: Sequence[bytes] = ()) -> int:
    """The invariant: each input once in the output, versions of a key consecutive, table = pure fold of the input.

    `skipped`: values of inputs that are refused. Gives the number of inputs that count.
    """
    inputs = [record for record in read_committed(job.bootstrap, job.source) if record.value not in skipped]
    outputs = read_committed(job.bootstrap, job.out)
    expected = Counter(record.key for record in inputs)
    seen = Counter((record.value or b"").split(b"|")[0] for record in outputs)
    assert {record.header("id") for record in inputs} == set(seen), "lost or invented"
    assert [] == [id for id, times in seen.items() if times != 1], "doubled"
    versions: dict[bytes | None, list[int]] = defaultdict(list)
    for record in outputs:
        versions[record.key].append(int((record.value or b"").split(b"|")[1]))
    assert {key: list(range(1, count + 1)) for key, count in expected.items()} == dict(versions)
    table = {record.key: record.value for record in read_committed(job.bootstrap, job.table)}
    assert {key: str(count).encode() for key, count in expected.items()} == table
    return len(inputs)
