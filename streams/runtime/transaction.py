"""One transactional producer per input partition, and the order of a commit.

1. begin, 2. outputs, 3. changelog, 4. the input offset, 5. commit, which first waits until every record of the
transaction is acknowledged and fails if one was rejected. Only then may the caller apply its changes (6).

All methods block: they run in a thread. Any error means: abort, end the process (DESIGN section 1, point 5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streams.record import Output

INIT_TIMEOUT_S = 30.0
QUEUE_RECORDS_MAX = 1_000_000
# syslog's `critical`: librdkafka writes past our logging, and its errors reach us as exceptions.
LOG_LEVEL = 2


@dataclass(frozen=True, slots=True)
class ProducerSettings:
    """What the transactional producers of a worker share."""

    bootstrap: str
    transaction_timeout_s: float
    commit_timeout_s: float
    record_bytes_max: int


class Group:
    """The consumer group as transactions need it: its id, without membership.

    A commit without a member carries no group generation, so fencing is by transactional id (DESIGN 1, point 2).
    """

    def __init__(self, bootstrap: str, group_id: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "log_level": LOG_LEVEL,
                "group.id": group_id,
                "enable.auto.commit": False,
            }
        )

    def metadata(self) -> object:
        return self._consumer.consumer_group_metadata()

    def committed(self, partitions: Sequence[tuple[str, int]], timeout_s: float) -> dict[tuple[str, int], int]:
        """The committed offset of each partition; -1001 (unset) where there is none yet. Raises `KafkaException`."""
        asked = [TopicPartition(topic, number) for topic, number in partitions]
        answered = self._consumer.committed(asked, timeout_s)
        for item in answered:
            if item.error:
                raise KafkaException(item.error)
        return {(item.topic, item.partition): item.offset for item in answered}

    def bounds(self, partitions: Sequence[tuple[str, int]], timeout_s: float) -> dict[tuple[str, int], tuple[int, int]]:
        """The first offset that each partition still has, and the one after its last. Raises `KafkaException`.

        Two requests for all of them: asked one by one, 120 partitions took a third of a second of every rebalance.
        """
        if not partitions:
            return {}  # librdkafka calls an empty question an invalid argument
        first, end = (self._offsets_at(partitions, time, timeout_s) for time in (OFFSET_BEGINNING, OFFSET_END))
        return {tp: (first[tp], end[tp]) for tp in partitions}

    def _offsets_at(
        self, partitions: Sequence[tuple[str, int]], time: int, timeout_s: float
    ) -> dict[tuple[str, int], int]:
        answered = self._consumer.offsets_for_times([TopicPartition(*tp, time) for tp in partitions], timeout_s)
        for item in answered:
            if item.error:
                raise KafkaException(item.error)
        return {(item.topic, item.partition): item.offset for item in answered}

    def close(self) -> None:
        self._consumer.close()


class TransactionalProducer:
    """The one producer that may write the results of one input partition."""

    def __init__(self, settings: ProducerSettings, transactional_id: str, group: Group) -> None:
        self.transactional_id = transactional_id
        self._group = group
        self._commit_timeout_s = settings.commit_timeout_s
        self._rejected: KafkaError | None = None
        self._in_transaction = False
        self._producer = Producer(_config(settings, transactional_id, self._on_rejected))

    def _on_rejected(self, error: KafkaError | None, _message: Any) -> None:
        self._rejected = self._rejected or error

    def init(self) -> None:
        """Fences the previous owner and settles its transaction. Raises `KafkaException`."""
        self._producer.init_transactions(INIT_TIMEOUT_S)

    def commit(
        self,
        outputs: Sequence[Output],
        changelog: tuple[str, int] | None,
        changes: Mapping[bytes, bytes | None],
        offset: tuple[str, int, int] | None,
    ) -> None:
        """`changelog`: topic, partition; `offset`: input topic, partition, next offset. Raises `KafkaException`."""
        self._producer.begin_transaction()
        self._in_transaction = True
        for output in outputs:
            self._produce(output)
        if changelog:
            topic, number = changelog
            for key, value in changes.items():
                self._produce(Output(topic, key, value, partition=number))
        if offset:
            self._producer.send_offsets_to_transaction(
                [TopicPartition(*offset)], self._group.metadata(), self._commit_timeout_s
            )
        self._producer.commit_transaction(self._commit_timeout_s)
        if self._rejected:
            raise KafkaException(self._rejected)
        self._in_transaction = False

    def _produce(self, output: Output) -> None:
        arguments: dict[str, Any] = {"headers": list(output.headers)} if output.headers else {}
        if output.partition is not None:
            arguments["partition"] = output.partition
        self._producer.produce(output.topic, output.value, output.key, **arguments)

    def close(self) -> None:
        """Frees the client. May block for a moment."""
        self._producer.close()

    def abort(self, timeout_s: float) -> None:
        """Frees readers from the open transaction, if there is one, at once instead of at its timeout."""
        if self._in_transaction:
            self._producer.abort_transaction(timeout_s)


def _config(settings: ProducerSettings, transactional_id: str, on_rejected: Any) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.bootstrap,
        "log_level": LOG_LEVEL,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": int(settings.transaction_timeout_s * 1000),
        "partitioner": "murmur2_random",  # as Java's and aiokafka's: the same key on the same partition
        "linger.ms": 0,
        "message.max.bytes": settings.record_bytes_max,
        # The broker answers CONCURRENT_TRANSACTIONS just after a commit, and the default backs off 100 ms.
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 50,
        "queue.buffering.max.messages": QUEUE_RECORDS_MAX,
        "delivery.report.only.error": True,
        "on_delivery": on_rejected,
    }
