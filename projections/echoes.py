"""What a shop says of an order after it was told so: our own word come back, and no news to another target. Pure.

Seed 000: a status that is written makes the shop send its ping as any other change does. Taken for the shop's own word,
what CommerceOS said of one parcel would come back to it by the shop, and release the next.
"""

from projections.lattice import SENT
from projections.steps import is_commanded
from projections.voices import Voices, voices_of
from streams.vocabulary import Order

# As a step of a shop's ledger: it was told that the order is on its way.
DONE = "done"


def voices_without_echo(order: Order) -> Voices:
    """Who says what, without the shop for what it was told. What it said before, it was not told."""
    voices = voices_of(order)
    if not any(is_commanded(ledger, DONE) for ledger in order.bookkeeping.steps.values()):
        return voices
    others = {word.value: tuple(who for who in voices[word] if who != order.source) for word in SENT if word in voices}
    return {**voices, **others}
