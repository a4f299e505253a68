"""What platform modules take and give: a stored webhook, and what can be known of it before it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from streams.vocabulary.event import Origin


class Undecodable(Exception):
    """A webhook that cannot become events. `reason` is stable and short, the message is for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """`native_id` is the platform's id of the order, None where it names none; `event` the platform's word for it.

    `order_key`: the whole key instead, from a platform that speaks of other sources' orders.
    """

    native_id: str | None
    event: str | None
    order_key: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a webhook is refused before it is stored: `field` is where, `message` is for the customer who sees it."""

    field: str
    message: str


def accept_all(body: bytes, query: Mapping[str, str]) -> Sequence[Problem]:
    """The `validate` of a platform that shows nobody a refusal: what is wrong is found when it is normalised."""
    return ()


@dataclass(frozen=True, slots=True)
class BadItem:
    """One item of a batch that cannot become an event, while the others do. `reason` and `message` as `Undecodable`."""

    index: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class RawWebhook:
    """A raw record as it lies in `webhooks.<source>`: `body` is exactly what was received.

    `is_fetched`: we have fetched it from the platform's API ourselves; nobody who sends webhooks can make it so.
    `method`: of the HTTP request. `message_id`: the sender's own id of the message, which its retries repeat; None
    where it gives none that is signed.
    """

    source: str
    body: bytes
    origin: Origin
    receipt: str
    received_at: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    is_fetched: bool = False
    message_id: str | None = None

    def of_item(self, index: int) -> "RawWebhook":
        """The same for one item of a batch: each is received a microsecond after the one before it, so that of two that
        speak of one order at one time the later in the batch is the later."""
        return replace(self, received_at=self.received_at + timedelta(microseconds=index)) if index else self
