"""What an operator sees of dead letters and says about them, over Kafka. Blocking.

The delivery tables say which dead letters hold an order now; `orders.deadletters` keeps the whole exchange of each. A
decision is a record in the target's own command topic, so it takes effect in order and exactly once.
"""

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from pydantic import ValidationError

from connectors.vocabulary import Delivery
from streams import cloudevents, topics
from streams.vocabulary import Command, CommandType, DeadLetter

REQUEST_TIMEOUT_S = 10.0
# Without a record or an end for so long, the broker is taken to be gone.
READ_TIMEOUT_S = 30.0


def held(bootstrap: str, target: str) -> dict[str, Delivery]:
    """The dead letters that hold an order of `target`, by command id. Raises `KafkaException`, `TimeoutError`."""
    table: dict[bytes, bytes] = {}
    for key, value in scan(bootstrap, topics.deliveries(target)):
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
    stored = (Delivery.from_json(value) for value in table.values())
    return {delivery.id: delivery for delivery in stored if delivery.is_dead}


def letter(bootstrap: str, command_id: str) -> DeadLetter | None:
    """The newest dead letter of this command. Raises `KafkaException`, `TimeoutError`."""
    found = None
    for _, value in scan(bootstrap, topics.DEADLETTERS):
        if value is not None and command_id.encode() in value and (read := _letter(value)) and read.id == command_id:
            found = read
    return found


def decision(dead: Delivery, type: CommandType, who: str, why: str, now: datetime) -> Command:
    """The record that redrives or discards `dead`."""
    return Command(
        id=uuid.uuid4().hex,
        type=type,
        target=dead.command.target,
        order_key=dead.key,
        data={"command_id": dead.id, "who": who, "why": why},
        caused_by=f"operator:{who}",
        receipt=dead.command.receipt,
        created_at=now,
    )


def publish(bootstrap: str, command: Command) -> None:
    """Returns when all in-sync replicas have it. Raises `KafkaException`, `TimeoutError`."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "message.timeout.ms": int(REQUEST_TIMEOUT_S * 1000),
        }
    )
    failed: list[KafkaError] = []
    producer.produce(
        topics.commands(command.target),
        command.to_json(),
        command.order_key.encode(),
        headers=dict(
            cloudevents.headers(id=command.id, source="/operators", type=command.type, time=command.created_at)
        ),
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    left = producer.flush(REQUEST_TIMEOUT_S + 5)
    if failed:
        raise KafkaException(failed[0])
    if left:
        raise TimeoutError("it is not known whether the decision was written")


def scan(bootstrap: str, topic: str) -> Iterator[tuple[bytes, bytes | None]]:
    """Key and value of every committed record up to the present end. Raises `KafkaException`, `TimeoutError`."""
    with closing(Consumer(_config(bootstrap))) as consumer:
        partitions = consumer.list_topics(topic, REQUEST_TIMEOUT_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        ended: set[int | None] = set()
        while len(ended) < len(partitions):
            message = consumer.poll(READ_TIMEOUT_S)
            if message is None:
                raise TimeoutError(f"{topic} cannot be read to its end: nothing came for {READ_TIMEOUT_S:.0f} s")
            error = message.error()
            if error is None:
                yield message.key() or b"", message.value()
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise KafkaException(error)


def _letter(value: bytes) -> DeadLetter | None:
    try:
        return DeadLetter.from_json(value)
    except ValidationError:
        return None


def _config(bootstrap: str) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "orderlog-operators",  # demanded by the client; never joined, never committed to
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
    }
