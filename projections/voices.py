"""Who said what of an order. Pure.

A target is told what others say, and not what it said itself: a warehouse's own `shipped` must not come back to it as a
command, nor a shop's own update as news (seed 000's echo).
"""

from collections.abc import Collection, Mapping

from projections import lattice
from streams.vocabulary import OrderEvent, OrderStatus, PaymentStatus

Voices = Mapping[str, tuple[str, ...]]
Word = OrderStatus | PaymentStatus


def with_voice(voices: Voices, event: OrderEvent) -> dict[str, tuple[str, ...]]:
    """Word → who said it, after `event`. Grows only, and is bounded by the configured names."""
    who = event.source if event.delivery is None else event.delivery.target
    data = event.data
    said = (
        *lattice.asserted(event.type, data.status),
        *lattice.payment_asserted(event.type, data.payment_status),
    )
    if all(who in voices.get(word, ()) for word in said):
        return dict(voices)
    added = {word.value: tuple(sorted({*voices.get(word, ()), who})) for word in said}
    return dict(sorted({**voices, **added}.items()))


def is_said_by_others(voices: Voices, words: Collection[Word], own: Collection[str]) -> bool:
    """Whether anyone but `own` said one of the words."""
    return any(who not in own for word in words for who in voices.get(word, ()))


def is_said_by(voices: Voices, words: Collection[Word], own: Collection[str]) -> bool:
    """Whether one of `own` said one of the words."""
    return any(who in own for word in words for who in voices.get(word, ()))
