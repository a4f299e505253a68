"""The raw records of a page: one, or as many as it takes."""

from datetime import UTC, datetime

import orjson

from connectors.status.records import records
from connectors.status.snapshot import Snapshot
from streams import topics
from streams.platforms import SourceConfig, platform_of
from streams.record import Record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLATFORM = platform_of(SourceConfig("site", "commerceos", "site", frozenset({"site", "shop"}), {}))
ROOM = 6000


def snapshot(number: int, size: int = 1000) -> Snapshot:
    order = {"identifiers": {"com.acme.order-id": f"shop:{number}"}, "status": ["New"], "more": "x" * size}
    return Snapshot(f"shop:{number}", orjson.dumps(order), NOW, str(number), order)


def test_a_page_is_one_record_and_one_that_does_not_fit_is_several() -> None:
    """A record too large for Kafka would stop the poll for ever; so would one that its quarantine cannot hold."""
    small = [snapshot(number, 10) for number in range(5)]
    (record,) = records("site", PLATFORM, small, "/v1", NOW, ROOM)
    assert [each.order for each in small] == orjson.loads(record.value or b"")
    several = records("site", PLATFORM, [snapshot(number) for number in range(5)], "/v1", NOW, ROOM)
    assert len(several) > 1
    found = [each for record in several for each in orjson.loads(record.value or b"")]
    assert [f"shop:{number}" for number in range(5)] == [each["identifiers"]["com.acme.order-id"] for each in found]
    assert len({Record("t", 0, 0, 0, None, None, each.headers).header("ce_id") for each in several}) == len(several)


def test_an_order_that_fits_into_no_record_is_named_in_the_quarantine_and_the_others_are_recorded() -> None:
    """One monstrous order must not keep a hundred others from being heard of; and it counts as seen: who would know?"""
    first, aside, last = records("site", PLATFORM, [snapshot(1), snapshot(2, 9000), snapshot(3)], "/v1", NOW, ROOM)
    found = [each for record in (first, last) for each in orjson.loads(record.value or b"")]
    assert ["shop:1", "shop:3"] == [each["identifiers"]["com.acme.order-id"] for each in found]
    assert (topics.QUARANTINE, b"shop:2", b"") == (aside.topic, aside.key, aside.value)
    assert b"record-too-large" == dict(aside.headers)["reason"]
    assert [] == records("site", PLATFORM, [], "/v1", NOW, ROOM)
