"""How statuses join: as tables, and the little that reads them. This file is all there is to know of it.

An order walks to the right and never back: a late `confirmed` finds a `shipped` order shipped. Cancelled outranks
delivered since a platform that cancels or deletes an order knows of its delivery; returned outranks cancelled since
only what was sent can come back.

The fold remembers every word that was said of an order, so neither the status nor a flag depends on which came first.
What its parcels say together (`projections.parcels`) joins by the same table, and is not remembered: from that an order
may come back, as another parcel becomes known.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from streams.vocabulary import EventType, OrderEvent, OrderStatus, PaymentStatus

Word = TypeVar("Word", bound=StrEnum)

# Left: what the order is. Above: what is said of it. `!`: the two contradict each other; the order is flagged for a
# person, `<above>-and-<left>` (somebody has to stop the parcel, or tell the shop).
_STATUSES = """
.           pending     confirmed   processing  released    shipped     delivered   cancelled   returned

pending     pending     confirmed   processing  released    shipped     delivered   cancelled   returned
confirmed   confirmed   confirmed   processing  released    shipped     delivered   cancelled   returned
processing  processing  processing  processing  released    shipped     delivered   cancelled   returned
released    released    released    released    released    shipped     delivered   cancelled   returned
shipped     shipped     shipped     shipped     shipped     shipped     delivered   cancelled!  returned
delivered   delivered   delivered   delivered   delivered   delivered   delivered   cancelled!  returned
cancelled   cancelled   cancelled   cancelled   cancelled   cancelled!  cancelled!  cancelled   returned
returned    returned    returned    returned    returned    returned    returned    returned    returned
"""
_PAYMENTS = """
.                unpaid           authorised       on_delivery      paid             partly_refunded  refunded

unpaid           unpaid           authorised       on_delivery      paid             partly_refunded  refunded
authorised       authorised       authorised       on_delivery      paid             partly_refunded  refunded
on_delivery      on_delivery      on_delivery      on_delivery      paid             partly_refunded  refunded
paid             paid             paid             paid             paid             partly_refunded  refunded
partly_refunded  partly_refunded  partly_refunded  partly_refunded  partly_refunded  partly_refunded  refunded
refunded         refunded         refunded         refunded         refunded         refunded         refunded
"""

# What an event of a type says by itself, besides the words in its data (`data.status`, `data.payment_status`).
ASSERTED: Mapping[EventType, OrderStatus] = {
    EventType.PLACED: OrderStatus.PENDING,
    EventType.CONFIRMED: OrderStatus.CONFIRMED,
    EventType.PROCESSING: OrderStatus.PROCESSING,
    EventType.RELEASED: OrderStatus.RELEASED,
    EventType.SHIPPED: OrderStatus.SHIPPED,
    EventType.DELIVERED: OrderStatus.DELIVERED,
    EventType.RETURNED: OrderStatus.RETURNED,
    EventType.CANCELLED: OrderStatus.CANCELLED,
    EventType.DELETED: OrderStatus.CANCELLED,
    EventType.REJECTED: OrderStatus.CANCELLED,
}
PAYMENT_ASSERTED: Mapping[EventType, PaymentStatus] = {
    EventType.PAID: PaymentStatus.PAID,
    EventType.REFUNDED: PaymentStatus.PARTLY_REFUNDED,
}
# Events that say nothing of where the order or its money is, and what they flag.
SILENT: Mapping[EventType, str | None] = {
    EventType.CHANGED: None,
    EventType.LINE_CANCELLED: None,
    EventType.DELIVERY_CANCELLED: "delivery-cancelled",
    EventType.OBSERVED: None,
    EventType.DELIVERY_SUCCEEDED: None,
    EventType.DELIVERY_FAILED: None,
    EventType.DELIVERY_DISCARDED: None,
}

# How far a parcel has come, in the words that have an order (seed 002), and an order that is all in it; any other word
# says less than these, and of two others the later counts.
SHIPMENTS: Mapping[str, OrderStatus] = {
    "New": OrderStatus.PROCESSING,
    "PartiallyReleased": OrderStatus.PROCESSING,
    "Released": OrderStatus.RELEASED,
    "PartiallyTransiting": OrderStatus.RELEASED,
    "Transiting": OrderStatus.SHIPPED,
    "PartiallyAcquired": OrderStatus.SHIPPED,
    "Acquired": OrderStatus.DELIVERED,
}
# Of an order that is on its way, or was.
SENT = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)
# Between the words of a parcel whose items differ.
AND = ", "

# Flags that begin so name a platform's word that no rule knows: what it came with is kept, and a person is told once.
UNKNOWN = "unknown-"
UNKNOWN_EVENT = "unknown-event:"
# Bounded, whatever a sender makes up. The first in the alphabet, so that none depends on the order of arrival.
UNKNOWN_MAX = 32


def _read(table: str, word: type[Word]) -> dict[tuple[Word, Word], tuple[Word, bool]]:
    """(now, said) → (then, whether the two contradict each other)."""
    (_, *above), *rows = (line.split() for line in table.splitlines() if line)
    return {
        (word(now), word(said)): (word(then.rstrip("!")), then.endswith("!"))
        for now, *cells in rows
        for said, then in zip(above, cells, strict=True)
    }


_STATUS_CELLS, _PAYMENT_CELLS = _read(_STATUSES, OrderStatus), _read(_PAYMENTS, PaymentStatus)

NEXT: Mapping[tuple[OrderStatus, OrderStatus], OrderStatus] = {pair: then for pair, (then, _) in _STATUS_CELLS.items()}
PAYMENT_NEXT: Mapping[tuple[PaymentStatus, PaymentStatus], PaymentStatus] = {
    pair: then for pair, (then, _) in _PAYMENT_CELLS.items()
}
# In the order of the table: who is further to the right has come further.
STATUS_RANK: Mapping[OrderStatus, int] = {status: rank for rank, status in enumerate(dict.fromkeys(n for n, _ in NEXT))}
CONTRADICTIONS: Mapping[frozenset[OrderStatus], str] = {
    frozenset({now, said}): f"{said}-and-{now}"
    for (now, said), (then, is_contradiction) in _STATUS_CELLS.items()
    if is_contradiction and then is said
}


_SHIPMENT_RANK: Mapping[str, int] = {word: rank for rank, word in enumerate(SHIPMENTS)}


def shipment_rank(status: str | None) -> int:
    """-1 where no word has a place among `SHIPMENTS`.

    Of several the one that is least far counts; partly further is later than not at all, and earlier than all of it.
    """
    ranks = [_SHIPMENT_RANK[word] for word in (status or "").split(AND) if word in _SHIPMENT_RANK]
    return min(ranks) * len(SHIPMENTS) + max(ranks) if ranks else -1


def shipment_word(status: str | None) -> str | None:
    """The word that holds for all of the parcel; None where none has a place among `SHIPMENTS`."""
    words = [word for word in (status or "").split(AND) if word in _SHIPMENT_RANK]
    return min(words, key=_SHIPMENT_RANK.__getitem__, default=None)


def asserted(event: OrderEvent) -> tuple[OrderStatus, ...]:
    """What an event says of where the order is: by its type, and by the word in its data. Nothing where it is about a
    parcel: see `projections.parcels`."""
    if event.data.is_parcel:
        return ()
    return tuple(status for status in (ASSERTED.get(event.type), event.data.status) if status is not None)


def payment_asserted(type: EventType, word: PaymentStatus | None) -> tuple[PaymentStatus, ...]:
    """The same of its money."""
    return tuple(status for status in (PAYMENT_ASSERTED.get(type), word) if status is not None)


def contradictions(reached: Iterable[OrderStatus]) -> set[str]:
    """The flags that a set of asserted statuses calls for."""
    known = frozenset(reached)
    return {flag for pair, flag in CONTRADICTIONS.items() if pair <= known}


def with_flags(flags: tuple[str, ...], said: set[str]) -> tuple[str, ...]:
    """These too; a person takes note of them, and nothing here takes one away."""
    if said.issubset(flags):
        return flags
    every = sorted(said.union(flags))
    unknown = [flag for flag in every if flag.startswith(UNKNOWN)]
    return tuple(flag for flag in every if flag not in unknown[UNKNOWN_MAX:])
