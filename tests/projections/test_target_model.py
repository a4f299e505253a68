"""One invariant: the target ends with the same document whatever the order of arrival.

The one allowed difference: an order known to be cancelled before it could be created is never created.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.decide import TargetSpec, decide
from projections.fold import fold
from projections.transform import transform_order
from streams.vocabulary import Command, CommandType, Order, OrderEvent, OrderStatus
from tests.projections.events import TARGETS, event_sets, histories

SPECS = tuple(TargetSpec(name, "external") for name in TARGETS)


class Target:
    """The API of seed 000 as far as it matters: remembers keys, creates what is new, replaces what it has."""

    def __init__(self) -> None:
        self.orders: dict[str, Any] = {}
        self.keys: set[str] = set()

    def take(self, command: Command) -> None:
        if command.id in self.keys:
            return
        self.keys.add(command.id)
        body = command.data["order"]
        assert (command.type is CommandType.CREATE_ORDER) == (body["external_order_id"] not in self.orders)
        self.orders[body["external_order_id"]] = body


def deliver(history: list[OrderEvent]) -> tuple[Order, dict[str, Target]]:
    """The history through fold and decide, each command twice to its target, as after a crash."""
    order: Order | None = None
    targets = {name: Target() for name in TARGETS}
    for event in history:
        before = order
        order = fold(order, event)
        if order is before:
            continue
        order, commands = decide(order, SPECS, event)
        for command in commands:
            targets[command.target].take(command)
            targets[command.target].take(command)
    assert order is not None
    return order, targets


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_target_ends_with_what_the_order_says(data: st.DataObject) -> None:
    """Late, repeated and reordered webhooks must not leave a target with an old or a missing order."""
    events = data.draw(event_sets(deliveries=False))
    order, targets = deliver(data.draw(histories(events)))
    can_be = order.bookkeeping.placed and order.total is not None
    for target in targets.values():
        if order.key in target.orders:
            assert target.orders == {order.key: transform_order(order)}
        elif can_be:
            assert OrderStatus.CANCELLED in order.bookkeeping.reached


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_two_orders_of_arrival_leave_a_target_in_the_same_place(data: st.DataObject) -> None:
    """The same, said of two histories of one set of events."""
    events = data.draw(event_sets(deliveries=False))
    (order, one), (_, two) = (deliver(data.draw(histories(events))) for _ in range(2))
    if OrderStatus.CANCELLED in order.bookkeeping.reached:
        return
    assert [target.orders for target in one.values()] == [target.orders for target in two.values()]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_outcomes_in_between_change_no_command(data: st.DataObject) -> None:
    """An outcome that made a command would answer itself for ever."""
    history = data.draw(event_sets().flatmap(histories))
    without = [event for event in history if event.delivery is None]
    if without:
        sent, expected = deliver(history)[1], deliver(without)[1]
        assert [target.keys for target in sent.values()] == [target.keys for target in expected.values()]
