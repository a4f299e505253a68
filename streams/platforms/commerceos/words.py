"""CommerceOS' words for where an order and a shipment are, and what each asserts (seed 002, Phase 4).

Beyond the seed's two maps, from the vendor's field reference: `Unreserved`, `Fulfilled` and the two words for returns;
an order's `status` is the union of what its lines are, so of several words the one that is least far holds for all of
them, and `Cancelled` only where it stands alone. A shipment whose items differ is summarised as `Partially…`: that
word asserts the step before, and is kept by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streams.platforms.fields import word
from streams.vocabulary import EventType, OrderStatus


class Rule(NamedTuple):
    """`rank` orders the words: CommerceOS stamps every snapshot of an order with the time when the order was made."""

    type: EventType
    status: OrderStatus | None
    rank: int


CANCELLED, COMMITTED = "Cancelled", "Committed"
# From one rank to the next.
_STEP = 10

ORDER_STATUSES: Mapping[str, Rule] = {
    "New": Rule(EventType.CHANGED, OrderStatus.PENDING, 0),
    "Unreserved": Rule(EventType.CHANGED, OrderStatus.PENDING, 10),
    "Reserved": Rule(EventType.CHANGED, OrderStatus.PENDING, 20),
    COMMITTED: Rule(EventType.CONFIRMED, OrderStatus.CONFIRMED, 30),
    "Fulfilled": Rule(EventType.DELIVERED, OrderStatus.DELIVERED, 40),
    CANCELLED: Rule(EventType.CANCELLED, OrderStatus.CANCELLED, 50),
    "ReturnCommitted": Rule(EventType.CHANGED, OrderStatus.DELIVERED, 60),
    "ReturnFulfilled": Rule(EventType.RETURNED, OrderStatus.RETURNED, 70),
}
SHIPMENT_STATUSES: Mapping[str, Rule] = {
    "New": Rule(EventType.PROCESSING, OrderStatus.PROCESSING, 0),
    "PartiallyReleased": Rule(EventType.PROCESSING, OrderStatus.PROCESSING, 10),
    "Released": Rule(EventType.RELEASED, OrderStatus.RELEASED, 20),
    "PartiallyTransiting": Rule(EventType.RELEASED, OrderStatus.RELEASED, 30),
    "Transiting": Rule(EventType.SHIPPED, OrderStatus.SHIPPED, 40),
    "PartiallyAcquired": Rule(EventType.SHIPPED, OrderStatus.SHIPPED, 50),
    "Acquired": Rule(EventType.DELIVERED, OrderStatus.DELIVERED, 60),
}
# What an order asserts whose units are at these stages of its shipments: later than that it is committed, and earlier
# than that it is fulfilled.
FULFILMENT: Mapping[str, Rule] = {
    name: rule._replace(rank=ORDER_STATUSES[COMMITTED].rank + 1 + rule.rank // _STEP)
    for name, rule in SHIPMENT_STATUSES.items()
}
# At the same time as a word that is known, it says less.
UNKNOWN = Rule(EventType.OBSERVED, None, -1)

# The words of our own for what came, as CommerceOS gives an event no name.
PLACED = "trade-order"
EVENTS: Mapping[str, tuple[EventType, int]] = {
    PLACED: (EventType.PLACED, 0),
    **{f"order.{name}": (rule.type, rule.rank) for name, rule in ORDER_STATUSES.items()},
    **{f"shipment.{name}": (rule.type, rule.rank) for name, rule in SHIPMENT_STATUSES.items()},
    **{f"fulfilment.{name}": (rule.type, rule.rank) for name, rule in FULFILMENT.items()},
}


def words(status: Any) -> tuple[str, ...]:
    """The words of a status, which comes as a list or as one word; none where it is neither."""
    listed = status if isinstance(status, list) else [status]
    return tuple(one for one in listed if isinstance(one, str) and one.strip())


def settle(said: Sequence[str], table: Mapping[str, Rule]) -> tuple[str, Rule]:
    """The word that holds for the whole, and its rule; the first, and `UNKNOWN`, where none is known."""
    known = [one for one in said if one in table]
    going_on = [one for one in known if one != CANCELLED] or known
    if not going_on:
        return said[0], UNKNOWN
    least, most = (choose(going_on, key=lambda one: table[one].rank) for choose in (min, max))
    rule = table[least]
    # Partly further is later than not at all, and earlier than all of it.
    return least, rule if least == most else rule._replace(rank=rule.rank + table[most].rank // _STEP)


def event_word(prefix: str, status: str) -> str:
    """`order.Committed`; without the status where it is not fit for headers and metrics."""
    return word(f"{prefix}.{status}") or f"{prefix}.unknown"
