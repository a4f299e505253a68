"""Reading a topic to its end: no record left out, no end that runs away, no wait without an end, nobody's raw lines."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.deadletters.log import Log, taken_up
from connectors.deadletters.model import Place
from streams.admin.errors import Refused, Unreachable
from streams.broker import LocalBroker
from tests.kafka import create_topics, produce, unique_name


@pytest.fixture
def topic(kafka: str) -> Iterator[str]:
    name = unique_name("scan")
    create_topics(kafka, [name], partitions=2)
    yield name


def written(kafka: str, topic: str, numbers: range) -> list[bytes]:
    values = [b"%d" % number for number in numbers]
    produce(kafka, topic, [(value, value) for value in values])
    return values


def values(log: Log, topic: str, **given: Any) -> list[bytes]:
    return sorted((record.value or b"" for record in log.scan(topic, **given)), key=int)


def transaction(kafka: str) -> Producer:
    made = Producer({"bootstrap.servers": kafka, "transactional.id": unique_name("tx"), "log_level": 0})
    made.init_transactions(30)
    made.begin_transaction()
    return made


def test_every_committed_record_is_read_and_no_aborted_one(kafka: str, topic: str) -> None:
    """An aborted dead letter never was; the markers at the end must not be waited for."""
    expected = written(kafka, topic, range(50))
    for is_kept in (True, False):
        producer = transaction(kafka)
        for partition in (0, 1):
            producer.produce(topic, b"1000", b"k", partition=partition)
        if is_kept:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    with Log(kafka) as log:
        assert [*expected, b"1000", b"1000"] == values(log, topic)


def test_an_empty_topic_is_read_at_once(kafka: str, topic: str) -> None:
    """No dead letters is the usual case."""
    with Log(kafka, read_timeout_s=3) as log:
        assert [] == values(log, topic)


def test_the_end_is_that_of_the_beginning(kafka: str, topic: str) -> None:
    """A topic that is written to all the time would never be read to its end."""
    expected = written(kafka, topic, range(10))
    with Log(kafka) as log:
        found = []
        for record in log.scan(topic):
            found.append(record.value)
            if len(found) < 30:
                produce(kafka, topic, [(record.key, b"later")])
    assert sorted(expected) == sorted(value for value in found if value is not None)


def test_reading_may_start_at_a_time_or_at_offsets(kafka: str, topic: str) -> None:
    """The outcomes are kept for ever: nobody waits for those of last year."""
    written(kafka, topic, range(10))
    with Log(kafka) as log:
        records = sorted(log.scan(topic), key=lambda record: record.timestamp)
        last_ms = records[-1].timestamp
        expected = [record.value for record in records if record.timestamp >= last_ms]
        assert sorted(expected, key=lambda value: int(value or b"")) == values(log, topic, since_ms=last_ms)
        assert [] == values(log, topic, since_ms=last_ms + 60_000)
        ends = {number: sum(record.partition == number for record in records) for number in (0, 1)}
        assert [] == values(log, topic, starts=ends)
        assert 10 - ends[0] == len(values(log, topic, starts={0: ends[0]}))


def test_one_record_is_found_by_its_place(kafka: str, topic: str) -> None:
    """A whole exchange is read only when it is shown."""
    written(kafka, topic, range(10))
    with Log(kafka) as log:
        for record in list(log.scan(topic)):
            assert record == log.at(Place(topic, record.partition, record.offset))
        assert log.at(Place(topic, 0, 10_000)) is None


def test_a_topic_that_is_not_there_is_named(kafka: str) -> None:
    """Read as empty, a target whose topics were never made has no dead letters."""
    with (
        Log(kafka) as log,
        pytest.raises(Refused, match="no-such-topic-ever: there is no such topic: `orderlog topics`"),
    ):
        list(log.scan("no-such-topic-ever"))


def test_progress_reaches_its_total(kafka: str, topic: str) -> None:
    """A bar that stops half-way looks like a command that hangs."""
    written(kafka, topic, range(2500))
    told: list[tuple[str, int, int]] = []
    with Log(kafka, lambda *now: told.append(now)) as log:
        list(log.scan(topic))
    assert [(topic, 1000, 2500), (topic, 2000, 2500), (topic, 2500, 2500)] == told


def test_a_broker_that_is_away_is_told_in_our_words(capfd: pytest.CaptureFixture[str]) -> None:
    """librdkafka's own lines on standard error say the same five times over, and not what to do."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with Log(address) as log, pytest.raises(Unreachable, match=f"no Kafka broker answers at {address} "):
            log.names()
        with pytest.raises(Unreachable, match="no Kafka broker answers"):
            taken_up(address, "group", "topic")
    assert ("", "") == capfd.readouterr()


def test_what_is_taken_up_is_known_and_asked_for_again_of_a_broker_that_only_just_starts(
    private_broker: LocalBroker,
) -> None:
    """Its coordinators are the last to be ready; after a restart the operators are there first."""
    bootstrap = private_broker.bootstrap
    create_topics(bootstrap, ["in"], partitions=2)
    assert {} == taken_up(bootstrap, "workers", "in")
    produce(bootstrap, "in", [(b"k", b"v")] * 3)
    producer = transaction(bootstrap)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "workers"})
    with closing(consumer):
        producer.send_offsets_to_transaction([TopicPartition("in", 1, 2)], consumer.consumer_group_metadata(), 30)
        producer.commit_transaction(30)
    deadline = time.monotonic() + 30
    while not (found := taken_up(bootstrap, "workers", "in")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {1: 2} == found


def test_a_broker_that_goes_while_we_read_ends_the_wait(private_broker: LocalBroker) -> None:
    """An operator who waits for ever does not know that there is nothing to wait for."""
    create_topics(private_broker.bootstrap, ["scan"])
    produce(private_broker.bootstrap, "scan", [(b"k", b"x" * 1000)] * 50_000)
    with Log(private_broker.bootstrap, read_timeout_s=2) as log:
        records = log.scan("scan")
        next(records)
        private_broker.kill()
        with pytest.raises(Unreachable, match="scan cannot be read to its end: nothing came"):
            list(records)
