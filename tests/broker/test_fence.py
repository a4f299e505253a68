"""Transactions that are open when the broker is killed come to an end after its restart."""

import threading
import time
from contextlib import suppress
from pathlib import Path

from confluent_kafka import IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from streams.broker import LocalBroker
from streams.broker.fence import is_needed
from tests.kafka import admin, create_topics, unique_name

PARTITIONS = 6
# Transactions of each producer, by when all of them are at work.
TRAFFIC, TRAFFIC_TIMEOUT_S = 20, 60.0
SETTLE_TIMEOUT_S = 60.0


def commit_until_it_fails(gone: threading.Event, committed: list[int], bootstrap: str, topic: str, number: int) -> None:
    """One small transaction after the other, counted, until the broker is gone; one that is late before is given up."""
    while not gone.is_set():
        producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-{number}", "log_level": 0})
        with suppress(KafkaException):
            producer.init_transactions(20)
            while not gone.is_set():
                producer.begin_transaction()
                producer.produce(topic, b"v", partition=number)
                producer.commit_transaction(2)
                committed[number] += 1


def fence_producer(bootstrap: str, topic: str, number: int) -> None:
    Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-{number}", "log_level": 0}
    ).init_transactions(60)


def ends(bootstrap: str, topic: str, isolation: IsolationLevel) -> list[int]:
    """By partition: of committed records, or of all. A fresh client, as an old one remembers the leaders of before."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(topic, number): latest for number in range(PARTITIONS)}
    client, deadline = admin(bootstrap), time.monotonic() + SETTLE_TIMEOUT_S
    while True:
        futures = client.list_offsets(asked, isolation_level=isolation)
        try:
            return [futures[partition].result().offset for partition in sorted(futures, key=lambda one: one.partition)]
        except KafkaException:  # of a partition that has no leader yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_no_transaction_hangs_after_a_kill(private_broker: LocalBroker) -> None:
    """Kafka leaves markers out while the session of a killed broker lasts, and readers would wait for ever."""
    bootstrap, topic = private_broker.bootstrap, unique_name("hanging")
    create_topics(bootstrap, [topic], partitions=PARTITIONS)
    gone, committed = threading.Event(), [0] * PARTITIONS
    workers = [
        threading.Thread(target=commit_until_it_fails, args=(gone, committed, bootstrap, topic, number))
        for number in range(PARTITIONS)
    ]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + TRAFFIC_TIMEOUT_S
    try:
        while min(committed) < TRAFFIC:
            assert time.monotonic() < deadline, committed
            time.sleep(0.05)
        private_broker.kill()
    finally:
        gone.set()
    private_broker.start()
    for worker in workers:
        worker.join()
    for number in range(PARTITIONS):
        fence_producer(bootstrap, topic, number)
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while True:
        stable, last = (
            ends(bootstrap, topic, level) for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)
        )
        if stable == last or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert min(last) >= TRAFFIC
    assert last == stable
    assert "likely deleted already" not in private_broker.log_file.read_text()


def test_only_a_broker_that_was_killed_is_fenced(private_broker: LocalBroker, tmp_path: Path) -> None:
    """A new folder and one that was left in good order start without the detour."""
    private_broker.stop()
    assert [False, False] == [is_needed(tmp_path / "new"), is_needed(private_broker.log_file.parent)]
    private_broker.start()
    private_broker.kill()
    assert is_needed(private_broker.log_file.parent)
