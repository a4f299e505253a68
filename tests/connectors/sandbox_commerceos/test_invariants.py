"""Whatever commands come in whatever order, stock and money add up, and what is refused changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.commerceos import shipments
from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.model import ZERO, Order, Stage, Status
from connectors.sandbox.commerceos.refusal import Refused
from connectors.sandbox.commerceos.routes import Routes
from connectors.sandbox.commerceos.store import Store
from tests.connectors.sandbox_commerceos.shop import address, item, order, payment, product

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
STOCK = 5
HOLDING = (Status.RESERVED, Status.COMMITTED, Status.FULFILLED)
ACTIONS: list[dict[str, Any]] = [
    {"tryApprove": True},
    {"tryCancel": True},
    {"createShipment": True},
    {"changeDeliveryAddress": address()},
    *({"createPayment": payment(id, amount)} for id, amount in (("A", "100.00"), ("B", "397.50"), ("B", "-1.00"))),
]
IDS = st.sampled_from(("O-1", "O-2", "O-3"))
PUT = st.tuples(st.just("put"), IDS, st.integers(0, 2))
ACT = st.tuples(st.just("act"), IDS, st.integers(0, len(ACTIONS) - 1))
MOVE = st.tuples(st.just("move"), IDS, st.integers(1, 3))
WAIT = st.tuples(st.just("wait"), IDS, st.integers(1, 2))


class World:
    """The paths without the network, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START
        self.store = Store(lambda: self.at)
        self.store.products.put(product("WIDGET-001", stock=STOCK))
        self.routes = Routes(self.store)

    def command(self, kind: str, id: str, number: int) -> None:
        """Raises `Refused`."""
        path = f"/v1/trade-orders/com.acme.order-id={id}"
        if kind == "put":
            changes = {} if number == 0 else {"reservedUntil": (START + timedelta(hours=number)).isoformat()}
            body = order(id, items=[item("WIDGET-001", quantity=2), item("WIDGET-001", quantity=1)], **changes)
            self.routes.reply(Call("PUT", path, orjson.dumps(body)))
        elif kind == "act":
            self.routes.reply(Call("PATCH", f"{path}/actions", orjson.dumps(ACTIONS[number])))
        elif kind == "wait":
            self.at += timedelta(minutes=40 * number)
        else:
            found = self.store.orders.get(f"com.acme.order-id={id}")
            for shipment in found.shipments:
                shipments.move(self.store, shipment, tuple(Stage)[number], None)

    def seen(self) -> bytes:
        return orjson.dumps([snapshot(each) for each in self.store.orders])


def snapshot(found: Order) -> list[Any]:
    return [
        *(found.key, found.identifiers, found.statuses, found.delivery_address),
        [[each.transaction_id, str(each.amount)] for each in found.payments],
        [[each.key, each.status] for each in found.shipments],
        [[each.is_held, each.reserved_until] for each in found.items],
    ]


def gone(found: Order) -> Any:
    """Of a cancelled order: what had left before."""
    left = [found.shipped(each) for each in found.items if each.status is Status.CANCELLED]
    return sum((sum(each.values()) - each[Stage.NEW] for each in left), ZERO)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PUT, ACT, ACT, MOVE, WAIT), max_size=40))
def test_stock_and_money_add_up_after_any_commands(commands: list[tuple[str, str, int]]) -> None:
    """A stand-in that leaks stock or doubles money would accuse whoever is tested against it."""
    world = World()
    for command in commands:
        world.store.lapse()
        before = world.seen()
        try:
            world.command(*command)
        except Refused:
            assert world.seen() == before
        orders = list(world.store.orders)
        (widget,) = world.store.products
        held = sum((each.quantity for found in orders for each in found.items if each.is_held), ZERO)
        assert widget.held == held + sum(map(gone, orders), ZERO)
        assert widget.held <= STOCK
        assert sorted(world.store.payments) == sorted(
            each.transaction_id for found in orders for each in found.payments
        )
        for found in orders:
            assert all(found.unshipped(each) >= 0 for each in found.items)
            assert all(each.is_held == (each.status in HOLDING) for each in found.items)
            assert len(found.shipments) <= 1
