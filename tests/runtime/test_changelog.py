"""Restore of a state table: all of it, only what is committed, and from where an interrupted one stopped."""

import pytest
from confluent_kafka import Producer

from streams.runtime.changelog import Progress, restore
from streams.runtime.state import MemoryStore
from streams.runtime.transaction import Group, ProducerSettings, TransactionalProducer
from tests.kafka import create_topics, produce, unique_name

RECORDS = 30_000


def _ignore(_: Progress) -> None:
    """Progress is not what this test is about."""


@pytest.fixture
def topic(kafka: str) -> str:
    name = unique_name("table")
    create_topics(kafka, [name], cleanup_policy="compact")
    return name


def _transact(kafka: str, topic: str, changes: dict[bytes, bytes | None]) -> None:
    group = Group(kafka, unique_name("group"))
    producer = TransactionalProducer(ProducerSettings(kafka, 10, 10, 1_000_000), unique_name("tx"), group)
    producer.init()
    producer.commit([], (topic, 0), changes, None)
    producer.close()
    group.close()


def test_empty_changelog_is_an_empty_table(kafka: str, topic: str) -> None:
    """A first start must not wait for records that never come."""
    store = MemoryStore()
    assert 0 == restore(kafka, topic, 0, 0, store, _ignore)
    assert [] == list(store.items())


def test_last_value_of_a_key_wins_and_null_removes(kafka: str, topic: str) -> None:
    """Transaction markers at the end of the changelog must neither hide records nor make the restore wait."""
    store = MemoryStore()
    _transact(kafka, topic, {b"a": b"1", b"b": b"1"})
    _transact(kafka, topic, {b"a": b"2", b"b": None})
    assert 6 == restore(kafka, topic, 0, 0, store, _ignore)  # four records, two markers
    assert [(b"a", b"2")] == list(store.items())


def test_aborted_changes_are_not_restored(kafka: str, topic: str) -> None:
    """A predecessor that died inside a transaction leaves records that never happened."""
    _transact(kafka, topic, {b"a": b"1"})
    lost = Producer({"bootstrap.servers": kafka, "transactional.id": unique_name("tx")})
    lost.init_transactions(10)
    lost.begin_transaction()
    lost.produce(topic, b"2", b"a", partition=0)
    lost.flush(10)
    lost.abort_transaction(10)
    store = MemoryStore()
    restore(kafka, topic, 0, 0, store, _ignore)
    assert [(b"a", b"1")] == list(store.items())


def test_interrupted_restore_goes_on_where_it_stopped(kafka: str, topic: str) -> None:
    """A rebalance in mid-restore must not wait for the whole table, nor lose a part of it."""
    produce(kafka, topic, [(b"%d" % number, b"x" * 100) for number in range(RECORDS)])
    store, seen = MemoryStore(), list[Progress]()
    reached = restore(kafka, topic, 0, 0, store, seen.append, stopping=lambda: bool(seen and seen[-1].records))
    assert 0 < len(store) == reached < RECORDS
    assert RECORDS == restore(kafka, topic, 0, reached, store, seen.append)
    assert RECORDS == len(store)
    assert 0 == seen[-1].remaining
    assert RECORDS - reached == seen[-1].records
