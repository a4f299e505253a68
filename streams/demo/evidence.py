"""What was sent, what lies in Kafka and what the stand-in API received: all that the checker goes by. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from streams import cloudevents, topics
from streams.demo.told import Arrived
from streams.demo.webhook import Kind, Put, Webhook
from streams.record import Record
from streams.vocabulary import Command, DeadLetter, Movement, Order, OrderEvent, Outcome, Stock

# The `ce_source` of what came by itself begins so.
BY_WEBHOOK = b"/webhooks/"

UNPROCESSABLE = 422

Place = tuple[str, int, int]  # topic, partition, offset


def place_of(record: Record) -> Place:
    return record.topic, record.partition, record.offset


def is_fetched(record: Record) -> bool:
    """Whether a raw record is an answer to a question of ours, and no webhook."""
    return not (record.header("ce_source") or BY_WEBHOOK).startswith(BY_WEBHOOK)


def arrived(record: Record) -> Arrived:
    """What a raw record has of what was received."""
    query = orjson.loads(record.header(cloudevents.HTTP_QUERY) or b"{}")
    return Arrived(topics.source_of(record.topic), record.value or b"", query, is_fetched(record))


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
        """Refused where it must be, with 422 where somebody is to read why; taken where it is an order, or rubbish."""
        if self.webhook.kind is Kind.INVALID:
            return self.status == UNPROCESSABLE
        return self.is_rejected if self.webhook.kind.is_refused else self.is_accepted


def as_received(sent: Sent) -> Arrived:
    """What ingest got of a webhook that was sent."""
    request = sent.webhook.request
    return Arrived(sent.webhook.source, request.body, dict(request.query))


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the stand-in API did, in the order of doing. `at_s`: seconds since the epoch."""

    seq: int
    at_s: float
    idempotency_key: str
    external_order_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """What the stand-in of CommerceOS has, and what it was asked to do. `refused`: by reason; `busiest`: requests in
    its busiest second.
    """

    orders: Sequence[Mapping[str, Any]] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    doubled: int = 0
    busiest: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything in the order in which it was read: by partition and offset, effects by `seq`.

    `puts`: what the stand-in APIs of platforms were given, in this order.
    """

    sent: Sequence[Sent]
    raw: Sequence[Record]
    quarantine: Sequence[Record]
    events: Sequence[OrderEvent]
    states: Mapping[str, Order]
    commands: Sequence[Command]
    outcomes: Sequence[tuple[Place, Outcome]]
    deadletters: Sequence[DeadLetter]
    effects: Sequence[Effect]
    movements: Sequence[Movement] = ()
    stock: Mapping[str, Stock] = field(default_factory=dict)
    puts: Sequence[Put] = ()
    repeats_at_target: int = 0
    fulfilment: Fulfilment = Fulfilment()
