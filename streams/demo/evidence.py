"""What was sent, what lies in Kafka and what the stand-in API received: all that the checker goes by. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from streams.demo.webhook import Kind, Webhook
from streams.record import Record
from streams.vocabulary import Command, DeadLetter, Order, OrderEvent, Outcome

Place = tuple[str, int, int]  # topic, partition, offset


def place_of(record: Record) -> Place:
    return record.topic, record.partition, record.offset


@dataclass(frozen=True, slots=True)
class Sent:
    """One webhook and its last answer. `status` is None where none ever came; times are in seconds since the epoch."""

    webhook: Webhook
    attempts: int
    status: int | None
    receipt: str | None
    answered_at_s: float

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_rejected(self) -> bool:
        return self.status is not None and 400 <= self.status < 500

    @property
    def is_as_hoped(self) -> bool:
        """Refused where it is hostile, taken where it is an order, an answer of either kind where it is rubbish."""
        if self.webhook.kind.is_hostile:
            return self.is_rejected
        return self.is_accepted or (self.webhook.kind is Kind.RUBBISH and self.is_rejected)


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the stand-in API did, in the order of doing. `at_s`: seconds since the epoch."""

    seq: int
    at_s: float
    idempotency_key: str
    external_order_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything in the order in which it was read: by partition and offset, effects by `seq`."""

    sent: Sequence[Sent]
    raw: Sequence[Record]
    quarantine: Sequence[Record]
    events: Sequence[OrderEvent]
    states: Mapping[str, Order]
    commands: Sequence[Command]
    outcomes: Sequence[tuple[Place, Outcome]]
    deadletters: Sequence[DeadLetter]
    effects: Sequence[Effect]
    repeats_at_target: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """What of an order's record at the target can be known from its webhooks alone."""

    total: Decimal
    currency: str
    items: tuple[tuple[Decimal, Decimal], ...]  # quantity, unit price; sorted
    email: str | None
