"""Orders that are reserved for a while, and paid or changed after it: CommerceOS takes neither approval nor address of
what is `Unreserved`, so they are reserved anew first."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.commerceos.rules import Rules
from streams.vocabulary import CommandType, EventType, OrderStatus
from tests.projections.commerceos_events import BILLED, CANCELLED, LINES, MOVED, PAID, PLACED, REFUND, SPLIT, placed
from tests.projections.commerceos_world import World, is_for_a_person, said
from tests.projections.events import histories

RESERVED = {"reserve_s": 300}
MOVES = ("deliver", "hear", "echo", "wait")


def lapsed(mapping: dict[str, Any] | None = None, stock: int | None = None) -> World:
    """Made, reserved, and its time is over."""
    world = World({**RESERVED, **(mapping or {})}, stock).run(PLACED)
    assert world.statuses() == ["Reserved"]
    world.wait()
    assert world.statuses() == ["Unreserved"]
    return world


def test_order_that_is_paid_after_its_reservation_is_over_is_reserved_anew_and_approved() -> None:
    """An hour for the stock, and a day for the invoice: it would never be sent."""
    world = lapsed(stock=5).run(PAID)
    assert (world.dead, world.statuses(), world.payments()) == ([], ["Committed"], {"shop:1:paid": "125"})


def test_address_that_changes_after_the_reservation_is_over_is_changed() -> None:
    """It is counted from the API's own clock, so that it holds however long the command has waited."""
    world = lapsed()
    world.take(MOVED, BILLED)
    world.wait()
    world.settle()
    assert world.theirs is not None
    assert world.theirs.delivery_address is not None
    assert (world.dead, world.statuses()) == ([], ["Reserved"])
    assert world.theirs.delivery_address["line1"] == "Lillgatan 2"
    assert world.theirs.invoice_address is not None


def test_order_that_cannot_be_reserved_anew_is_out_of_stock() -> None:
    """Another has bought it meanwhile: cancel, and tell where it came from."""
    world = lapsed(stock=2)
    for product in world.store.products:
        product.held = product.stock
    world.run(PAID)
    assert (world.dead, world.statuses(), world.order.status) == ([], ["Unreserved"], OrderStatus.CANCELLED)
    assert "out-of-stock" in world.order.flags


def test_address_of_an_order_that_cannot_be_reserved_anew_cancels_nothing() -> None:
    """Only an approval needs the stock; a person learns why the address stays."""
    world = lapsed(stock=2)
    for product in world.store.products:
        product.held = product.stock
    world.run(MOVED)
    assert [each.type for each in world.dead] == [CommandType.CHANGE_DELIVERY_ADDRESS]
    assert "reserved anew" in (world.order.targets["cos"].last_error or "")


def test_order_that_was_never_reserved_holds_no_document_for_it() -> None:
    """Commands stay as small as they were."""
    world = World().run(PLACED, PAID)
    assert world.data(CommandType.APPROVE_ORDER) == {}
    assert set(world.data(CommandType.CHANGE_DELIVERY_ADDRESS)) == {"address", "after_approval"}


@settings(max_examples=80, deadline=None)
@given(data=st.data(), is_stocked_late=st.booleans())
def test_lapse_at_any_time_leaves_the_order_approved_and_paid(data: st.DataObject, is_stocked_late: bool) -> None:
    """Before the approval, before an address, between deciding and sending, in any order of arrival."""
    world = World(RESERVED, stock=5)
    world.store.rules = Rules(checks_stock_on_create=not is_stocked_late)
    events = [PLACED, PAID, *data.draw(st.lists(st.sampled_from([MOVED, BILLED, SPLIT, REFUND]), unique_by=id))]
    for event in data.draw(histories(events)):
        world.take(event)
        for move in data.draw(st.lists(st.sampled_from(MOVES), max_size=4)):
            getattr(world, move)()
    world.settle()
    assert (world.wrong, world.statuses()) == ([], ["Committed"])
    assert all(is_for_a_person(command) for command in world.dead)
    assert world.types.count(CommandType.APPROVE_ORDER) == 1


def test_cancelled_order_is_not_reserved_anew() -> None:
    """Nobody wants the stock that it would hold."""
    world = lapsed().run(CANCELLED, PAID, said(EventType.CHANGED, 9, lines=LINES[:1]))
    assert world.statuses() == ["Unreserved"]


@pytest.mark.parametrize("named", [{"id": "CUST-1"}, None])
def test_buyer_who_became_known_meanwhile_is_a_dead_letter_that_says_what_to_do(named: dict[str, str] | None) -> None:
    """What an order was made with is for ever there, so the same order cannot be stated again."""
    world = World(RESERVED).run(placed(customer=named))
    world.wait()
    world.run(said(EventType.PAID, 3, customer={"id": "CUST-1"}))
    assert [each.type for each in world.dead] == ([] if named else [CommandType.APPROVE_ORDER])
    assert named or "cannot be reserved anew: HTTP 400 OrderImmutable" in (world.order.targets["cos"].last_error or "")
