"""The external system that we send orders to, and what it tells us back (seed 000, part 3).

`order_id` is what we sent it as `external_order_id`: the key of an order. Any other id is one of the source that
`orders_of` names, as in the seed, whose system knows the shop's own ids.

Beyond the seed: `data.transaction_id`, with `amount`, `currency` and `method`, makes a payment of a confirmation, and
`timestamp` (ISO 8601) says when it happened. A message has no id: the same bytes again are the same event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from streams.platforms.config import InvalidOptions, SourceConfig
from streams.platforms.facts import Statement, event_of
from streams.platforms.fields import Object, Table, amount, child, identifier, moment, pick, reference, text, word
from streams.platforms.json import Document, decode, peek
from streams.platforms.webhook import Identity, RawWebhook, Undecodable, accept_all
from streams.vocabulary import EventType, OrderEvent

NAME = "external-system"

SHIPPED = "order.shipped"
PAID = "order.payment_confirmed"
CANCELLED = "order.cancelled"
EVENTS: Mapping[str, tuple[EventType, int]] = {
    PAID: (EventType.PAID, 1),
    SHIPPED: (EventType.SHIPPED, 2),
    CANCELLED: (EventType.CANCELLED, 3),
}
_UNKNOWN = (EventType.OBSERVED, 0)

_SHIPMENT: Table = {"tracking_number": ("tracking_number", text), "carrier": ("carrier", text)}
_PAYMENT: Table = {"amount": ("amount", amount), "currency": ("currency", text), "method": ("method", text)}


@dataclass(frozen=True, slots=True)
class ExternalSystem:
    """The platform for one source."""

    config: SourceConfig

    NAME: ClassVar[str] = NAME
    METHODS: ClassVar[Sequence[str]] = ("POST",)
    EVENTS: ClassVar[Mapping[str, tuple[EventType, int]]] = EVENTS

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """Which order, which event."""
        return peek(body, self._identity)

    validate = staticmethod(accept_all)

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent]:
        """One event per message.

        Raises `Undecodable`: the reasons of `streams.platforms.json`, `no-event-type`, `no-order-id`, `invalid-field`.
        """
        document = decode(webhook.body)
        identity = self._identity(document)
        if identity.event is None:
            raise Undecodable("no-event-type", "event_type is missing or not a word")
        if identity.order_key is None:
            raise Undecodable("no-order-id", "order_id is missing")
        type, rank = EVENTS.get(identity.event, _UNKNOWN)
        owner, _, native_id = identity.order_key.partition(":")
        facts = _facts(identity.event, child(document, "data"))
        if owner == self.config.name:
            facts["order_id"] = native_id
        said = Statement(
            native_id=native_id,
            type=type,
            platform_event=identity.event,
            rank=rank,
            occurred_at=moment(document.get("timestamp")),
            facts=facts,
            order_key=identity.order_key,
        )
        return (event_of(NAME, webhook, said),)

    def _identity(self, document: Document) -> Identity:
        id = reference(document.get("order_id"))
        key = None if id is None else self.config.referred_key(id)
        return Identity(None, word(document.get("event_type")), order_key=key)


def configure(config: SourceConfig) -> ExternalSystem:
    """Raises `InvalidOptions`: it has none."""
    if config.options:
        first = next(iter(config.options))
        raise InvalidOptions([((first,), "no such setting", f"the platform {NAME} takes no options")])
    return ExternalSystem(config)


def _facts(event: str, data: Object) -> dict[str, Any]:
    if event == SHIPPED:
        # One shipment per tracking number: a second parcel is not the first one corrected.
        parcel = identifier(data.get("tracking_number")) or "shipment"
        return {"shipments": [{"id": parcel, **_told(pick(data, _SHIPMENT))}]}
    if event == PAID and (id := identifier(data.get("transaction_id"))) is not None:
        return {"payments": [{"id": id, **pick(data, _PAYMENT)}]}
    if event == CANCELLED:
        return pick(data, {"cancel_reason": ("reason", text)})
    return {}


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    """Without nulls and empty texts, which would claim that a parcel has no number."""
    return {name: value for name, value in fields.items() if value}
