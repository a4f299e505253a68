"""What platform modules take and give: a stored webhook, and what can be known of it before it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.vocabulary.event import Origin


class Undecodable(Exception):
    """A webhook that cannot become events. `reason` is stable and short, the message is for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """`native_id` is the platform's id of the order, None where it names none; `event` the platform's word for it."""

    native_id: str | None
    event: str | None


@dataclass(frozen=True, slots=True)
class RawWebhook:
    """A raw record as it lies in `webhooks.<source>`: `body` is exactly what was received."""

    source: str
    body: bytes
    origin: Origin
    receipt: str
    received_at: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
