"""The seeds' payloads as they stand, and webhooks made from changed copies of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from streams.platforms import PLATFORMS, RawWebhook
from streams.topics import webhooks
from streams.vocabulary import OrderEvent, Origin

PAYLOADS = Path(__file__).parents[2] / "payloads"
RECEIVED_AT = datetime(2026, 12, 1, 3, 4, 5, tzinfo=UTC)  # after the times in all samples

Change = Callable[[dict[str, Any]], object]


def payload(platform: str, name: str) -> bytes:
    """A seed's example, byte for byte."""
    return (PAYLOADS / platform / f"{name}.json").read_bytes()


def changed(platform: str, name: str, change: Change) -> bytes:
    """A seed's example with a change to it."""
    document = json.loads(payload(platform, name))
    change(document)
    return json.dumps(document).encode()


def webhook(platform: str, body: bytes, offset: int = 7) -> RawWebhook:
    """`body` as a raw record of a source that is named after its platform."""
    origin = Origin(topic=webhooks(platform), partition=3, offset=offset)
    return RawWebhook(platform, body, origin, f"receipt-{offset}", RECEIVED_AT)


def event(platform: str, body: bytes, offset: int = 7) -> OrderEvent:
    """The one event of a webhook."""
    (only,) = PLATFORMS[platform].normalise(webhook(platform, body, offset))
    assert isinstance(only, OrderEvent)
    return only
