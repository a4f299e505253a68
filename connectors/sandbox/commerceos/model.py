"""The things that there are. Amounts and quantities are exact decimals; `key`: the database key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

Identifiers = dict[str, str]
ZERO = Decimal(0)


class Status(StrEnum):
    """Of an order's item. An order has those of its items, each once."""

    NEW = "New"
    UNRESERVED = "Unreserved"
    RESERVED = "Reserved"
    COMMITTED = "Committed"
    FULFILLED = "Fulfilled"
    CANCELLED = "Cancelled"


class Stage(StrEnum):
    """Of a unit in a shipment; each only after the one before."""

    NEW = "New"
    RELEASED = "Released"
    TRANSITING = "Transiting"
    ACQUIRED = "Acquired"


STAGES = tuple(Stage)


@dataclass(slots=True)
class Product:
    """`price`: with VAT; None: it has none. `stock`: None: never short. `held`: of it, reserved, committed or gone."""

    identifiers: Identifiers
    price: Decimal | None
    vat_percent: Decimal
    stock: Decimal | None
    kind: str | None
    held: Decimal = ZERO


@dataclass(slots=True)
class Item:
    """`unit_amount`: a manual price without VAT. `is_held`: its quantity is held of the product's stock."""

    product: Product
    quantity: Decimal
    instances: tuple[dict[str, str], ...] | None
    unit_amount: Decimal | None
    reserved_until: datetime | None
    status: Status = Status.NEW
    is_held: bool = False

    @property
    def price(self) -> Decimal | None:
        """Of one, with VAT."""
        if self.unit_amount is None:
            return self.product.price
        return self.unit_amount * (100 + self.product.vat_percent) / 100

    @property
    def total(self) -> Decimal | None:
        return None if self.price is None else self.price * self.quantity


@dataclass(slots=True)
class Payment:
    transaction_id: str
    timestamp: datetime
    method: Identifiers
    currency: Identifiers
    amount: Decimal
    order_key: str


@dataclass(slots=True)
class PaymentOrder:
    key: str
    identifiers: Identifiers
    timestamp: datetime
    amount: Decimal
    currency: Identifiers
    method: Identifiers
    payer: Identifiers
    payee: Identifiers


@dataclass(slots=True)
class ShipmentLine:
    """`units`: how many are at which stage. `item`: of the order, where it belongs to one."""

    product: Product
    units: dict[Stage, Decimal]
    item: Item | None = None

    @property
    def quantity(self) -> Decimal:
        return sum(self.units.values(), ZERO)

    def before(self, stage: Stage) -> Decimal:
        """How many units have not come so far."""
        return sum((self.units.get(each, ZERO) for each in STAGES[: STAGES.index(stage)]), ZERO)

    def advance(self, to: Stage, quantity: Decimal) -> None:
        """Moves up to so many units there, those that are least far first."""
        for stage in STAGES[: STAGES.index(to)]:
            moved = min(quantity, self.units.get(stage, ZERO))
            if moved:
                self.units[stage] -= moved
                self.units[to] = self.units.get(to, ZERO) + moved
                quantity -= moved


@dataclass(slots=True)
class Shipment:
    """`records`: what became of it, in order."""

    key: str
    identifiers: Identifiers
    timestamp: datetime
    lines: list[ShipmentLine]
    shipper: Identifiers
    recipient: Identifiers
    order: "Order | None" = None
    tracking_url: str | None = None
    records: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The stage that all units have reached; `Partially…` the next one, where some are further than others."""
        reached = [stage for stage in STAGES if any(line.units.get(stage) for line in self.lines)]
        if len(reached) == 1:
            return reached[0].value
        return f"Partially{STAGES[STAGES.index(reached[0]) + 1].value}"

    @property
    def is_untouched(self) -> bool:
        return self.status == Stage.NEW


@dataclass(slots=True)
class Order:
    """`stated`: what it was created with, to know a repeat by."""

    key: str
    identifiers: Identifiers
    timestamp: datetime
    supplier: Identifiers
    customer: Identifiers
    sellers: tuple[Identifiers, ...]
    currency: Identifiers
    items: tuple[Item, ...]
    reserved_until: datetime | None
    stated: bytes
    delivery_address: dict[str, str] | None = None
    invoice_address: dict[str, str] | None = None
    payments: list[Payment] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)

    @property
    def statuses(self) -> tuple[Status, ...]:
        found = {item.status for item in self.items}
        return tuple(status for status in Status if status in found)

    @property
    def total(self) -> Decimal | None:
        totals = [item.total for item in self.items]
        return None if None in totals else sum((each for each in totals if each is not None), ZERO)

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), ZERO)

    def is_all(self, *statuses: Status) -> bool:
        return all(item.status in statuses for item in self.items)

    def shipped(self, item: Item) -> Mapping[Stage, Decimal]:
        """How many units of an item are at which stage of its shipments."""
        found = dict.fromkeys(STAGES, ZERO)
        for line in (line for shipment in self.shipments for line in shipment.lines if line.item is item):
            for stage, quantity in line.units.items():
                found[stage] += quantity
        return found

    def unshipped(self, item: Item) -> Decimal:
        return item.quantity - sum(self.shipped(item).values(), ZERO)
