"""The raw records of a page: what ingest would have written, had the order come by webhook. Pure.

`ce_source` is `/pollers/<source>`, `ce_id` the digest of the document: polled again, it is the same record.
"""

from collections.abc import Mapping
from datetime import datetime

import orjson

from connectors.pollers.answer import Found
from streams import cloudevents, topics
from streams.platforms import Platform
from streams.record import Output


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
