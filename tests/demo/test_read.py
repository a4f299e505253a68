"""The checker's reader: all that is committed and nothing else, to the very end."""

import pytest
from confluent_kafka import Producer

from streams.demo.borrowed import Borrowed, NotClean
from streams.demo.read import Committed, Reader
from tests.kafka import admin, create_topics, produce, unique_name


def transactional(bootstrap: str, name: str) -> Producer:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "log_level": 0})
    producer.init_transactions(30)
    return producer


def test_committed_records_are_read_and_aborted_ones_are_not(kafka: str) -> None:
    """Else the checker would accuse, or acquit, by records that no consumer ever sees."""
    topic = unique_name("reader")
    create_topics(kafka, [topic], partitions=2)
    producer = transactional(kafka, topic)
    for value, keep in ((b"kept", True), (b"aborted", False), (b"kept too", True)):
        producer.begin_transaction()
        producer.produce(topic, value, partition=0)
        producer.commit_transaction(30) if keep else producer.abort_transaction(30)
    reader = Reader(kafka, [topic])
    try:
        assert 2 == reader.catch_up(20)
        assert 0 == reader.catch_up(20)
        produce(kafka, topic, [(b"k", b"later")])
        assert 1 == reader.catch_up(20)
    finally:
        reader.close()
    assert [b"kept", b"kept too", b"later"] == [record.value for record in reader.records]


def test_a_topic_that_is_not_there_has_no_records(kafka: str) -> None:
    """A run that failed early has fewer topics."""
    reader = Reader(kafka, [unique_name("absent")])
    try:
        assert 0 == reader.catch_up(20)
    finally:
        reader.close()


def test_a_group_that_never_committed_has_read_nothing(kafka: str) -> None:
    """Its offset counts as the very first."""
    topic = unique_name("reader")
    create_topics(kafka, [topic])
    committed = Committed(kafka, unique_name("group"))
    try:
        assert {(topic, 0): 0} == committed.of([(topic, 0)])
    finally:
        committed.close()


async def test_a_borrowed_broker_with_records_of_others_is_left_alone(kafka: str) -> None:
    """The demo must never write into, or delete, what somebody needs."""
    topic = unique_name("others")
    create_topics(kafka, [topic])
    borrowed = Borrowed(kafka, [topic], [unique_name("group")])
    with pytest.raises(NotClean, match=topic):
        await borrowed.check()
    await borrowed.give_back()
    assert topic in admin(kafka).list_topics(timeout=10).topics


async def test_a_borrowed_broker_is_given_back_as_it_was(kafka: str) -> None:
    """So that the next run finds it clean."""
    topic = unique_name("lent")
    borrowed = Borrowed(kafka, [topic], [unique_name("group")])
    await borrowed.check()
    create_topics(kafka, [topic])
    await borrowed.give_back()
    await Borrowed(kafka, [topic], []).check()


async def test_no_broker_is_said_plainly() -> None:
    """Instead of a stack trace."""
    with pytest.raises(NotClean, match="no broker answers"):
        await Borrowed("127.0.0.1:1", [], []).check()
