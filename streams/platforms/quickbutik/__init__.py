"""Quickbutik (seed 000): thin pings that only name an order, and the order as its API gives it to us.

A ping has no body, no id and no signature: it makes us look, and what we find is what counts. The seed shows POST, the
vendor's page GET; `product.*` pings, on the vendor's page too, name no order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from streams.platforms.config import InvalidOptions, SourceConfig
from streams.platforms.facts import Statement, event_of, flagged, unknown_words
from streams.platforms.fields import identifier, word
from streams.platforms.quickbutik.order import differs, facts_of, the_order
from streams.platforms.webhook import Identity, RawWebhook, Undecodable, accept_all
from streams.vocabulary import EventType, OrderEvent

NAME = "quickbutik"
METHODS = ("GET", "POST")
EVENT_PARAMETER, ORDER_PARAMETER = "event_type", "order_id"

# What the fetched document of a ping with this word is.
EVENTS: Mapping[str, tuple[EventType, int]] = {
    "order.new": (EventType.PLACED, 0),
    "order.done": (EventType.SHIPPED, 2),
    "order.cancelled": (EventType.CANCELLED, 3),
}
_UNKNOWN = (EventType.CHANGED, 1)
_ORDER = "order."


def configure(config: SourceConfig) -> "Quickbutik":
    """`options`: `time_zone` of the shop's times; the vendor names none, so by default UTC. Raises `InvalidOptions`."""
    problems: list[tuple[tuple[str | int, ...], str, str]] = [
        ((name,), "no such setting", "the platform quickbutik has: time_zone")
        for name in config.options
        if name != "time_zone"
    ]
    zone = _zone(config.options.get("time_zone", "UTC"))
    if zone is None:
        problems.append((("time_zone",), "is not a time zone", 'write a name as in "Europe/Stockholm"'))
    if problems:
        raise InvalidOptions(problems)
    return Quickbutik(zone or UTC)


def _zone(name: object) -> tzinfo | None:
    try:
        return UTC if name == "UTC" else ZoneInfo(name) if isinstance(name, str) else None
    except (KeyError, ValueError, OSError):  # no such zone; not a name of one; no directory of them
        return None


def identify(body: bytes, query: Mapping[str, str]) -> Identity:
    """From the query; whatever body a ping has says nothing. A ping about a product names no order."""
    event = word(query.get(EVENT_PARAMETER))
    if event is not None and not event.startswith(_ORDER):
        return Identity(None, event)
    return Identity(identifier(query.get(ORDER_PARAMETER)), event)


@dataclass(frozen=True, slots=True)
class Quickbutik:
    """`zone`: of the times in fetched documents."""

    zone: tzinfo

    NAME = NAME
    METHODS = METHODS
    EVENTS = EVENTS

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        return identify(body, query)

    validate = staticmethod(accept_all)

    def normalise(self, webhook: RawWebhook) -> tuple[OrderEvent, ...]:
        """A ping → the event that there was one; a fetched document → what it says of its order.

        Raises `Undecodable`: `no-event-type`, `no-order-id`; of documents also `invalid-order`, `invalid-field`,
        `not-a-list`, `order-not-found`, `other-order` and the reasons of `streams.platforms.json`.
        """
        found = identify(b"", webhook.query)
        if found.event is None:
            raise Undecodable("no-event-type", f"the query has no {EVENT_PARAMETER}, or it is not a word")
        if not found.event.startswith(_ORDER):
            return ()
        if found.native_id is None:
            raise Undecodable("no-order-id", f"the query has no {ORDER_PARAMETER}, or it is not an id")
        read = self._fetched if webhook.is_fetched else _ping
        return (event_of(NAME, webhook, read(webhook, found.native_id, found.event)),)

    def _fetched(self, webhook: RawWebhook, order_id: str, event: str) -> Statement:
        order = the_order(webhook.body, order_id)
        type, rank = EVENTS.get(event, _UNKNOWN)
        flags = [*differs(order, event), *unknown_words([("event", event, EVENTS)])]
        return Statement(
            native_id=order_id,
            type=type,
            platform_event=event,
            rank=rank,
            occurred_at=webhook.received_at,
            facts=flagged(facts_of(order, self.zone), *flags),
            # The same document fetched later is news: another one may have been between.
            content=webhook.receipt.encode() + b"\n" + webhook.body,
        )


def _ping(webhook: RawWebhook, order_id: str, event: str) -> Statement:
    """Of two equal pings the second is news, so its id is made from the receipt."""
    return Statement(
        native_id=order_id,
        type=EventType.OBSERVED,
        platform_event=event,
        rank=0,
        occurred_at=webhook.received_at,
        facts={"order_id": order_id, "is_ping": True},
        content=webhook.receipt.encode(),
    )
