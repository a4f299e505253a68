"""What tests say to a broker: unique names, topics, many records in, all committed records out, a group's offsets."""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.record import Headers, Record

# Of every topic that has a name of the product's on the broker that tests share: workers refuse any other number.
SHARED_PARTITIONS = 3
READ_TIMEOUT_S = 90.0

Sent = tuple[bytes | None, bytes | None] | tuple[bytes | None, bytes | None, Headers]


def unique_name(prefix: str) -> str:
    """A topic, group or app id that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def create_topics(bootstrap: str, names: Iterable[str], partitions: int = 1, **config: str) -> None:
    """Those of `names` that are not there yet; dots of a configuration name are written as `_`."""
    client = admin(bootstrap)
    existing = client.list_topics(timeout=10).topics
    settings = {name.replace("_", "."): value for name, value in config.items()}
    new = [NewTopic(name, partitions, 1, config=settings) for name in names if name not in existing]
    if new:
        for created in client.create_topics(new, operation_timeout=20).values():
            created.result(30)


def produce(bootstrap: str, topic: str, records: Iterable[Sent]) -> None:
    """Writes (key, value) or (key, value, headers), partitioned as every producer of ours does.

    Returns when all are acknowledged.
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 5,
            "log_level": 0,
        }
    )
    failed: list[KafkaError] = []
    for number, (key, value, *headers) in enumerate(records):
        producer.produce(
            topic,
            value,
            key,
            headers=[header for given in headers for header in given],
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        if number % 10_000 == 0:
            producer.poll(0)
    assert producer.flush(30) == 0
    assert failed == []


def read_committed(bootstrap: str, topic: str) -> Sequence[Record]:
    """Every committed record of `topic`, partition by partition in offset order, up to its present end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": unique_name("read"),
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
            "reconnect.backoff.max.ms": 500,
            "log_level": 0,
        }
    )
    try:
        partitions = len(consumer.list_topics(topic, 10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        return sorted(_until_ends(consumer, partitions), key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close()


def committed_offsets(bootstrap: str, group: str, topic: str) -> Mapping[int, int]:
    """What the group has committed, by partition; partitions without an offset are left out."""
    # AdminClient.list_consumer_group_offsets crashes where the coordinator has just moved (librdkafka 2.16).
    # `read_uncommitted`: else it waits for the end of an open transaction that has offsets.
    client = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
        }
    )
    try:
        partitions = client.list_topics(topic, 10).topics[topic].partitions
        answer = client.committed([TopicPartition(topic, number) for number in partitions], 10)
        return {at.partition: at.offset for at in answer if at.offset >= 0}
    finally:
        client.close()


def _until_ends(consumer: Consumer, partitions: int) -> Iterator[Record]:
    """Transaction markers take offsets too: only the end itself says that nothing is left."""
    open_partitions, deadline = set(range(partitions)), time.monotonic() + READ_TIMEOUT_S
    while open_partitions:
        assert time.monotonic() < deadline, f"partitions {open_partitions} not read within {READ_TIMEOUT_S} s"
        for message in consumer.consume(10_000, 0.1):
            error = message.error()
            if error is None:
                yield _record(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            elif error.code() not in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
                raise KafkaException(error)


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )
