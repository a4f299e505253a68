"""Everything there is."""

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.sandbox.commerceos.create import Draft
from connectors.sandbox.commerceos.model import Order, Payment, PaymentOrder, Shipment, Status
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.shelf import Shelf
from connectors.sandbox.commerceos.stock import Catalogue, check, give_back, hold

PAYMENT_METHODS: Mapping[str, str] = {
    "com.heads.card": "Credit/debit card",
    "com.heads.cash": "Cash payment",
    "com.heads.store-credit": "Store credit",
    "com.heads.wolt": "Wolt payment",
    "com.heads.klarna.ecommerce": "Klarna e-commerce",
}


class Store:
    """`now`: the clock of timestamps and reservations."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now, self.rules, self.products = now, Rules(), Catalogue()
        self.methods: dict[str, str] = dict(PAYMENT_METHODS)
        self.orders, self.shipments = Shelf[Order]("TO"), Shelf[Shipment]("SO")
        self.payment_orders = Shelf[PaymentOrder]("PO")
        self.payments: dict[str, Payment] = {}
        self._reservations: list[tuple[datetime, str]] = []

    def put_order(self, namespace: str, id: str, new: Draft) -> tuple[Order, str]:
        """The order, and whether it was `created`, `updated` or is `unchanged`. Raises `Refused`."""
        known = self.orders.find(f"{namespace}={id}")
        if known is not None:
            return known, self._update(known, new)
        if self.rules.checks_stock_on_create:
            check(new.items)
        order = Order(
            *(self.orders.new_key(), new.identifiers, self.now(), new.supplier, new.customer, new.sellers),
            *(new.currency, new.items, None, new.stated),
        )
        self._reserve(order, new)
        self.orders.add(order, [(namespace, id)])
        return order, "created"

    def lapse(self) -> None:
        """Ends the reservations whose time is over: the stock goes back. Ask before anything else."""
        now = self.now()
        while self._reservations and self._reservations[0][0] <= now:
            order = self.orders.get(heapq.heappop(self._reservations)[1])
            for item in order.items:
                if item.status is Status.RESERVED and item.reserved_until is not None and item.reserved_until <= now:
                    give_back(item, item.quantity)
                    item.status = Status.UNRESERVED

    def _update(self, order: Order, new: Draft) -> str:
        """Identifiers and the reservation may change; all else is for ever (the vendor's field reference)."""
        if new.stated != order.stated:
            raise invalid("OrderImmutable", "what an order was created with cannot be changed: cancel it, make another")
        is_changed = bool(new.identifiers.items() - order.identifiers.items())
        if new.reserved_until is not None and new.reserved_until != order.reserved_until:
            self._may_reserve(order)
            self._reserve(order, new)
            is_changed = True
        order.identifiers |= new.identifiers
        return "updated" if is_changed else "unchanged"

    def _may_reserve(self, order: Order) -> None:
        if not order.is_all(Status.NEW, Status.RESERVED, Status.UNRESERVED):
            raise Refused(Why.ORDER, "OrderNotReservable", f"the order is {', '.join(order.statuses)}", "reservedUntil")

    def _reserve(self, order: Order, new: Draft) -> None:
        """Holds the stock of every item whose reservation is still to end. Raises `Refused`, with nothing done."""
        now = self.now()
        pairs = list(zip(order.items, new.items, strict=True))
        reserved = [
            (item, wish.reserved_until) for item, wish in pairs if wish.reserved_until and wish.reserved_until > now
        ]
        check([item for item, _ in reserved])
        hold(item for item, _ in reserved)
        order.reserved_until = new.reserved_until or order.reserved_until
        for item, until in reserved:
            item.status, item.reserved_until = Status.RESERVED, until
            assert until is not None
            heapq.heappush(self._reservations, (until, order.key))
