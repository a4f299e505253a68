"""One item of a body: which of the shapes it has, whose order it speaks of, and what it states.

shape      the seed's mapped type                            unmapped, as the resource
status     {orderId, status, timestamp}                      {identifiers, status, timestamp}
shipment   {shipmentId, orderId, status, trackingUrl}        {identifiers, orders, status, carriersTrackingUrl}
order      –                                                 {identifiers, items, customer, …}
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from streams.platforms.commerceos import words
from streams.platforms.commerceos.fulfilment import fulfilment_facts, stage_of
from streams.platforms.commerceos.options import KEY, Options
from streams.platforms.commerceos.order import own_facts, paid_facts, shipped_facts
from streams.platforms.commerceos.shipment import shipment_facts
from streams.platforms.config import SourceConfig
from streams.platforms.facts import Statement, flagged, unknown_words
from streams.platforms.fields import Object, child, children, identifier, moment, reference
from streams.platforms.webhook import Undecodable

FLAGS_MAX = 5


class Shape(Enum):
    STATUS = "status"
    SHIPMENT = "shipment"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class About:
    """`key`: of the order; `is_own`: CommerceOS is where it was placed; `word`: our word for what the item is."""

    shape: Shape
    key: str
    is_own: bool
    said: tuple[str, ...]
    word: str
    rule: words.Rule


def about(item: Object, config: SourceConfig, options: Options) -> About:
    """Raises `Undecodable`: `unknown-shape`, `no-order-id`, `no-event-type`, `invalid-field`."""
    shape = _shape(item)
    key = _order_key(item, shape, config, options)
    is_own = key.partition(":")[0] == config.name
    said = words.words(item.get("status"))
    if not said and shape is Shape.ORDER:
        # Setting `reservedUntil` moves an order to `Reserved` (seed); one without any status is new.
        said = ("Reserved",) if item.get("reservedUntil") else ("New",)
    if not said:
        raise Undecodable("no-event-type", "status is neither a word nor a list of words")
    if shape is Shape.SHIPMENT:
        status, rule = words.settle(said, words.SHIPMENT_STATUSES)
        return About(shape, key, is_own, said, words.event_word("shipment", status), rule)
    status, rule = words.settle(said, words.ORDER_STATUSES)
    word = words.event_word("order", status)
    if status == words.COMMITTED and (stage := stage_of(item)) is not None:
        word, rule = words.event_word("fulfilment", stage), words.FULFILMENT[stage]
    return About(shape, key, is_own, said, words.PLACED if shape is Shape.ORDER and is_own else word, rule)


def statement(item: Object, content: bytes, config: SourceConfig, options: Options) -> Statement:
    """What the item says; `content` is the item in one form. Raises `Undecodable`."""
    found = about(item, config, options)
    is_placed = found.word == words.PLACED
    return Statement(
        native_id=_native_id(found.key),
        type=words.EVENTS[words.PLACED][0] if is_placed else found.rule.type,
        platform_event=found.word,
        rank=found.rule.rank,
        occurred_at=moment(item.get("timestamp")),
        facts=flagged(_facts(item, found, options), *_unknown(found)),
        order_key=found.key,
        content=content,
    )


def _shape(item: Object) -> Shape:
    if "shipmentId" in item:
        return Shape.SHIPMENT
    if isinstance(item.get("identifiers"), dict):
        if isinstance(item.get("orders"), list):
            return Shape.SHIPMENT
        return Shape.STATUS if item.get("items") is None else Shape.ORDER
    if "orderId" in item:
        return Shape.STATUS
    raise Undecodable("unknown-shape", "is neither an order's status, nor a shipment, nor an order")


def _order_key(item: Object, shape: Shape, config: SourceConfig, options: Options) -> str:
    if "orderId" in item or "shipmentId" in item:
        mapped = reference(item.get("orderId"))
        id, own = mapped, None
    else:
        orders = children(item, "orders") or [] if shape is Shape.SHIPMENT else [item]
        identifiers = child(orders[0], "identifiers") if orders else {}
        id, own = options.order_id(identifiers), identifier(identifiers.get(KEY))
    if id is not None:
        return config.referred_key(id)
    if own is not None:
        return f"{config.name}:{own}"
    raise Undecodable("no-order-id", "there is no orderId, and no identifier of an order")


def _native_id(key: str) -> str:
    return key.partition(":")[2]


def _unknown(found: About) -> list[str]:
    """Flags for the words that no rule knows, the first few of them."""
    kind, table = "status", words.ORDER_STATUSES
    if found.shape is Shape.SHIPMENT:
        kind, table = "shipment-status", words.SHIPMENT_STATUSES
    return unknown_words((kind, said, table) for said in found.said[:FLAGS_MAX])


def _facts(item: Object, found: About, options: Options) -> dict[str, Any]:
    """Of another source's order only what CommerceOS decides: where it is, its shipments, its payments."""
    facts: dict[str, Any] = {} if found.rule.status is None else {"status": found.rule.status}
    if found.shape is Shape.SHIPMENT:
        id = identifier(item.get("shipmentId", child(item, "identifiers").get(KEY)))
        if id is None:
            raise Undecodable("no-shipment-id", "shipmentId is missing or identifies nothing")
        return facts | {"shipments": [shipment_facts(id, item)], "is_parcel": True}
    if found.is_own:
        facts["platform_status"] = ", ".join(found.said)
    facts |= fulfilment_facts(item, options)
    if found.is_own and found.shape is Shape.ORDER:
        return facts | own_facts(item, options, _native_id(found.key))
    return facts | paid_facts(item, is_own=found.is_own) | shipped_facts(item)
