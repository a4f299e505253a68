"""More than fits: into an inbox, or into one transaction."""

from itertools import pairwise
from pathlib import Path

from tests.chaos.harness import Feed, Job, assert_exactly_once, drained, running
from tests.kafka import read_committed, unique_name


async def test_a_backlog_larger_than_the_inbox_loses_and_doubles_nothing(kafka: str, tmp_path: Path) -> None:
    """Partitions are paused and resumed all the time then: what was fetched meanwhile must not fall between."""
    job = Job(kafka, unique_name("pause"), 4)
    job.create_topics()
    feed = Feed(job)
    feed.write(10_000)
    feed.flush()
    async with running(job, 1, tmp_path, ORDERLOG__STREAMS__INBOX_RECORDS_MAX="200"):
        await drained(job)
    assert 10_000 == assert_exactly_once(job)


async def test_small_records_that_make_large_outputs_are_split_over_transactions(kafka: str, tmp_path: Path) -> None:
    """What waited was one transaction whatever its size: past a gigabyte it failed, and again after each restart."""
    job = Job(kafka, unique_name("large"), 1)
    job.create_topics(**{"max.message.bytes": "4300000"})
    feed = Feed(job)
    feed.write(40, b"large:2500000")
    feed.flush()
    async with running(job, 1, tmp_path) as [worker]:
        await drained(job)
        assert [] == worker.exits
    assert 40 == assert_exactly_once(job)
    offsets = [record.offset for record in read_committed(kafka, job.out)]
    ends = sum(later - earlier > 1 for earlier, later in pairwise(offsets))  # a transaction's end takes an offset
    assert ends >= 5
