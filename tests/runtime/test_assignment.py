"""What is left of a partition that another worker has now."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from prometheus_client import generate_latest

from streams.runtime.agent import stepwise
from streams.runtime.assignment import Assignment
from streams.runtime.partition import Flow, Limits, Partition
from streams.runtime.transaction import Group, ProducerSettings

TOPIC = "handed-over"


async def test_gauges_of_a_partition_leave_with_it() -> None:
    """Left behind, its last lag would be shown by two workers for ever, and sums over workers would be wrong."""
    agent, limits = stepwise(TOPIC, TOPIC, lambda record, state: ()), Limits("127.0.0.1:1", 1, 1, 1, 1)
    group, flow = Group("127.0.0.1:1", TOPIC), cast(Flow, None)
    assignment = Assignment([agent], TOPIC, group, ProducerSettings("127.0.0.1:1", 1, 1, 1024), limits, flow)
    partition = Partition(agent, 3, None, cast(Any, None), limits, flow, ThreadPoolExecutor(1))
    assignment.partitions[TOPIC, 3] = partition
    assignment.observe_lag({(TOPIC, 3): 77})
    line = b'orderlog_lag_records{partition="3",topic="handed-over"} 77.0'
    assert line in generate_latest()
    await assignment.revoke()
    gauges = [said for said in generate_latest().splitlines() if TOPIC.encode() in said and b"_total" not in said]
    assert [] == [said for said in gauges if said.startswith((b"orderlog_lag", b"orderlog_state", b"orderlog_restore"))]
    group.close()
