"""The raw records of a page: what ingest would have written, had the order come by webhook. Pure.

`ce_source` is `/pollers/<source>`, `ce_id` the digest of the document: polled again, it is the same record.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson
import structlog

from connectors.pollers.answer import Found
from connectors.room import has_room
from streams import cloudevents, topics
from streams.platforms import Platform
from streams.record import Output
from streams.runtime.quarantine import why

log = structlog.get_logger(__name__)

TOO_LARGE = "record-too-large"


def raw_record(source: str, platform: Platform, found: Found, query: Mapping[str, str], now: datetime) -> Output:
    """The order as the API wrote it, under its key. `query`: of the request that brought it."""
    identity = platform.identify(found.body, {})
    key = identity.order_key or (f"{source}:{identity.native_id}" if identity.native_id else found.known.digest)
    headers = cloudevents.headers(
        id=found.known.digest, source=f"/pollers/{source}", type=f"webhook.{platform.NAME}.polled", time=now
    )
    headers.append((cloudevents.HTTP_METHOD, b"GET"))
    headers.append((cloudevents.HTTP_QUERY, orjson.dumps(dict(query))))
    headers.append((cloudevents.HTTP_HEADERS, b"{}"))
    return Output(topics.webhooks(source), key.encode("utf-8", "backslashreplace"), found.body, headers)


def records(
    source: str,
    platform: Platform,
    new: Sequence[Found],
    query: Mapping[str, str],
    now: datetime,
    record_bytes_max: int,
) -> list[Output]:
    """One for each order: raw, or in quarantine without its body, where no record can hold it."""
    outputs: list[Output] = []
    for found in new:
        record = raw_record(source, platform, found, query, now)
        if not has_room(record, record_bytes_max):
            log.error("order too large for a record", source=source, id=found.known.digest, page=dict(query))
            record = without_body(record)
        outputs.append(record)
    return outputs


def without_body(record: Output) -> Output:
    """What can be kept: whose order it is, by which id, how large, and why that is all."""
    size = len(record.value or b"")
    message = f"the order has {size} bytes: more than a record holds (kafka.record_bytes_max)"
    return Output(topics.QUARANTINE, record.key, b"", (*record.headers, *why(record.topic, TOO_LARGE, message)))
