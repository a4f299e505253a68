"""What a page comes to: a record for each order, also for one that no record can hold."""

from datetime import UTC, datetime

from connectors.pollers.answer import Found, digest
from connectors.pollers.position import Known
from connectors.pollers.records import records
from streams import topics
from streams.platforms import PLATFORMS
from streams.record import Output
from tests.connectors.pollers.harness import order

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUERY = {"status": "ORDERED", "page": "1"}
BYTES_MAX = 64 * 1024


def recorded(*bodies: bytes) -> list[Output]:
    found = [Found(body, Known(at=NOW, digest=digest("shop", body.decode()))) for body in bodies]
    return records("shop", PLATFORMS["apicbase"], found, QUERY, NOW, BYTES_MAX)


def test_order_too_large_for_a_record_is_named_in_the_quarantine() -> None:
    """It counts as seen, so the log would be all that ever spoke of it: neither raw nor anywhere else."""
    large = order("o-2", NOW, order_remarks="x" * BYTES_MAX)
    first, aside, last = recorded(order("o-1", NOW), large, order("o-3", NOW))
    assert {topics.webhooks("shop")} == {first.topic, last.topic}
    headers = dict(aside.headers)
    assert (topics.QUARANTINE, b"shop:o-2", b"") == (aside.topic, aside.key, aside.value)
    assert (b"record-too-large", topics.webhooks("shop").encode()) == (headers["reason"], headers["origin_topic"])
    assert (digest("shop", large.decode()).encode(), b"/pollers/shop") == (headers["ce_id"], headers["ce_source"])
    assert f"{len(large)} bytes".encode() in headers["message"]
    assert b"kafka.record_bytes_max" in headers["message"]


def test_order_that_just_fits_is_recorded_whole() -> None:
    """The bound is that of Kafka: an order set aside below it would be lost for nothing."""
    body = order("o-1", NOW)
    fitting = order("o-1", NOW, order_remarks="x" * (BYTES_MAX - len(body) - 5000))
    (record,) = recorded(fitting)
    assert (topics.webhooks("shop"), fitting) == (record.topic, record.value)
