"""What the second opinions share: JSON with exact numbers, times, and bytes that are no JSON. Pure."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from streams.demo.webhook import Request

NOT_JSON = (Request(b"this is not JSON"), Request(b""), Request(b"\xff\xfe\x00\x00"))


def loads(body: bytes) -> Any:
    """Numbers as decimals. Of a key that is there twice the last counts, as with every JSON parser (seed 003)."""
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def dumps(document: object) -> bytes:
    """As most senders write it."""
    return json.dumps(document, ensure_ascii=False).encode()


def microseconds(text: str) -> int:
    """An ISO 8601 time, since the epoch; one without an offset is UTC."""
    at = datetime.fromisoformat(text)
    return int((at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp() * 1_000_000)
