"""`Order`: the one state of an order, and the bookkeeping that makes its fold independent of arrival order."""

from pydantic import Field

from streams.vocabulary.base import PII_TEXT, Money, Time, Whole
from streams.vocabulary.facts import Address, Fulfilment, Line, Payment, Person, Shipment
from streams.vocabulary.status import OrderStatus, PaymentStatus

# Source time in µs since 1970, rank, time of receipt in µs, event id: a total order, the same on every replay.
Clock = tuple[int, int, int, str]


class TargetState(Whole):
    """What one target has of this order. `ref`: its own id of the order.

    `status`: `pending`, `delivered`, `dead`, `refused`, or `discarded`: the last that ended was a dead letter that an
    operator let go, and nothing is under way.
    """

    status: str
    attempts: int = 0
    last_error: str | None = None
    ref: str | None = None
    updated_at: Time


class Commanded(Whole):
    """The last command that was decided for a target, and a digest of what it stated."""

    id: str
    type: str
    states: str


class Step(Whole):
    """One of the things that a target is to do for an order: the last command for it, and what that stated.

    `status`: `pending`, `dead`, `discarded`, `refused` or `delivered`.
    """

    id: str
    type: str
    states: str
    status: str


class Fetch(Whole):
    """The last fetch for one of the platform's words, and the event id of the ping that it is for.

    `status`: `pending`, `dead`, `discarded` or `delivered`.
    """

    id: str
    target: str
    ping: str
    status: str


class Bookkeeping(Whole):
    """How far the joins have come. Public because `orders.state` is its own changelog; not for consumers to rely on.

    `held`: the events that a present value came from, each with the names of the fields it holds. `seen`: applied
    events, newest last, bounded; `oldest`: of all events the earliest source time, µs since 1970.
    `reached` and `paid`: what events have asserted of the order and of its money. `voices`: by such a word, who said so
    (sources, and targets that refused). `parcels`: by the id of a shipment, the sources that spoke of it alone; what
    those say of the order is in none of the three (`projections.parcels`).
    `steps`: by target and step, see `projections.steps`.
    `pings` and `fetches`: by the platform's word, see `projections.fetches`.
    `taken`: how many of which product the order has taken from the stock, in `moves` movements; `taken_as`: by which
    SKU.
    """

    held: tuple[tuple[Clock, tuple[str, ...]], ...] = ()
    seen: tuple[Clock, ...] = ()
    reached: tuple[OrderStatus, ...] = ()
    paid: PaymentStatus = PaymentStatus.UNPAID
    placed: bool = False
    oldest: int | None = None
    voices: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    parcels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    commanded: dict[str, Commanded] = Field(default_factory=dict)
    steps: dict[str, dict[str, Step]] = Field(default_factory=dict)
    pings: dict[str, Clock] = Field(default_factory=dict)
    fetches: dict[str, Fetch] = Field(default_factory=dict)
    taken: dict[str, Money] = Field(default_factory=dict)
    taken_as: dict[str, str] = Field(default_factory=dict)
    moves: int = 0


class Order(Whole):
    """One order as its events leave it. `version` counts the events that were applied."""

    key: str
    source: str
    platform: str
    shop: str | None = None
    supplier: str | None = None
    order_id: str | None = None
    order_number: str | None = None
    status: OrderStatus = OrderStatus.PENDING
    payment_status: PaymentStatus = PaymentStatus.UNPAID
    currency: str | None = None
    total: Money | None = None
    subtotal: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    shipping_cost: Money | None = None
    lines: tuple[Line, ...] = ()
    customer: Person | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    fulfilment: tuple[Fulfilment, ...] | None = None
    targets: dict[str, TargetState] = Field(default_factory=dict)
    flags: tuple[str, ...] = ()
    version: int = 0
    placed_at: Time | None = None
    expected_at: Time | None = None
    updated_at: Time | None = None
    platform_status: str | None = None
    platform_delivery_state: str | None = None
    platform_type: str | None = None
    note: str | None = Field(default=None, json_schema_extra=PII_TEXT)
    cancel_reason: str | None = Field(default=None, json_schema_extra=PII_TEXT)
    bookkeeping: Bookkeeping = Field(default_factory=Bookkeeping)
