"""The runtime keeps its promise when the broker goes away, comes back, or does not answer."""

import asyncio
import signal
from pathlib import Path

import pytest

from streams.broker import LocalBroker
from streams.runtime.fatal import EXIT_ABORTED
from tests.chaos.harness import Feed, Job, assert_exactly_once, drained, running, until
from tests.kafka import unique_name

PARTITIONS = 2


@pytest.fixture
def job(private_broker: LocalBroker) -> Job:
    job = Job(private_broker.bootstrap, unique_name("broker"), PARTITIONS)
    job.create_topics()
    return job


async def test_broker_that_is_killed_and_comes_back_loses_and_doubles_nothing(
    job: Job, private_broker: LocalBroker, tmp_path: Path
) -> None:
    """Records, transactions and offsets in flight when the broker goes are settled when it is back."""
    feed = Feed(job)
    async with running(job, 1, tmp_path):
        writing = asyncio.create_task(feed.write_for(10, 1000))
        await until(lambda: sum(job.committed().values()) > 500, "the worker is at work")
        await asyncio.to_thread(private_broker.kill)
        await asyncio.sleep(2)
        await asyncio.to_thread(private_broker.start)
        await writing
        await asyncio.to_thread(feed.flush)
        await drained(job, 90)
    assert assert_exactly_once(job) == 10_000


async def test_broker_that_is_restarted_loses_and_doubles_nothing(
    job: Job, private_broker: LocalBroker, tmp_path: Path
) -> None:
    """A clean stop and a start under a worker's feet, with records written meanwhile."""
    feed = Feed(job)
    async with running(job, 1, tmp_path) as [worker]:
        writing = asyncio.create_task(feed.write_for(10, 1000))
        await until(lambda: sum(job.committed().values()) > 500, "the worker is at work")
        # The worker holds still while the broker stops: a node that is alone and shuts down gives up its leaderships
        # first, and leaves out the markers of transactions that end in that moment (see docs/exactly-once.md).
        worker.send(signal.SIGSTOP)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(private_broker.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(private_broker.start)
        worker.send(signal.SIGCONT)
        await writing
        await asyncio.to_thread(feed.flush)
        await drained(job, 90)
    assert assert_exactly_once(job) == 10_000


async def test_commit_that_times_out_ends_the_worker_and_nothing_else(
    job: Job, private_broker: LocalBroker, tmp_path: Path
) -> None:
    """Whether the broker took a commit that it did not answer is settled by the next owner's fencing."""
    feed = Feed(job)
    async with running(job, 1, tmp_path, ORDERLOG__STREAMS__COMMIT_TIMEOUT_S="2") as [worker]:
        writing = asyncio.create_task(feed.write_for(12, 1000))
        await until(lambda: sum(job.committed().values()) > 500, "the worker is at work")
        private_broker.suspend()
        # Below the broker's own session of 9 s: past it, a node that is alone skips transaction markers (see
        # streams.broker.fence), which no client can make good.
        await asyncio.sleep(4)
        private_broker.resume()
        await writing
        await asyncio.to_thread(feed.flush)
        await drained(job, 90)
        assert EXIT_ABORTED in worker.exits
        assert any(line["event"] == "transaction aborted" for line in worker.log_lines())
    assert_exactly_once(job)
