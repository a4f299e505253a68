"""Orders as the fold leaves them, with what a target was told of them, and the commands that told it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from projections.commerceos import APPROVE, CANCEL, CREATE, PAYMENT, RELEASE, SHIPMENT, WHOLE_PAYMENT
from projections.commerceos_view import UPDATE
from streams import topics
from streams.vocabulary import Command, CommandType, Order, OrderStatus, Payment, PaymentStatus, TargetState
from streams.vocabulary.order import Bookkeeping, Step
from tests.connectors.status.harness import Site
from tests.kafka import produce

HOUR = timedelta(hours=1)
TYPES = {
    CREATE: CommandType.CREATE_ORDER,
    UPDATE: CommandType.UPDATE_ORDER,
    PAYMENT: CommandType.CREATE_PAYMENT,
    WHOLE_PAYMENT: CommandType.CREATE_PAYMENT,
    APPROVE: CommandType.APPROVE_ORDER,
    CANCEL: CommandType.CANCEL_ORDER,
    SHIPMENT: CommandType.CREATE_SHIPMENT,
    RELEASE: CommandType.RELEASE_SHIPMENT,
}


@dataclass
class Made:
    """One order of ours. `steps`: what was commanded, and what became of it; `paid`: transaction id → amount."""

    target: str
    source: str
    number: int
    steps: dict[str, str]
    paid: dict[str, str] = field(default_factory=dict)
    said: tuple[OrderStatus, ...] = ()
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC) - HOUR)

    @property
    def key(self) -> str:
        return f"{self.source}:{self.number}"

    def id(self, step: str) -> str:
        return f"{self.key}-{step}"

    @property
    def order(self) -> Order:
        voices: dict[str, tuple[str, ...]] = {str(word): (self.source,) for word in self.said}
        if self.paid:
            voices |= {"paid": (self.source,)} | {f"payment:{id}": (self.source,) for id in self.paid}
        steps = {
            name: Step(id=self.id(name), type=_type(name), states="s", status=status)
            for name, status in self.steps.items()
        }
        return Order(
            key=self.key,
            source=self.source,
            platform="selldone",
            status=self.said[-1] if self.said else OrderStatus.PENDING,
            payment_status=PaymentStatus.PAID if self.paid else PaymentStatus.UNPAID,
            payments=tuple(Payment(id=id, amount=Decimal(amount), currency="SEK") for id, amount in self.paid.items()),
            currency="SEK",
            placed_at=datetime.now(UTC) - HOUR,
            targets={self.target: TargetState(status="delivered", updated_at=self.changed_at)},
            bookkeeping=Bookkeeping(steps={self.target: steps}, voices=voices, placed=True),
        )

    @property
    def commands(self) -> list[Command]:
        return [
            Command(
                id=self.id(name),
                type=_type(name),
                target=self.target,
                order_key=self.key,
                data=self._data(name),
                caused_by="e-1",
                created_at=datetime.now(UTC),
            )
            for name, status in self.steps.items()
            if status == "delivered"
        ]

    def _data(self, step: str) -> dict[str, Any]:
        if step == CREATE:
            return {
                "order": {
                    "order_id": self.key,
                    "channel": self.source,
                    "supplier": {"company": "ACME-RETAIL"},
                    "customer": {"customer": "CUST-1"},
                    "sellers": [{"store": "WAREHOUSE-MAIN"}],
                    "currency": "SEK",
                    "items": [{"sku": "WIDGET-001", "quantity": "2"}],
                }
            }
        if step.startswith(PAYMENT):
            id = step.removeprefix(PAYMENT)
            about = {"transaction_id": id, "timestamp": "2026-11-21T12:00:00Z", "method": "card", "currency": "SEK"}
            return {"payment": {"as": "action", "amount": self.paid[id], **about}}
        return {"shipment": {"as": "action"}} if step == SHIPMENT else {}


def made(site: Site, number: int, *steps: str, became: str = "delivered", **given: Any) -> Made:
    """`steps` in the order in which they were commanded; the payments are among them by their ids."""
    return Made(site.name, site.source, number, dict.fromkeys(steps, became), **given)


async def tell(site: Site, orders: list[Made]) -> None:
    """Our side: their states."""
    records = [(each.key.encode(), each.order.to_json()) for each in orders]
    await asyncio.to_thread(produce, site.bootstrap, topics.STATE, records)


async def command(site: Site, orders: list[Made]) -> None:
    """What the target was told, as it was decided."""
    records = [(each.key.encode(), command.to_json()) for each in orders for command in each.commands]
    await asyncio.to_thread(produce, site.bootstrap, topics.commands(site.name), records)


def _type(step: str) -> CommandType:
    return TYPES[PAYMENT if step.startswith(PAYMENT) else step]
