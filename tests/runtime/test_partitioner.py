"""The same key lies on the same partition, whoever writes it."""

from aiokafka.partitioner import DefaultPartitioner

from tests.kafka import create_topics, produce, read_committed, unique_name

PARTITIONS = 12


def test_key_lies_where_javas_and_aiokafkas_clients_put_it(kafka: str) -> None:
    """librdkafka's own default is CRC32: records of one order would lie on two partitions."""
    topic, partitioner, numbers = unique_name("keys"), DefaultPartitioner(), list(range(PARTITIONS))
    create_topics(kafka, [topic], PARTITIONS)
    keys = [f"selldone:1/{number}".encode() for number in range(300)]
    produce(kafka, topic, [(key, b"") for key in keys])
    found = {record.key: record.partition for record in read_committed(kafka, topic)}
    assert {key: partitioner(key, numbers, numbers) for key in keys} == found
