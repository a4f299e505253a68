"""What raw records tell of orders: the words in which the demo's second opinion is written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

# The platform's time (µs since the epoch, or any count that grows) and, for events of one time, which comes first.
At = tuple[int, int]
ALWAYS: At = (0, 0)
# How far an order has come, and its money: what is said later in these lists outranks what is said earlier.
WALK = ("pending", "confirmed", "processing", "released", "shipped", "delivered", "cancelled", "returned")
MONEY = ("unpaid", "on_delivery", "paid")


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
    moves stock. `status`, `money`: how far the order has come by it. `tracking`: numbers and addresses of parcels.
    `payments`: transaction id → amount. `street`: where it is to be sent. `pieces`: SKU → how many are bought.
    """

    order_key: str
    at: At = ALWAYS
    is_placing: bool = False
    status: str = WALK[0]
    money: str = MONEY[0]
    tracking: frozenset[str] = frozenset()
    body: Body | None = None
    held: Mapping[str, Decimal] | None = None
    payments: Mapping[str, Decimal] = field(default_factory=dict)
    street: str | None = None
    pieces: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def is_cancelling(self) -> bool:
        return self.status == "cancelled"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one raw record tells. `is_bad`: it, or an item of it, cannot be read and must be set aside."""

    told: Sequence[Told] = ()
    is_bad: bool = False
