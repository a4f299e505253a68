"""`OrderEvent`: one fact about one order, in the past tense."""

from enum import StrEnum

from streams.vocabulary.base import Time, Whole
from streams.vocabulary.facts import OrderFacts

SCHEMA_VERSION = 1


class EventType(StrEnum):
    """Every kind of fact. `order.observed` keeps whatever no rule knows."""

    PLACED = "order.placed"
    CHANGED = "order.changed"
    PAID = "order.paid"
    CONFIRMED = "order.confirmed"
    PROCESSING = "order.processing"
    RELEASED = "order.released"
    SHIPPED = "order.shipped"
    DELIVERED = "order.delivered"
    RETURNED = "order.returned"
    CANCELLED = "order.cancelled"
    LINE_CANCELLED = "order.line_cancelled"
    DELIVERY_CANCELLED = "order.delivery_cancelled"
    DELETED = "order.deleted"
    REJECTED = "order.rejected"
    REFUNDED = "order.refunded"
    OBSERVED = "order.observed"
    DELIVERY_SUCCEEDED = "delivery.succeeded"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_DISCARDED = "delivery.discarded"


class Origin(Whole):
    """Where the record that an event was made from lies."""

    topic: str
    partition: int
    offset: int


class DeliveryFacts(Whole):
    """The `delivery` of a `delivery.*` event: what became of one command."""

    command_id: str
    command_type: str
    target: str
    attempts: int
    http_status: int | None = None
    error: str | None = None
    ref: str | None = None


class OrderEvent(Whole):
    """One fact. `id` is derived from what was received, so a replay or a retried webhook gives the same id.

    `source` and `platform` are who states it, `order_key` whose order it is: a warehouse speaks of a shop's orders.
    `occurred_at` is the platform's time of the fact (UTC), `received_at` ours. `rank` orders events that a platform
    stamps with the same time (Duda: created < updated < deleted).
    """

    id: str
    type: EventType
    order_key: str
    source: str
    platform: str
    occurred_at: Time
    received_at: Time
    origin: Origin
    schema_version: int = SCHEMA_VERSION
    rank: int = 0
    receipt: str | None = None
    platform_event: str | None = None
    data: OrderFacts
    delivery: DeliveryFacts | None = None
