"""What tests say to a broker: unique names, topics, many records in, all committed records out."""

import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.record import Record

KAFKA_IMAGE = "apache/kafka:4.3.1"
READ_TIMEOUT_S = 30.0


def docker_answers() -> bool:
    """Whether a Docker engine runs here; asked once, and not for long."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=5, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@contextmanager
def kafka_container() -> Iterator[str]:
    from testcontainers.kafka import KafkaContainer

    with KafkaContainer(KAFKA_IMAGE).with_kraft() as container:
        yield container.get_bootstrap_server()


def unique_name(prefix: str) -> str:
    """A topic, group or app id that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def create_topics(bootstrap: str, names: Iterable[str], partitions: int = 1, **config: str) -> None:
    """Those of `names` that are not there yet; dots of a configuration name are written as `_`."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    existing = admin.list_topics(timeout=10).topics
    settings = {name.replace("_", "."): value for name, value in config.items()}
    new = [NewTopic(name, partitions, 1, config=settings) for name in names if name not in existing]
    if new:
        for created in admin.create_topics(new, operation_timeout=20).values():
            created.result(30)


def produce(bootstrap: str, topic: str, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Writes (key, value) records, partitioned as every producer of ours does; returns when all are acknowledged."""
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5})
    failed: list[KafkaError] = []
    for number, (key, value) in enumerate(records):
        producer.produce(topic, value, key, on_delivery=lambda error, _: failed.append(error) if error else None)
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
        }
    )
    try:
        partitions = len(consumer.list_topics(topic, 10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        return sorted(_until_ends(consumer, partitions), key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close()


def _until_ends(consumer: Consumer, partitions: int) -> Iterator[Record]:
    ended, deadline = 0, time.monotonic() + READ_TIMEOUT_S
    while ended < partitions:
        assert time.monotonic() < deadline, f"the ends of all partitions were not reached within {READ_TIMEOUT_S} s"
        for message in consumer.consume(10_000, 0.1):
            if error := message.error():
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                ended += 1
            else:
                yield Record(
                    message.topic(),
                    message.partition(),
                    message.offset(),
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    tuple(message.headers() or ()),
                )
