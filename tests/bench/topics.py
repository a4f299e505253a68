"""The topics of a run: made, filled, looked at, taken away."""

import time
from collections.abc import Iterable, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from streams.record import Output
from tests.bench.stage import PARTITIONS

TIMEOUT_S = 30.0


def client(bootstrap: str) -> dict[str, str | int | float | bool]:
    """Settings of every client here; errors are raised, so the library need not print them."""
    return {"bootstrap.servers": bootstrap, "log_level": 2}


def use_the_brokers_clock(bootstrap: str) -> None:
    """Every record of every topic gets the broker's time of appending: one clock for all that is compared."""
    admin = AdminClient(client(bootstrap))
    entry = ConfigEntry("log.message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET)
    brokers = [
        ConfigResource(ResourceType.BROKER, str(number), incremental_configs=[entry])
        for number in admin.list_topics(timeout=10).brokers
    ]
    for done in admin.incremental_alter_configs(brokers).values():
        done.result(TIMEOUT_S)


def create(bootstrap: str, names: Iterable[str], partitions: int = PARTITIONS, **config: str) -> None:
    """Dots of a setting's name are written as `_`."""
    settings = {name.replace("_", "."): value for name, value in config.items()}
    admin = AdminClient(client(bootstrap))
    for done in admin.create_topics([NewTopic(name, partitions, 1, config=settings) for name in names]).values():
        done.result(TIMEOUT_S)


def delete(bootstrap: str, names: Iterable[str]) -> None:
    """Those of them that exist; returns when the names are free again."""
    admin = AdminClient(client(bootstrap))
    existing = [name for name in names if name in admin.list_topics(timeout=10).topics]
    if not existing:
        return
    for done in admin.delete_topics(existing).values():
        done.result(TIMEOUT_S)
    while set(existing) & set(admin.list_topics(timeout=10).topics):
        time.sleep(0.05)


def fill(bootstrap: str, records: Iterable[Output]) -> int:
    """Writes `records`, partitioned as every producer of ours does; how many there were, all of them acknowledged."""
    producer = Producer(
        {
            **client(bootstrap),
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "acks": "all",
            "enable.idempotence": True,
            "queue.buffering.max.messages": 200_000,
            "delivery.report.only.error": True,
            "on_delivery": _raise,
        }
    )
    written = 0
    for record in records:
        while True:
            try:
                producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
                break
            except BufferError:
                producer.poll(0.1)
        written += 1
        if written % 10_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0
    return written


def _raise(error: KafkaError | None, _: object) -> None:
    if error is not None:
        raise KafkaException(error)


class Progress:
    """How far a consumer group is on one topic."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        # AdminClient.list_consumer_group_offsets crashes where the coordinator has just moved (librdkafka 2.16).
        settings = {"group.id": group, "enable.auto.commit": False, "isolation.level": "read_uncommitted"}
        self._consumer = Consumer({**client(bootstrap), **settings})
        self._topic = topic

    def committed(self) -> dict[int, int]:
        """By partition; those without a commit are left out."""
        asked = [TopicPartition(self._topic, number) for number in range(PARTITIONS)]
        try:
            answer = self._consumer.committed(asked, 10)
        except KafkaException:  # the group is not there yet
            return {}
        return {tp.partition: tp.offset for tp in answer if tp.offset >= 0}

    def has_reached(self, ends: dict[int, int]) -> bool:
        committed = self.committed()
        return all(committed.get(partition, 0) >= end for partition, end in ends.items() if end)


def read(bootstrap: str, topic: str, last: int | None = None) -> Sequence[tuple[int, int, float]]:
    """(partition, offset, time of appending in s) of each committed record, or of those in the `last` offsets."""
    consumer = Consumer(
        {
            **client(bootstrap),
            "group.id": "bench-read",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10,
        }
    )
    try:
        found = consumer.list_topics(topic, 10).topics[topic].partitions
        starts = []
        for number in found:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), 10)
            starts.append(TopicPartition(topic, number, low if last is None else max(low, high - last)))
        consumer.assign(starts)
        return _to_the_ends(consumer, len(starts))
    finally:
        consumer.close()


def _to_the_ends(consumer: Consumer, partitions: int) -> Sequence[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    ended, deadline = set[int](), time.monotonic() + TIMEOUT_S
    while len(ended) < partitions:
        assert time.monotonic() < deadline, "the ends of a topic were not reached"
        for message in consumer.consume(10_000, 0.05):
            if error := message.error():
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                ended.add(message.partition() or 0)
            else:
                found.append((message.partition() or 0, message.offset() or 0, message.timestamp()[1] / 1000))
    return found


def ends(bootstrap: str, topic: str, last: int | None = None) -> dict[int, int]:
    """The offset after the last record of each partition (not after the marker of its transaction).

    `last`: how far back to look for that record.
    """
    found: dict[int, int] = {}
    for partition, offset, _ in read(bootstrap, topic, last):
        found[partition] = max(found.get(partition, 0), offset + 1)
    return found
