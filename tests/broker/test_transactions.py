"""The broker that the tests use can do what exactly-once needs."""

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from tests.kafka import committed_offsets, create_topics, produce, read_committed, unique_name


def _producer(bootstrap: str, transactional_id: str) -> Producer:
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "partitioner": "murmur2_random",
            "log_level": 0,
        }
    )
    producer.init_transactions(30)
    return producer


def test_transaction_commits_records_and_offsets_together(kafka: str) -> None:
    """What is aborted is never read; what is committed is, with the input's offset."""
    source, out, group = unique_name("in"), unique_name("out"), unique_name("group")
    create_topics(kafka, [source, out])
    produce(kafka, source, [(b"a", b"1"), (b"b", b"2")])
    member = Consumer({"bootstrap.servers": kafka, "group.id": group})
    producer = _producer(kafka, unique_name("id"))
    for value, commit in ((b"aborted", False), (b"committed", True)):
        producer.begin_transaction()
        producer.produce(out, value, b"a")
        producer.send_offsets_to_transaction([TopicPartition(source, 0, 2)], member.consumer_group_metadata(), 10)
        assert {} == committed_offsets(kafka, group, source)
        (producer.commit_transaction if commit else producer.abort_transaction)(10)
    assert [b"committed"] == [record.value for record in read_committed(kafka, out)]
    assert {0: 2} == committed_offsets(kafka, group, source)
    member.close()


def test_newer_owner_of_a_transactional_id_fences_the_older(kafka: str) -> None:
    """A zombie's transaction must not be seen."""
    out, name = unique_name("out"), unique_name("id")
    create_topics(kafka, [out])
    zombie = _producer(kafka, name)
    zombie.begin_transaction()
    zombie.produce(out, b"zombie", b"a")
    zombie.flush(10)
    heir = _producer(kafka, name)
    with pytest.raises(KafkaException):
        zombie.commit_transaction(10)
    heir.begin_transaction()
    heir.produce(out, b"heir", b"a")
    heir.commit_transaction(10)
    assert [b"heir"] == [record.value for record in read_committed(kafka, out)]
