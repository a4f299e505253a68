"""One invariant: CommerceOS ends with the same order whatever the order of arrival, of webhooks and of its answers.

Allowed differences: what is known to be cancelled is never created, or left unapproved, or cancelled; what changes
after approval is a dead letter that says so; where the platform tells first that all is paid and later what exactly,
that may be recorded as one payment or as several.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.commerceos.rules import Rules
from streams.vocabulary import CommandType, OrderEvent, OrderStatus
from tests.projections.commerceos_events import CANCELLED, MORE, PAID, PLACED, REFUND, SPLIT, VOIDED
from tests.projections.commerceos_world import World, is_for_a_person
from tests.projections.events import histories

MAPPINGS = st.fixed_dictionaries(
    {},
    optional={
        "approve_when": st.sampled_from(["paid", "placed", "confirmed"]),
        "shipments": st.sampled_from(["action", "shipment_order", "theirs"]),
        "payment_orders": st.sampled_from(["never", "several_sellers"]),
    },
)
MOVES = ("deliver", "hear", "echo", "discard")


def arrived(data: st.DataObject, events: list[OrderEvent], mapping: dict[str, Any]) -> World:
    """The events in any order, with repeats; between them any of what CommerceOS does and shows."""
    world = World(mapping)
    for event in data.draw(histories(events)):
        world.take(event)
        for move in data.draw(st.lists(st.sampled_from(MOVES), max_size=4)):
            getattr(world, move)()
    world.settle()
    return world


def paid(world: World) -> tuple[set[str], set[str]]:
    """The transactions that took money, and those that gave it back; payment orders among them."""
    assert world.theirs is not None
    ids = {*world.payments(), *(id for each in world.store.payment_orders for id in each.identifiers.values())}
    ids |= {
        str(each.data["payment"]["transaction_id"])
        for each in world.dead
        if is_for_a_person(each) and each.type is CommandType.CREATE_PAYMENT
    }
    return {id for id in ids if not id.endswith("rf-1")}, {id for id in ids if id.endswith("rf-1")}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_two_orders_of_arrival_leave_commerceos_in_the_same_place(data: st.DataObject) -> None:
    """Webhooks overtake each other and answers come when they come; what is there in the end must not depend on it."""
    mapping = data.draw(MAPPINGS)
    events = [PLACED, *data.draw(st.lists(st.sampled_from(MORE), unique_by=id, max_size=6))]
    one, two = (arrived(data, events, mapping) for _ in range(2))
    for world in (one, two):
        assert world.wrong == []
        assert all(is_for_a_person(command) for command in world.dead)
        transactions = [each.data["payment"]["transaction_id"] for each in world.commands if "payment" in each.data]
        assert len(transactions) == len(set(transactions))
        if CANCELLED in events:
            assert world.statuses() in ([], ["New"], ["Cancelled"])
    if CANCELLED in events:
        return
    assert (one.statuses(), one.shipments()) == (two.statuses(), two.shipments())
    assert (one.theirs is None) == (two.theirs is None)
    (taken, back), (also_taken, also_back) = paid(one), paid(two)
    assert back == also_back == ({"shop:1:rf-1"} if REFUND in events else set())
    for found in (taken, also_taken):
        assert found in expected(events)
    if not one.dead and not two.dead and one.theirs and two.theirs:
        assert one.theirs.delivery_address == two.theirs.delivery_address
        assert one.theirs.invoice_address == two.theirs.invoice_address


def expected(events: list[OrderEvent]) -> list[set[str]]:
    """The transactions that may be recorded: never an attempt, never both the whole and its parts."""
    whole, parts = {"shop:1:paid"}, {"pi-1", "gc-1"}
    if SPLIT in events:
        left = [parts, {"gc-1"}] if VOIDED in events else [parts]
        return [*left, whole] if PAID in events or REFUND in events else left
    return [whole] if PAID in events or REFUND in events else [set()]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), is_late=st.booleans())
def test_what_is_out_of_stock_has_no_command_after_it(data: st.DataObject, is_late: bool) -> None:
    """A refusal is for good: what would follow it could only fail, and the order is cancelled where it came from.

    `is_late`: the stock is asked for only as the order is approved.
    """
    world = World({"approve_when": "placed"}, stock=1)
    world.store.rules = Rules(checks_stock_on_create=not is_late)
    events = [PLACED, *data.draw(st.lists(st.sampled_from(MORE), unique_by=id, max_size=4))]
    for event in data.draw(histories(events)):
        world.take(event)
        for move in data.draw(st.lists(st.sampled_from(MOVES), max_size=4)):
            getattr(world, move)()
    world.settle()
    assert (world.wrong, world.dead) == ([], [])
    if not is_late:
        assert set(world.types) <= {CommandType.CREATE_ORDER}
    assert world.types.count(CommandType.APPROVE_ORDER) <= 1
    assert not {CommandType.CANCEL_ORDER, CommandType.CREATE_SHIPMENT, CommandType.RELEASE_SHIPMENT} & set(world.types)
    if world.types and CANCELLED not in events:
        assert OrderStatus.CANCELLED is world.order.status
        assert "out-of-stock" in world.order.flags
