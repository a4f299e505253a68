"""What becomes of a record that cannot be processed: the origin's bytes, why, and where it lies."""

import structlog

from streams import topics
from streams.record import Output, Record

log = structlog.get_logger(__name__)

MESSAGE_BYTES_MAX = 2000


def quarantined(record: Record, reason: str, message: str) -> Output:
    """The quarantine record: key, value and headers as the origin, plus reason and origin (DESIGN section 7)."""
    return Output(
        topics.QUARANTINE,
        record.key,
        record.value,
        (
            *record.headers,
            *why(record.topic, reason, message),
            ("origin_partition", str(record.partition).encode()),
            ("origin_offset", str(record.offset).encode()),
        ),
    )


def why(topic: str, reason: str, message: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that tell of the reason, and of the topic it would lie in, or does."""
    return (
        ("reason", reason.encode()),
        ("message", message.encode("utf-8", "replace")[:MESSAGE_BYTES_MAX]),
        ("origin_topic", topic.encode()),
    )


def log_quarantined(record: Record, reason: str, error: BaseException) -> None:
    """One line that finds the record again; never its content."""
    log.warning(
        "record quarantined",
        reason=reason,
        error=type(error).__name__,
        receipt=(record.header("receipt") or record.header("ce_id") or b"").decode("utf-8", "replace"),
        order_key=(record.key or b"").decode("utf-8", "replace"),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )
