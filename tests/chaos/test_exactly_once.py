"""The runtime keeps its promise under kill, zombie and rebalance. DESIGN section 1."""

import asyncio
import random
import signal
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams import topics
from streams.runtime.fatal import EXIT_ABORTED
from tests.chaos.harness import SESSION_TIMEOUT_S, Feed, Job, Worker, assert_exactly_once, drained, running, until
from tests.kafka import read_committed, unique_name

PARTITIONS = 4
WORK_PER_KILL = 4_000


@pytest.fixture
def job(kafka: str) -> Job:
    job = Job(kafka, unique_name("count"), PARTITIONS)
    job.create_topics()
    return job


def has_committed(job: Job, records: int) -> bool:
    return sum(job.committed().values()) > records


def has_ended(worker: Worker, times: int) -> bool:
    return len(worker.exits) == times


async def test_sigkill_at_random_moments_loses_and_doubles_nothing(job: Job, tmp_path: Path) -> None:
    """One worker is killed five times, in the middle of its work, while records keep coming."""
    feed, chance = Feed(job), random.Random(7)
    async with running(job, 1, tmp_path) as [worker]:
        writing = asyncio.create_task(feed.write_for(600, 2000))
        done = 0
        for number in range(1, 6):
            await until(partial(has_committed, job, done + WORK_PER_KILL), "it is at work", 120)
            await asyncio.sleep(chance.uniform(0, 0.5))
            worker.send(signal.SIGKILL)
            await until(partial(has_ended, worker, number), "it is dead")
            done = sum((await asyncio.to_thread(job.committed)).values())
        writing.cancel()
        await asyncio.to_thread(feed.flush)
        await drained(job, 120)
        assert [-signal.SIGKILL] * 5 == worker.exits
    assert assert_exactly_once(job) > 5 * WORK_PER_KILL


async def test_zombie_is_fenced_and_rejoins(job: Job, tmp_path: Path) -> None:
    """A worker stopped for longer than its session loses its partitions; awake again, it harms nothing and returns."""
    feed = Feed(job)
    async with running(job, 2, tmp_path) as workers:
        # One that is stopped while it joins wakes up to an assignment of old, and fences whoever has it by then.
        await until(lambda: all(worker.owned() == PARTITIONS // 2 for worker in workers), "each has its half")
        writing = asyncio.create_task(feed.write_for(SESSION_TIMEOUT_S + 8, 2000))
        await asyncio.sleep(2)
        workers[0].send(signal.SIGSTOP)
        await until(lambda: job.members() == 1, "the stopped one was given up", 3 * SESSION_TIMEOUT_S)
        await asyncio.sleep(2)
        workers[0].send(signal.SIGCONT)
        await writing
        feed.flush()
        await drained(job)
        await until(lambda: job.members() == 2, "the zombie rejoined")
        assert set(workers[0].exits) <= {EXIT_ABORTED}
        assert [] == workers[1].exits
    assert_exactly_once(job)


async def test_workers_that_come_and_go_lose_and_double_nothing(job: Job, tmp_path: Path) -> None:
    """Partitions are revoked in mid-batch as a second and a third worker join, one is killed and one leaves cleanly."""
    feed = Feed(job)
    async with running(job, 3, tmp_path, started=1) as workers:
        writing = asyncio.create_task(feed.write_for(16, 3000))
        for worker in workers[1:]:
            await asyncio.sleep(2.5)
            worker.start()
        await until(lambda: job.members() == 3, "all joined")
        workers[1].send(signal.SIGKILL)
        await asyncio.sleep(3)
        assert 0 == await workers[2].stop(signal.SIGTERM)
        await until(lambda: job.members() == 2, "the stopped one was given up", 3 * SESSION_TIMEOUT_S)
        await writing
        feed.flush()
        await drained(job)
    assert_exactly_once(job)


async def test_partition_revoked_in_mid_batch_is_finished_or_left_to_its_next_owner(job: Job, tmp_path: Path) -> None:
    """A second worker joins while the first is kept busy with records that take their time."""
    feed = Feed(job)

    async def keep_busy() -> None:
        while True:
            feed.write(5, b"slow:40")
            await asyncio.sleep(0.2)

    async with running(job, 2, tmp_path, started=1) as workers:
        busy = asyncio.create_task(keep_busy())
        await until(lambda: sum(job.committed().values()) > 0, "the first is at work")
        workers[1].start()
        await until(lambda: bool(workers[0].log_lines("partitions revoked")), "the first gives partitions up")
        await until(lambda: workers[1].owned() == PARTITIONS // 2, "the second has them")
        busy.cancel()
        await asyncio.to_thread(feed.flush)
        await drained(job)
        assert [] == workers[0].exits
    assert assert_exactly_once(job) > 20


async def test_record_that_cannot_be_processed_is_quarantined_and_the_partition_moves_on(
    job: Job, tmp_path: Path
) -> None:
    """A poison record leaves no trace in the state, and lies in quarantine with its reason and origin."""
    feed = Feed(job)
    for _ in range(20):
        feed.write(50)
        feed.write(1, b"poison")
    feed.flush()
    async with running(job, 1, tmp_path):
        await drained(job)
    assert 1000 == assert_exactly_once(job, skipped=[b"poison"])
    poison = [r for r in read_committed(job.bootstrap, job.source) if r.value == b"poison"]
    quarantined = [
        r for r in read_committed(job.bootstrap, topics.QUARANTINE) if r.header("origin_topic") == job.source.encode()
    ]
    assert 20 == len(quarantined)
    assert {b"poison"} == {r.header("reason") for r in quarantined}
    assert {(str(r.partition).encode(), str(r.offset).encode(), r.key) for r in poison} == {
        (r.header("origin_partition"), r.header("origin_offset"), r.key) for r in quarantined
    }


async def test_output_beyond_the_bound_is_quarantined_instead_of_ending_every_worker(job: Job, tmp_path: Path) -> None:
    """An output larger than kafka.record_bytes_max would fail its transaction for ever."""
    feed = Feed(job)
    feed.write(10)
    feed.write(1, b"large:100000")
    feed.write(10)
    feed.flush()
    async with running(job, 1, tmp_path, ORDERLOG__KAFKA__RECORD_BYTES_MAX="50000") as [worker]:
        await drained(job)
        assert [] == worker.exits
    assert 20 == assert_exactly_once(job, skipped=[b"large:100000"])


async def test_send_rejected_by_the_broker_aborts_the_whole_transaction(kafka: str, tmp_path: Path) -> None:
    """The topic takes less than the settings say: nothing of the batch is seen, all of it once the topic is mended."""
    job = Job(kafka, unique_name("reject"), 1)
    job.create_topics(**{"max.message.bytes": "2000"})
    feed = Feed(job)
    feed.write(50)
    feed.write(1, b"large:5000")
    feed.write(50)
    feed.flush()
    async with running(job, 1, tmp_path) as [worker]:
        await until(lambda: len(worker.exits) >= 2, "the worker ended twice")
        assert {EXIT_ABORTED} == set(worker.exits)
        assert [] == read_committed(kafka, job.out)
        assert {} == job.committed()
        assert any("MSG_SIZE_TOO_LARGE" in str(line.get("error")) for line in worker.log_lines())
        _allow_large(job)
        await drained(job)
    assert 101 == assert_exactly_once(job)


def _allow_large(job: Job) -> None:
    entry = ConfigEntry("max.message.bytes", "100000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, job.out, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": job.bootstrap})
    for altered in admin.incremental_alter_configs([resource]).values():
        altered.result(10)


async def test_restart_continues_from_a_large_changelog(kafka: str, tmp_path: Path) -> None:
    """Counts go on where they were: the restore reads everything, transaction markers at its end included."""
    job = Job(kafka, unique_name("restore"), 2)
    job.create_topics()
    feed = Feed(job)
    feed.write(60_000)
    feed.flush()
    async with running(job, 1, tmp_path) as [worker]:
        await drained(job)
        assert 0 == await worker.stop(signal.SIGTERM)
    feed.write(1000)
    feed.flush()
    async with running(job, 1, tmp_path):
        await drained(job)
    assert 61_000 == assert_exactly_once(job)
