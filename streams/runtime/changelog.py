"""Restore of one partition of a state table from its compacted changelog.

The end is found by librdkafka's end-of-partition event, since transaction markers take offsets that no record has.
Blocking: runs in a thread.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.runtime.state import Store
from streams.runtime.transaction import LOG_LEVEL

BATCH_RECORDS_MAX = 10_000
# The client waits this long for a full batch, at the end of the changelog too.
BATCH_TIMEOUT_S = 0.03
STALL_TIMEOUT_S = 60.0
REQUEST_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a restore is. `remaining` counts offsets: an upper bound for records."""

    records: int
    remaining: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta_s(self) -> float:
        return self.remaining / self.per_second if self.records else float("inf")


def restore(
    bootstrap: str,
    topic: str,
    partition: int,
    start: int,
    store: Store,
    report: Callable[[Progress], None],
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Applies the changelog from offset `start` (0: from the beginning) to `store`; gives the offset after its end.

    Once `stopping` it gives the offset it has come to, where a later restore of the same store can go on.
    The caller must have fenced the previous owner, so nobody writes meanwhile. Raises `KafkaException`, `TimeoutError`.
    """
    consumer = Consumer(_config(bootstrap))
    try:
        tp = TopicPartition(topic, partition)
        first, end = consumer.get_watermark_offsets(tp, REQUEST_TIMEOUT_S)
        position = max(first, start)
        if position >= end:
            return int(end)
        consumer.assign([TopicPartition(topic, partition, position)])
        return _read_to_end(consumer, store, end, position, report, stopping)
    finally:
        consumer.close()


def _read_to_end(
    consumer: Consumer,
    store: Store,
    end: int,
    position: int,
    report: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> int:
    started = progressed = time.monotonic()
    records, at_end = 0, False
    while not at_end and not stopping():
        changes: dict[bytes, bytes | None] = {}
        batch = consumer.consume(BATCH_RECORDS_MAX, BATCH_TIMEOUT_S)
        for message in batch:
            if error := message.error():
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                at_end = at_end or (message.offset() or 0) >= end
            else:
                key, offset = message.key(), message.offset()
                assert key is not None and offset is not None
                changes[key] = message.value()
                position = offset + 1
                records += 1
        store.apply(changes)
        now = time.monotonic()
        progressed = now if changes else progressed
        if not at_end and now - progressed > STALL_TIMEOUT_S:
            raise TimeoutError(f"restore stands still at offset {position} of {end} for {STALL_TIMEOUT_S:.0f} s")
        report(Progress(records, 0 if at_end else end - position, now - started))
    return end if at_end else position


def _config(bootstrap: str) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "log_level": LOG_LEVEL,
        "group.id": "orderlog-restore",  # demanded by the client; never joined, never committed to
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
        "fetch.message.max.bytes": 8 * 1024 * 1024,
        "queued.min.messages": 100_000,
        "queued.max.messages.kbytes": 16 * 1024,
        # Where its queue is full the client stops fetching for a second, which would more than halve the speed.
        "fetch.queue.backoff.ms": 5,
    }
