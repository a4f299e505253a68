"""Draining: what counts as waiting, and what a person is told of it."""

import orjson
import pytest

from streams import topics
from streams.demo.drain import Drain, Waiting, open_deliveries, unpolled, unread
from streams.demo.webhook import APICBASE, Put
from streams.record import Record
from tests.kafka import create_topics, produce, unique_name

TABLE = topics.deliveries("external")


def record(topic: str, offset: int, key: bytes = b"k", value: bytes | None = b"{}") -> Record:
    return Record(topic, 0, offset, 0, key, value)


def delivery(state: str, key: str) -> bytes:
    return orjson.dumps({"state": state, "command": {"order_key": key}})


def test_records_at_and_past_the_committed_offset_are_unread() -> None:
    """A committed offset is that of the next record."""
    records = [record(topics.EVENTS, offset) for offset in (3, 4, 7)]
    assert {(topics.EVENTS, 0): 2} == unread(records, {(topics.EVENTS, 0): 4})


def test_a_marker_after_the_last_record_is_not_unread() -> None:
    """Transactions end with a record that nobody can read: plain arithmetic on offsets would never reach nought."""
    assert {} == unread([record(topics.EVENTS, 3)], {(topics.EVENTS, 0): 4})


def test_partitions_of_other_groups_do_not_count() -> None:
    """What a group does not consume cannot hold it back."""
    assert {} == unread([record(topics.STATE, 3)], {(topics.EVENTS, 0): 0})


def test_only_the_last_word_on_a_delivery_counts() -> None:
    """Finished ones are deleted, dead ones wait for a person and not for us."""
    records = [
        record(TABLE, 0, b"finished", delivery("pending", "a")),
        record(TABLE, 1, b"open", delivery("pending", "b")),
        record(TABLE, 2, b"dead", delivery("pending", "c")),
        record(TABLE, 3, b"finished", None),
        record(TABLE, 4, b"dead", delivery("dead", "c")),
        record(TABLE, 5, b"fetched", delivery("done", "d")),
    ]
    assert ["b"] == open_deliveries(records, TABLE)


def test_what_is_stuck_is_named_with_its_place() -> None:
    """A timeout must say where to look."""
    waiting = Waiting({("app-streams", (topics.EVENTS, 2)): 7}, {TABLE: ["duda:s/1"]})
    assert [
        f"app-streams: 7 records of {topics.EVENTS}[2] unread",
        f"{TABLE}: 1 deliveries open, of duda:s/1",
    ] == waiting.lines()
    assert 8 == waiting.total


@pytest.mark.parametrize("trouble", [None, "the broker is gone"])
def test_a_broker_that_does_not_answer_is_not_a_drained_one(trouble: str | None) -> None:
    """Nothing seen is not the same as nothing there."""
    assert (trouble is None) == Waiting({}, {}, trouble).is_empty


async def test_unread_records_keep_the_drain_waiting_until_its_deadline(kafka: str) -> None:
    """A group that never reads is found out, with the number of records it owes."""
    topic, group = unique_name("drain"), unique_name("group")
    create_topics(kafka, [topic])
    produce(kafka, topic, [(b"k", b"1"), (b"k", b"2")])
    drain = Drain(kafka, [topic], {group: [topic]})
    try:
        waiting = await drain.wait(0.5, lambda waiting: None)
    finally:
        drain.close()
    assert {(group, (topic, 0)): 2} == waiting.behind


async def test_an_idle_topic_is_at_rest(kafka: str) -> None:
    """No records, nothing to wait for."""
    topic, group = unique_name("drain"), unique_name("group")
    create_topics(kafka, [topic])
    drain = Drain(kafka, [topic], {group: [topic]})
    try:
        waiting = await drain.wait(20, lambda waiting: None)
    finally:
        drain.close()
    assert waiting.is_empty


def test_what_an_api_lists_must_have_been_polled() -> None:
    """An order that came by webhook is not thereby polled: the poller may still be on its way to it."""
    topic = topics.webhooks(APICBASE)
    by_webhook = record(topic, 0, value=b'{"id":"a"}')._replace(headers=[("ce_source", b"/webhooks/apicbase")])
    polled = record(topic, 1, value=b'{"id":"b"}')._replace(headers=[("ce_source", b"/pollers/apicbase")])
    listed = [Put(APICBASE, id, b"{}") for id in "abc"]
    assert ["a", "c"] == unpolled([by_webhook, polled], listed)
    assert ["2 orders not polled: a, c"] == Waiting({}, {}, unpolled=["a", "c"]).lines()
