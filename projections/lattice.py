"""How statuses join: the greater word wins, whatever the order in which they arrive. Data first, then what reads it.

    pending < confirmed < processing < released < shipped < delivered < cancelled < returned

An order walks to the right and never back: a late `confirmed` finds a `shipped` order shipped. Cancelled outranks
delivered since a platform that cancels or deletes an order knows of its delivery; returned outranks cancelled since
only what was sent can come back. Both cancelled and sent is a contradiction for a person to look at: it sets a flag.
"""

from collections.abc import Iterable, Mapping
from itertools import product

from streams.vocabulary import EventType, OrderStatus, PaymentStatus

STATUS_ORDER = (
    OrderStatus.PENDING,
    OrderStatus.CONFIRMED,
    OrderStatus.PROCESSING,
    OrderStatus.RELEASED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.CANCELLED,
    OrderStatus.RETURNED,
)
PAYMENT_ORDER = (
    PaymentStatus.UNPAID,
    PaymentStatus.AUTHORISED,
    PaymentStatus.ON_DELIVERY,
    PaymentStatus.PAID,
    PaymentStatus.PARTLY_REFUNDED,
    PaymentStatus.REFUNDED,
)

# What an event of this type asserts by itself, besides what its `data.status` says.
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

# What an event of this type flags by itself.
FLAGGED: Mapping[EventType, str] = {EventType.DELIVERY_CANCELLED: "delivery-cancelled"}
# Statuses that contradict each other once both were asserted, and the flag for a person.
CONTRADICTIONS: Mapping[frozenset[OrderStatus], str] = {
    frozenset({OrderStatus.CANCELLED, OrderStatus.SHIPPED}): "cancelled-and-shipped",
    frozenset({OrderStatus.CANCELLED, OrderStatus.DELIVERED}): "cancelled-and-delivered",
}

STATUS_RANK: Mapping[OrderStatus, int] = {status: rank for rank, status in enumerate(STATUS_ORDER)}
PAYMENT_RANK: Mapping[PaymentStatus, int] = {status: rank for rank, status in enumerate(PAYMENT_ORDER)}

# (what the order is, what an event asserts) → what the order is then.
NEXT: Mapping[tuple[OrderStatus, OrderStatus], OrderStatus] = {
    (now, said): max(now, said, key=STATUS_RANK.__getitem__) for now, said in product(STATUS_ORDER, repeat=2)
}
PAYMENT_NEXT: Mapping[tuple[PaymentStatus, PaymentStatus], PaymentStatus] = {
    (now, said): max(now, said, key=PAYMENT_RANK.__getitem__) for now, said in product(PAYMENT_ORDER, repeat=2)
}


def contradictions(reached: Iterable[OrderStatus]) -> set[str]:
    """The flags that a set of asserted statuses calls for."""
    known = frozenset(reached)
    return {flag for pair, flag in CONTRADICTIONS.items() if pair <= known}
