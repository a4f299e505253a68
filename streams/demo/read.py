"""Reads topics from their beginning to their ends, `read_committed`: what any other consumer would see."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.record import Record

POLL_RECORDS = 1000
POLL_S = 0.05
ASK_TIMEOUT_S = 15.0
PARTITION_EOF = -191

Partition = tuple[str, int]


class ReadTimeout(Exception):
    """The ends were not reached in time; the message says of which partitions."""


class Reader:
    """Follows every partition of `topics`. Use from one thread at a time; `close` it."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap, "log_level": 0}
        self.records: list[Record] = []
        self._admin = AdminClient(quiet)
        self._consumer = Consumer(
            quiet
            | {
                "group.id": f"orderlog-demo-reader-{uuid4().hex}",  # required, never committed to
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "reconnect.backoff.max.ms": 500,
            }
        )
        described = self._admin.list_topics(timeout=ASK_TIMEOUT_S).topics
        self._positions: dict[Partition, int] = {
            (topic, partition): 0 for topic in topics if topic in described for partition in described[topic].partitions
        }
        self._consumer.assign([TopicPartition(*at, OFFSET_BEGINNING) for at in self._positions])

    @property
    def partitions(self) -> list[Partition]:
        """Every partition that it follows."""
        return list(self._positions)

    def catch_up(self, timeout_s: float) -> int:
        """Reads what was committed until now into `records`; answers how many are new. Raises `ReadTimeout`."""
        deadline, before = time.monotonic() + timeout_s, len(self.records)
        ends = self._ends(deadline)
        while behind := [at for at, end in ends.items() if self._positions[at] < end]:
            if time.monotonic() > deadline:
                raise ReadTimeout(", ".join(f"{t}[{p}] at {self._positions[t, p]} of {ends[t, p]}" for t, p in behind))
            for message in self._consumer.consume(POLL_RECORDS, POLL_S):
                self._take(message)
        return len(self.records) - before

    def close(self) -> None:
        self._consumer.close()

    def _take(self, message: Any) -> None:
        error, at = message.error(), (message.topic(), message.partition())
        if error is not None and error.code() == PARTITION_EOF:
            # Transaction markers take offsets too: only the end itself says that nothing is left.
            self._positions[at] = max(self._positions[at], message.offset())
        elif error is None:
            self._positions[at] = message.offset() + 1
            value, key, headers = message.value(), message.key(), message.headers() or ()
            self.records.append(Record(*at, message.offset(), message.timestamp()[1], key, value, headers))

    def _ends(self, deadline: float) -> dict[Partition, int]:
        """The last stable offset of every partition. A broker that is just coming back is asked again."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(*at): latest for at in self._positions}
        while True:
            try:
                futures = self._admin.list_offsets(
                    asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ASK_TIMEOUT_S
                )
                return {(at.topic, at.partition): future.result().offset for at, future in futures.items()}
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise ReadTimeout(f"the broker does not say where the topics end: {error}") from None
                time.sleep(POLL_S)


class Committed:
    """The committed offsets of one consumer group, without joining it."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self.group = group
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 0})

    def of(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """0 where nothing was committed. Raises `ReadTimeout`."""
        try:
            found = self._consumer.committed([TopicPartition(*at) for at in partitions], timeout=ASK_TIMEOUT_S)
        except KafkaException as error:
            raise ReadTimeout(f"the broker does not give the offsets of {self.group}: {error}") from None
        return {(at.topic, at.partition): max(0, at.offset) for at in found}

    def close(self) -> None:
        self._consumer.close()
