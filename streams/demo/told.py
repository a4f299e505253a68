"""What raw records tell of orders: the words in which the demo's second opinion is written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

# The platform's time (µs since the epoch, or any count that grows) and, for events of one time, which comes first.
At = tuple[int, int]
ALWAYS: At = (0, 0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A raw record as the platform sent it, or as its API answered (`is_fetched`)."""

    source: str
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    is_fetched: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What of an order's record at the target can be known from its webhooks alone."""

    total: Decimal
    currency: str | None
    items: tuple[tuple[Decimal, Decimal], ...]  # quantity, unit price; sorted
    email: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What one webhook, or one item of a batch, tells of one order.

    `body` is None where it says nothing of what was bought. `held`: product key → how many pieces, where the order
    moves stock.
    """

    order_key: str
    at: At = ALWAYS
    is_placing: bool = False
    is_cancelling: bool = False
    body: Body | None = None
    held: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one raw record tells. `is_bad`: it, or an item of it, cannot be read and must be set aside."""

    told: Sequence[Told] = ()
    is_bad: bool = False
