"""From what a platform module found to the event: checked facts, exact sums, ids that a replay gives again."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from streams.digest import digest_of
from streams.platforms.fields import Missing, word
from streams.platforms.webhook import RawWebhook, Undecodable
from streams.vocabulary import EventType, OrderEvent, OrderFacts
from streams.vocabulary.base import EXACT, parse_money

# A platform's clock may be wrong, or its time zone. What it says is later than this after we received it is taken to be
# of the time of its receipt: else that one event would win over all that come after it, for good.
AHEAD_MAX = timedelta(hours=24)
CLOCK_AHEAD = "clock-ahead"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one webhook says: of which order, what kind of fact, when. `occurred_at` missing: when we received it.

    `order_key`: the whole key, where it is another source's order. `content`: what makes it this event and no other,
    where that is not the whole body (one item of a batch, which comes again in another batch).
    """

    native_id: str
    type: EventType
    platform_event: str
    rank: int
    occurred_at: datetime | Missing | None
    facts: dict[str, Any]
    order_key: str | None = None
    content: bytes | None = None


def event_of(platform: str, webhook: RawWebhook, said: Statement, index: int = 0) -> OrderEvent:
    """The event for `said`. Raises `Undecodable` (`invalid-field`) where an amount is not one.

    A time more than `AHEAD_MAX` after the receipt counts as that, and is flagged; both are in the record, so a replay
    says the same. An old time is taken as it is: some platforms send late.
    """
    key = said.order_key or f"{webhook.source}:{said.native_id}"
    occurred_at, facts = said.occurred_at, said.facts
    if not isinstance(occurred_at, datetime):
        occurred_at = webhook.received_at
    elif occurred_at - webhook.received_at > AHEAD_MAX:
        occurred_at, facts = webhook.received_at, flagged(facts, CLOCK_AHEAD)
    return OrderEvent(
        id=event_id(webhook, said, key, index),
        type=said.type,
        order_key=key,
        source=webhook.source,
        platform=platform,
        occurred_at=occurred_at,
        received_at=webhook.received_at,
        origin=webhook.origin,
        rank=said.rank,
        receipt=webhook.receipt,
        platform_event=said.platform_event,
        data=checked(facts),
    )


def flagged(facts: Mapping[str, Any], *flags: str) -> dict[str, Any]:
    """The facts with these flags too, for a person (`Order.flags`)."""
    return {**facts, "flags": (*facts.get("flags", ()), *flags)} if flags else dict(facts)


def unknown_words(said: Iterable[tuple[str, Any, Container[str]]]) -> list[str]:
    """Flags for words that no rule knows: of (what it is the word of, what was said, the words that are known).

    `unknown-status:OnHold`. A word that is too long or not plain ASCII is left out of its flag.
    """
    unknown = [(kind, value) for kind, value, known in said if isinstance(value, str) and value and value not in known]
    return [f"unknown-{kind}:{word(value) or ''}" for kind, value in unknown]


def event_id(webhook: RawWebhook, said: Statement, key: str, index: int) -> str:
    """The same for a replay of the record and for a byte-identical retry of the webhook; 128 bits in hex.

    A sender that names its messages says by another name that it says the same again: of x, y, x the last holds.
    """
    content = webhook.body if said.content is None else said.content
    parts = [webhook.source.encode(), key.encode(), said.type.encode(), str(index).encode(), content]
    if webhook.message_id is not None:
        parts.append(webhook.message_id.encode())
    return digest_of(b"orderlog.event", *parts)


def checked(facts: dict[str, Any]) -> OrderFacts:
    """Raises `Undecodable` that names the field, never its value."""
    try:
        return OrderFacts(**facts)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Undecodable("invalid-field", f"{where}: {first['msg']}") from None


def total_of(amounts: Iterable[Any], field: str) -> Decimal:
    """The exact sum. Raises `Undecodable` where one of them is no amount."""
    total = Decimal(0)
    try:
        for one in amounts:
            total = EXACT.add(total, parse_money(one))
    except ValueError as error:
        raise Undecodable("invalid-field", f"{field}: {error}") from None
    return total


def number_lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines whose `id` (None where the platform gives none) is unique: its place in the order tells twins apart."""
    seen: dict[str, int] = {}
    for line in lines:
        product = "-".join(line[key] for key in ("product_id", "variation_id") if line.get(key))
        base = line["id"] or product or "line"
        seen[base] = seen.get(base, 0) + 1
        line["id"] = base if seen[base] == 1 else f"{base}#{seen[base]}"
    return lines
