"""Faust's consumer as we change it: nothing that was fetched is dropped."""

from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from streams.runtime.batches import BatchConsumer, BatchScheduler, BatchTransport

HERE = TP("in", 0)


def consumer_of(kind: type[Consumer]) -> Any:
    """A consumer with one active partition, whose fetch is on its way while the partition is paused."""
    app = faust.App("batches", broker="kafka://127.0.0.1:1", ConsumerScheduler=BatchScheduler, store="memory://")
    transport = type("Transport", (BatchTransport,), {"Consumer": kind})(["kafka://127.0.0.1:1"], app)
    consumer: Any = transport.create_consumer(
        lambda message: None, on_partitions_revoked=None, on_partitions_assigned=None
    )
    consumer._active_partitions, consumer.flow_active = {HERE}, True
    record = SimpleNamespace(
        topic=HERE.topic, partition=0, offset=7, timestamp=1, timestamp_type=0, key=b"k", value=b"v", headers=()
    )

    async def fetch(**_: Any) -> dict[TP, list[Any]]:
        consumer.pause_partitions({HERE})
        return {HERE: [record]}

    consumer._getmany, consumer.highwater = fetch, lambda tp: 8
    return consumer


@pytest.mark.parametrize(("kind", "kept"), [(Consumer, []), (BatchConsumer, [7])])
async def test_a_list_that_was_on_its_way_when_its_partition_was_paused_is_kept(
    kind: type[Consumer], kept: list[int]
) -> None:
    """Faust alone drops it and reads on: the records would be gone until a restart, and for good after the next commit.

    The first case shows that it does; once it does not any more, the change of ours can go.
    """
    found = [message.value[0].offset async for _, message in consumer_of(kind).getmany(timeout=1)]
    assert kept == found
