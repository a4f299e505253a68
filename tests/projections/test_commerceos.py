"""CommerceOS' steps, as seed 002 has its flows: what is commanded when, and what is there in the end, by its rules."""

from typing import Any

import pytest

from connectors.sandbox.commerceos import actions
from projections.commerceos import demands
from projections.fold import fold
from projections.spec import spec_of
from streams.vocabulary import CommandType, EventType, OrderEvent, OrderStatus
from tests.projections.commerceos_events import CANCELLED, LINES, MOVED, PACKED, PAID, PLACED, SENT, address, placed
from tests.projections.commerceos_world import World, said

BASIC = ["create_order", "change_delivery_address", "create_payment", "approve_order"]


def order_data(*events: OrderEvent, **mapping: Any) -> dict[str, Any]:
    document: dict[str, Any] = World(mapping).run(*events).data(CommandType.CREATE_ORDER)["order"]
    return document


def test_basic_order_is_created_paid_and_approved() -> None:
    """The guide's typical flow, 1 to 6."""
    world = World().run(PLACED, PAID)
    assert world.types == BASIC
    assert (world.statuses(), world.payments()) == (["Committed"], {"shop:1:paid": "125"})
    assert order_data(PLACED) == {
        "order_id": "shop:1",
        "channel": "shop",
        "supplier": {"company": "ACME-RETAIL"},
        "customer": {"customer": "CUST-1"},
        "sellers": [{"store": "WAREHOUSE-MAIN"}],
        "currency": "SEK",
        "items": [{"sku": "WIDGET", "quantity": "2"}, {"sku": "GADGET", "quantity": "1"}],
    }


def test_nothing_follows_before_the_order_is_there() -> None:
    """The creation may be refused, and what follows it in the queue would be sent all the same."""
    world = World()
    world.take(PLACED, PAID, PACKED, SENT)
    assert world.types == ["create_order"]
    world.deliver()
    assert world.types == ["create_order"]
    world.hear()
    assert world.types == BASIC


def test_order_that_is_shown_before_our_answer_came_is_there() -> None:
    """A status webhook may overtake the outcome of the command that made the order."""
    world = World()
    world.take(PLACED, PAID)
    world.deliver()
    world.echo()
    assert world.types == BASIC


def test_full_details_both_addresses_go_before_the_approval() -> None:
    """They are read-only on create, and frozen once it is approved."""
    world = World().run(PLACED, said(EventType.CHANGED, 1, billing_address=address("Fakturagatan 456")), PAID)
    assert world.theirs is not None and world.theirs.delivery_address and world.theirs.invoice_address
    assert world.theirs.delivery_address["line1"] == "Storgatan 1"
    assert world.theirs.invoice_address["line1"] == "Fakturagatan 456"
    assert world.statuses() == ["Committed"]


def test_address_that_changes_before_the_approval_is_sent_again() -> None:
    """The parcel goes where the buyer said last."""
    world = World().run(PLACED, MOVED, PAID)
    assert world.types.count("change_delivery_address") == 2
    assert world.theirs and world.theirs.delivery_address and world.theirs.delivery_address["line1"] == "Lillgatan 2"


@pytest.mark.parametrize("is_ours", [True, False])
def test_change_after_the_approval_says_that_it_comes_too_late(is_ours: bool) -> None:
    """Only a person can change it there: the dead letter must say why. `is_ours`: or somebody approved it there."""
    world = World().run(PLACED, *([PAID] if is_ours else []))
    if not is_ours:
        assert world.theirs is not None
        assert actions.act(world.store, world.theirs, {"tryApprove": True})
        world.echo()
    world.run(MOVED, said(EventType.CHANGED, 9, lines=LINES[:1]))
    assert [command.type.value for command in world.dead] == ["change_delivery_address", "update_order"]
    assert all(command.data["after_approval"] for command in world.dead)


def test_changed_lines_before_the_approval_are_put_again() -> None:
    """The guide's PUT updates. The vendor's reference says that items stay: then it is a dead letter."""
    world = World()
    world.take(PLACED)
    world.deliver()
    world.hear()
    world.take(said(EventType.CHANGED, 9, lines=LINES[:1]))
    (update,) = [each for each in world.commands if each.type is CommandType.UPDATE_ORDER]
    assert (update.data["after_approval"], len(update.data["order"]["items"])) == (False, 1)


def test_buyer_who_becomes_known_later_changes_no_order_that_is_there() -> None:
    """Selldone tells of nobody first. Parties are for ever there: an update would be a dead letter that holds all."""
    world = World().run(placed(customer=None), said(EventType.CHANGED, 1, customer={"id": "CUST-1"}), PAID)
    assert world.types == BASIC


def test_creation_that_was_dead_for_want_of_a_buyer_goes_out_with_the_buyer() -> None:
    """There was nobody to name, and no guest is configured."""
    world = World({"guest": None}).run(placed(customer=None))
    assert [each.type.value for each in world.dead] == ["create_order"]
    world.run(said(EventType.CHANGED, 1, customer={"id": "CUST-1"}))
    assert world.theirs is not None and world.theirs.customer == {"com.acme.customer-id": "CUST-1"}


def test_order_that_was_paid_back_in_full_is_not_approved() -> None:
    """It would be picked and sent, and nobody pays."""
    back = said(EventType.REFUNDED, 5, payments=[{"id": "rf-1", "amount": "-125"}])
    world = World().run(PLACED)
    world.take(back, PAID)
    world.settle()
    assert (world.statuses(), world.payments()) == (["New"], {"shop:1:paid": "125", "shop:1:rf-1": "-125"})


def test_later_steps_do_not_wait_for_an_update() -> None:
    """Its dead letter may be discarded: the order is there all the same, and is to be paid."""
    world = World().run(PLACED, said(EventType.CHANGED, 9, lines=LINES[:1]), PAID)
    assert [each.type.value for each in world.dead] == ["update_order"]
    assert world.statuses() == ["Committed"]


def test_creation_that_is_dead_goes_out_again_with_what_was_mended() -> None:
    """A redrive would send the same mistake; and discarded, the order would never get there."""
    wrong = placed(lines=[{"id": "1", "sku": "UNKNOWN", "quantity": "1"}])
    world = World().run(wrong, PAID)
    assert (world.types, [each.type.value for each in world.dead]) == (["create_order"], ["create_order"])
    world.run(said(EventType.CHANGED, 9, lines=LINES))
    assert world.types == ["create_order", "update_order", *BASIC[1:]]
    assert world.statuses() == ["Committed"]


def test_fulfilment_makes_a_shipment_and_releases_it() -> None:
    """The guide's complete fulfilment flow, as others say that it was packed and sent."""
    world = World().run(PLACED, PAID, PACKED)
    assert (world.types[len(BASIC) :], world.shipments()) == (["create_shipment"], ["New"])
    assert world.run(SENT).shipments() == ["Released"]
    assert world.types[len(BASIC) :] == ["create_shipment", "release_shipment"]


def test_what_their_own_people_ship_is_not_shipped_again() -> None:
    """Partial fulfilment: the warehouse made shipments of its own, and their word must not come back to it."""
    world = World().run(PLACED, PAID)
    parcel = [{"id": "SO-1", "status": "PartiallyReleased"}]
    world.run(said(EventType.PROCESSING, 1, "erp", shipments=parcel), said(EventType.SHIPPED, 2, "erp"))
    world.run(SENT)
    assert world.types == BASIC
    assert World({"shipments": "theirs"}).run(PLACED, PAID, SENT).types == BASIC


def test_cancelled_before_it_was_created_it_is_never_created() -> None:
    """Created after all, it would be picked."""
    assert World().run(CANCELLED, PLACED, PAID).types == []


def test_cancelled_before_it_was_approved_it_is_left_new() -> None:
    """The API cancels only what is committed, and committing it first would let it be picked."""
    world = World().run(PLACED, CANCELLED, PAID)
    assert "approve_order" not in world.types and "cancel_order" not in world.types
    assert (world.statuses(), world.payments()) == (["New"], {"shop:1:paid": "125"})


def test_cancelled_while_it_is_being_approved_it_is_cancelled_then() -> None:
    """The approval is under way: cancelled before its answer, the API would refuse."""
    world = World().run(PLACED)
    world.take(PAID, CANCELLED)
    assert "cancel_order" not in world.types
    world.settle()
    assert world.statuses() == ["Cancelled"]


def test_cancelled_after_the_approval_it_is_cancelled_and_nothing_else_follows() -> None:
    """The guide's tryCancel."""
    world = World().run(PLACED, PAID, CANCELLED, SENT, MOVED)
    assert (world.types, world.statuses()) == ([*BASIC, "cancel_order"], ["Cancelled"])


def test_what_they_cancelled_or_delivered_is_not_cancelled_again() -> None:
    """Their own word does not come back; what has arrived the API does not cancel, and a person is told by a flag."""
    cancelled = World().run(PLACED, PAID)
    cancelled.take(said(EventType.CANCELLED, 1, "erp"), MOVED, CANCELLED, SENT)
    assert cancelled.types == BASIC
    delivered = World().run(PLACED, PAID)
    delivered.take(said(EventType.DELIVERED, 1, "erp"), CANCELLED)
    assert delivered.types == BASIC
    assert "cancelled-and-delivered" in delivered.order.flags


def test_out_of_stock_cancels_the_order_and_is_told_where_it_came_from() -> None:
    """The guide: 409 → cancel the order, notify the customer; nothing more is asked of CommerceOS."""
    world = World(stock=1, platform="quickbutik").run(PLACED, PAID)
    assert world.types == ["create_order"]
    assert (world.order.status, world.order.targets["cos"].status) == (OrderStatus.CANCELLED, "refused")
    assert "out-of-stock" in world.order.flags
    assert "out of stock" in (world.order.cancel_reason or "")
    assert [(each.type.value, each.data) for each in world.told] == [
        ("update_status", {"status": "cancelled", "notify": True})
    ]


def test_what_the_warehouse_ships_is_told_to_the_shop() -> None:
    """The way back: CommerceOS says that it was sent, and the shop's buyer is to know."""
    world = World({"shipments": "theirs"}, platform="quickbutik").run(PLACED, PAID)
    world.run(said(EventType.SHIPPED, 9, "erp", shipments=[{"id": "SO-1", "tracking_number": "T9"}]))
    assert [each.data for each in world.told] == [
        {"status": "done", "shipping": {"tracking_number": "T9", "carrier": ""}, "notify": True}
    ]


@pytest.mark.parametrize(("when", "approved"), [("paid", False), ("placed", True), ("confirmed", False)])
def test_order_is_approved_when_it_is_set_to_be(when: str, approved: bool) -> None:
    """Some shops let orders be picked that are not paid, some have a person confirm each."""
    world = World({"approve_when": when}).run(PLACED)
    assert ("approve_order" in world.types) is approved
    confirmed = world.run(said(EventType.CONFIRMED, 1))
    assert ("approve_order" in confirmed.types) is (when != "paid")


def test_order_of_their_own_is_not_sent_to_them() -> None:
    """It was placed there."""
    world = World()
    own = PLACED.updated({"order_key": "erp:1", "source": "erp"})
    spec = spec_of(world.settings, world.settings.target("cos"))
    assert [each.type for each in demands(fold(None, PLACED), spec, PLACED)] == [CommandType.CREATE_ORDER]
    assert demands(fold(None, own), spec, own) == ()
