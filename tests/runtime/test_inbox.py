"""The inbox of a partition is bounded by number and by bytes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from streams.record import Record
from streams.runtime.agent import stepwise
from streams.runtime.partition import INBOX_BYTES_MAX, TAKE_BYTES_MAX, Limits, Partition

TOPIC = "inbox"


class _Flow:
    """What the consumer was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self, topic: str, partition: int) -> None:
        self.told.append("pause")

    def resume(self, topic: str, partition: int) -> None:
        self.told.append("resume")


def _partition(flow: _Flow, inbox_records_max: int = 1000) -> Partition:
    agent = stepwise("inbox", TOPIC, lambda record, state: ())
    limits = Limits("127.0.0.1:1", inbox_records_max, 1, 1, 1)
    return Partition(agent, 0, None, cast(Any, None), limits, flow, ThreadPoolExecutor(1))


def _records(count: int, size: int, start: int = 0) -> list[Record]:
    value = b"x" * size
    return [Record(TOPIC, 0, offset, 0, b"key", value) for offset in range(start, start + count)]


async def test_few_large_records_fill_an_inbox_too() -> None:
    """Bounded by number alone, a backlog of bodies of a megabyte would be read into memory, all 20 GB of it."""
    flow = _Flow()
    partition = _partition(flow)
    size = TAKE_BYTES_MAX // 2
    count = INBOX_BYTES_MAX // size
    partition.deliver(_records(count, size))
    assert [] == flow.told
    partition.deliver(_records(1, size, start=count))
    assert ["pause"] == flow.told
    taken = []
    while records := partition.take():
        assert len(records) <= 2
        taken += [record.offset for record in records]
    assert list(range(count + 1)) == taken
    assert ["pause", "resume"] == flow.told


async def test_a_record_larger_than_the_bound_is_taken_alone() -> None:
    """Never taken, it would stop its partition."""
    partition = _partition(_Flow())
    partition.deliver(_records(2, TAKE_BYTES_MAX + 1))
    assert [0] == [record.offset for record in partition.take()]
    assert [1] == [record.offset for record in partition.take()]
