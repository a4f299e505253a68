"""The raw record of a page: its orders that are news, as one list, each exactly as the API wrote it. Pure."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from connectors.pollers.answer import Found
from connectors.pollers.position import Known
from connectors.pollers.records import raw_record, without_body
from connectors.room import has_room
from connectors.status.snapshot import Snapshot
from streams.digest import digest_of
from streams.platforms import Platform
from streams.record import Output

log = structlog.get_logger(__name__)


def records(
    source: str, platform: Platform, news: Sequence[Snapshot], path: str, now: datetime, record_bytes_max: int
) -> list[Output]:
    """One record; several where they do not fit into one. `path`: of the request that brought them."""
    if not news:
        return []
    body = b"[%s]" % b",".join(each.body for each in news)
    found = Found(body, Known(at=now, digest=digest_of(b"orderlog.polled", source.encode(), body)))
    record = raw_record(source, platform, found, {"path": path}, now)
    if has_room(record, record_bytes_max):
        return [record]
    if len(news) == 1:
        log.error("order too large for a record", source=source, order_key=news[0].id)
        return [without_body(record)]
    half = len(news) // 2
    return [
        record
        for part in (news[:half], news[half:])
        for record in records(source, platform, part, path, now, record_bytes_max)
    ]
