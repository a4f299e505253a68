"""An order as the target shows it: its words, payments, total and shipments. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.status.snapshot import Snapshot
from connectors.targets.commerceos.statuses import CANCELLED, COMMITTED, UNAPPROVED, UNRELEASED
from streams.platforms.commerceos.words import words
from streams.platforms.fields import Object, children, identifier
from streams.vocabulary.base import EXACT, parse_money


@dataclass(frozen=True, slots=True)
class Shown:
    """`payments`: transaction id → amount, the sum where one id is shown twice; `unnamed`: those without an id.

    `unshipped`: how many committed units are in no shipment, where the items tell.
    """

    id: str
    at: datetime
    words: tuple[str, ...]
    total: Decimal | None
    payments: Mapping[str, Decimal]
    unnamed: Sequence[Decimal]
    shipments: Sequence[tuple[str, ...]]
    unshipped: Decimal = Decimal(0)

    @property
    def status(self) -> str:
        return ", ".join(self.words) or "?"

    @property
    def is_cancelled(self) -> bool:
        return self.words == (CANCELLED,)

    @property
    def is_unapproved(self) -> bool:
        """Every line of it still is."""
        return bool(self.words) and UNAPPROVED.issuperset(self.words)

    @property
    def is_released(self) -> bool:
        """There is a shipment, and nothing of any is still to be released."""
        return bool(self.shipments) and all(said and UNRELEASED.isdisjoint(said) for said in self.shipments)

    @property
    def paid(self) -> Decimal:
        total = Decimal(0)
        for amount in (*self.payments.values(), *self.unnamed):
            total = EXACT.add(total, amount)
        return total


def shown(snapshot: Snapshot) -> Shown:
    """An amount that is none counts as nothing: what is compared is what the API says it has."""
    order = snapshot.order
    payments: dict[str, Decimal] = {}
    unnamed: list[Decimal] = []
    for each in children(order, "payments") or ():
        id, amount = identifier(each.get("transactionId")), _amount(each.get("amount")) or Decimal(0)
        if id is None:
            unnamed.append(amount)
        else:
            payments[id] = EXACT.add(payments.get(id, Decimal(0)), amount)
    return Shown(
        id=snapshot.id,
        at=snapshot.at,
        words=words(order.get("status")),
        total=_amount(order.get("totalAmount")),
        payments=payments,
        unnamed=unnamed,
        shipments=[words(each.get("status")) for each in children(order, "shipments") or ()],
        unshipped=_unshipped(order),
    )


def _unshipped(order: Object) -> Decimal:
    """An item counts its units by where they are; in a shipment they are no longer at its own status (seed 002)."""
    total = Decimal(0)
    details = (each for item in children(order, "items") or () for each in children(item, "statusDetails") or ())
    for each in details:
        if words(each.get("status")) == (COMMITTED,):
            total = EXACT.add(total, _amount(each.get("quantity")) or Decimal(0))
    return total


def _amount(value: Any) -> Decimal | None:
    try:
        return parse_money(value)
    except ValueError:
        return None
