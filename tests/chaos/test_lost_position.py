"""A topic that ends before what was committed of it: after a power cut with one replica, or made anew."""

from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from streams.runtime.fatal import EXIT_ABORTED
from tests.chaos.harness import Feed, Job, drained, running
from tests.connectors.harness import until
from tests.kafka import unique_name


def commit(job: Job, offset: int) -> None:
    client = Consumer({"bootstrap.servers": job.bootstrap, "group.id": job.group, "enable.auto.commit": False})
    client.commit(offsets=[TopicPartition(job.source, 0, offset)], asynchronous=False)
    client.close()


async def test_a_worker_refuses_to_go_on_from_beyond_the_end(kafka: str, tmp_path: Path) -> None:
    """Each new record would have an offset that counts as processed: it would be dropped, silently, until then."""
    job = Job(kafka, unique_name("beyond"), 1)
    job.create_topics()
    feed = Feed(job)
    feed.write(5)
    feed.flush()
    commit(job, 1_000)
    async with running(job, 1, tmp_path) as [worker]:

        async def refused() -> bool:
            return EXIT_ABORTED in worker.exits

        await until(refused, "the worker's end", 60)
        said = [str(line.get("error")) for line in worker.log_lines()]
        assert any("ends at 5, and 1000 is committed" in error for error in said), said
        assert {0: 1_000} == job.committed()


async def test_a_worker_goes_on_once_the_offset_was_mended(kafka: str, tmp_path: Path) -> None:
    """The message says to set the offset: what was said must be enough."""
    job = Job(kafka, unique_name("mended"), 1)
    job.create_topics()
    feed = Feed(job)
    feed.write(5)
    feed.flush()
    commit(job, 0)
    async with running(job, 1, tmp_path) as [worker]:
        await drained(job)
        assert [] == worker.exits
