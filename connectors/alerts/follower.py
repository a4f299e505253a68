"""Reads what became of commands and what the delivery tables hold, committed records only. Blocking: runs in a thread.

It begins where the window does, so a restart knows what its predecessor knew; tables are read from their beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import ValidationError

from connectors.alerts.levels import Level
from connectors.alerts.window import Window
from streams import topics
from streams.runtime.transaction import LOG_LEVEL
from streams.vocabulary import Outcome, OutcomeResult

log = structlog.get_logger(__name__)

BATCH_RECORDS_MAX = 1000
BATCH_TIMEOUT_S = 0.05
REQUEST_TIMEOUT_S = 15.0
# Of one call: what is more is read by the next.
RECORDS_MAX = 20_000


@dataclass(slots=True)
class Known:
    """What is known of all targets."""

    window: Window
    levels: dict[str, Level] = field(default_factory=dict)

    def outcome(self, value: bytes, now: datetime) -> None:
        """A record that is no outcome says nothing here: normalise has quarantined it."""
        try:
            outcome = Outcome.from_json(value)
        except ValidationError:
            return
        self.window.add(outcome, now)
        if outcome.result is OutcomeResult.DELIVERED and outcome.target in self.levels:
            self.levels[outcome.target].worked(outcome.at.timestamp())


class Follower:
    """Of these targets. `is_current`: it has come to the end of everything once."""

    def __init__(self, bootstrap: str, targets: Sequence[str], window_s: float, now: datetime) -> None:
        """Raises `KafkaException`."""
        self.known = Known(Window(window_s), {target: Level() for target in targets})
        self._tables = {topics.deliveries(target): self.known.levels[target] for target in targets}
        self._consumer = Consumer(_config(bootstrap))
        try:
            starts = self._starts(now - timedelta(seconds=window_s))
            self._behind = {(start.topic, start.partition) for start in starts}
            self._consumer.assign(starts)
        except BaseException:
            self._consumer.close()
            raise

    @property
    def is_current(self) -> bool:
        return not self._behind

    def read(self) -> bool:
        """What has come; True where there is so much that more is to be read first. Raises `KafkaException`."""
        for _ in range(RECORDS_MAX // BATCH_RECORDS_MAX):
            messages = self._consumer.consume(BATCH_RECORDS_MAX, BATCH_TIMEOUT_S)
            for message in messages:
                self._take(message)
            if len(messages) < BATCH_RECORDS_MAX:
                return False
        return True

    def close(self) -> None:
        self._consumer.close()

    def _take(self, message: Any) -> None:
        topic = message.topic()
        if error := message.error():
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            self._behind.discard((topic, message.partition()))
        elif topic == topics.OUTCOMES:
            self.known.outcome(message.value() or b"", datetime.now(UTC))
        else:
            self._tables[topic].change(message.key() or b"", message.value(), message.timestamp()[1] / 1000)

    def _starts(self, since: datetime) -> list[TopicPartition]:
        metadata = self._consumer.list_topics(timeout=REQUEST_TIMEOUT_S).topics
        begin_ms = int(since.timestamp() * 1000)
        outcomes = [
            TopicPartition(topics.OUTCOMES, number, begin_ms) for number in _partitions(metadata, topics.OUTCOMES)
        ]
        # Where no record is as new as that, it is the end.
        found = self._consumer.offsets_for_times(outcomes, timeout=REQUEST_TIMEOUT_S)
        tables = [TopicPartition(topic, number, 0) for topic in self._tables for number in _partitions(metadata, topic)]
        return [*found, *tables]


def _partitions(metadata: Any, topic: str) -> list[int]:
    """Raises `KafkaException` where there is no such topic."""
    if topic not in metadata or not metadata[topic].partitions:
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, topic))
    return sorted(metadata[topic].partitions)


def _config(bootstrap: str) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "log_level": LOG_LEVEL,
        "group.id": "orderlog-alerts",  # demanded by the client; never joined, never committed to
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "queued.max.messages.kbytes": 16 * 1024,
    }
