"""Who said what of an order. Pure.

A target is told what others say, and not what it said itself: a warehouse's own `shipped` must not come back to it as a
command, nor a shop's own update as news (seed 000's echo), nor a payment that is recorded there.
"""

from collections.abc import Collection, Mapping

from projections import lattice
from projections.parcels import together
from streams.vocabulary import Order, OrderEvent, OrderStatus, PaymentStatus

Voices = Mapping[str, tuple[str, ...]]
Word = OrderStatus | PaymentStatus
# Before the id of a payment that somebody told of.
PAYMENT = "payment:"


def with_voice(voices: Voices, event: OrderEvent) -> Voices:
    """Word → who said it, after `event`. Grows only, and is bounded by the configured names and the payments."""
    who = event.source if event.delivery is None else event.delivery.target
    data = event.data
    said: tuple[str, ...] = (
        *lattice.asserted(event),
        *lattice.payment_asserted(event.type, data.payment_status),
    )
    if data.payments:
        said += tuple(PAYMENT + known_as(event.order_key, payment.id) for payment in data.payments)
    if all(who in voices.get(word, ()) for word in said):
        return voices
    added = {str(word): tuple(sorted({*voices.get(word, ()), who})) for word in said}
    return dict(sorted({**voices, **added}.items()))


def voices_of(order: Order) -> Voices:
    """Word → who says it: of the order, once and for all, and with its parcels, as those are now."""
    book = order.bookkeeping
    word = together(book.parcels, order.shipments, order.fulfilment or ())
    if word is None:
        return book.voices
    pushed = {who for told in book.parcels.values() for who in told}
    return {**book.voices, word: tuple(sorted(pushed.union(book.voices.get(word, ()))))}


def is_said_by_others(voices: Voices, words: Collection[Word], own: Collection[str]) -> bool:
    """Whether anyone but `own` said one of the words."""
    return any(who not in own for word in words for who in voices.get(word, ()))


def is_said_by(voices: Voices, words: Collection[Word], own: Collection[str]) -> bool:
    """Whether one of `own` said one of the words."""
    return any(who in own for word in words for who in voices.get(word, ()))


def is_paid_to_others(voices: Voices, payment_id: str, own: Collection[str]) -> bool:
    """Whether anyone but `own` told of the payment."""
    told = voices.get(PAYMENT + payment_id)
    return told is None or any(who not in own for who in told)


def scoped(order_key: str, payment_id: str) -> str:
    """A transaction id of our own making, which no other order has."""
    return f"{order_key}:{payment_id}"


def known_as(order_key: str, transaction_id: str) -> str:
    """The payment that a transaction id is of: one that we wrote as `scoped` comes back so."""
    return transaction_id.removeprefix(f"{order_key}:")
