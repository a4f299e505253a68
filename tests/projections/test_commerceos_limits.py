"""What CommerceOS is *not* told, and when it has to wait: each time another word would be refused, or done twice."""

from decimal import Decimal

from connectors.sandbox.commerceos.model import Stage
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.shipments import move
from projections.decide import TargetSpec, decide
from projections.fold import fold
from streams.vocabulary import EventType
from tests.projections.commerceos_events import CANCELLED, LINES, MOVED, PACKED, PAID, PLACED, SENT, placed
from tests.projections.commerceos_world import World, said

BASIC = ["create_order", "change_delivery_address", "create_payment", "approve_order"]
CHANGED = said(EventType.CHANGED, 9, lines=LINES[:1])


def test_paid_by_their_own_word_alone_records_nothing() -> None:
    """They know: somebody recorded it there, in a payment that names no transaction."""
    world = World().run(PLACED, said(EventType.CHANGED, 1, "erp", payment_status="paid"))
    assert "create_payment" not in world.types


def test_attempt_is_none_however_its_word_is_written_nor_is_an_order_for_nothing() -> None:
    """An amount that was not taken must not stand in for the one that was; nor can nothing be paid."""
    attempt = [{"id": "t-1", "amount": "99", "status": "failed"}]
    assert World().run(PLACED, said(EventType.PAID, 1, payments=attempt)).payments() == {"shop:1:paid": "125"}
    assert "create_payment" not in World().run(placed(total="0"), PAID).types


def test_order_that_they_cancelled_before_it_was_approved_is_left_alone() -> None:
    """A cancelled order takes no address and no lines."""
    world = World().run(PLACED)
    known = world.types
    world.take(said(EventType.CANCELLED, 1, "erp"), MOVED, CHANGED, SENT)
    assert world.types == known


def test_change_of_an_order_that_is_being_cancelled_is_not_sent() -> None:
    """A dead letter about an order that is over is one too many."""
    world = World().run(PLACED, PAID)
    world.take(CANCELLED, MOVED, CHANGED)
    assert world.types == [*BASIC, "cancel_order"]


def test_shipment_that_they_released_is_not_released_again() -> None:
    """Their own people were faster."""
    world = World().run(PLACED, PAID, PACKED)
    world.take(said(EventType.RELEASED, 1, "erp"), SENT)
    assert world.types == [*BASIC, "create_shipment"]


def test_what_they_released_in_part_is_released_in_full_when_all_was_sent() -> None:
    """Counted as released, the rest would stay where it is, and both sides look alike."""
    world = World().run(PLACED, PAID, PACKED)
    assert world.theirs is not None
    (parcel,) = world.theirs.shipments
    move(world.store, parcel, Stage.RELEASED, [(0, Decimal(1))])
    assert world.shipments() == ["PartiallyReleased"]
    assert world.run(SENT).shipments() == ["Released"]


def test_order_that_they_cancelled_is_not_shipped() -> None:
    """The API would refuse, and the parcel is a matter for a person (a flag)."""
    world = World().run(PLACED, PAID)
    world.take(said(EventType.CANCELLED, 1, "erp"), SENT)
    assert world.types == BASIC


def test_order_that_they_approved_is_shipped_though_we_did_not_approve_it() -> None:
    """Somebody let it be picked without money: what was packed is in a shipment all the same."""
    world = World().run(PLACED)
    world.take(said(EventType.CONFIRMED, 1, "erp"), PACKED)
    assert world.types[-1] == "create_shipment"


def test_changed_lines_wait_for_the_creation() -> None:
    """It may be refused, or dead; and lines that are all gone are no document."""
    world = World()
    world.take(PLACED, CHANGED)
    assert world.types == ["create_order"]
    world.deliver()
    world.hear()
    assert world.types == ["create_order", "update_order", "change_delivery_address"]
    empty = World().run(PLACED, said(EventType.CHANGED, 9, lines=[]))
    assert "update_order" not in empty.types


def test_creation_that_went_out_again_counts_as_soon_as_it_was_delivered() -> None:
    """Nothing else may ever be heard of the order from there."""
    world = World()
    world.take(placed(lines=[{"id": "1", "sku": "UNKNOWN", "quantity": "1"}]))
    world.deliver()
    world.hear()
    world.take(CHANGED)
    world.deliver()
    world.hear()
    assert world.types == ["create_order", "update_order", "change_delivery_address"]


def test_order_that_was_refused_is_not_there_whatever_is_shown_of_it() -> None:
    """Somebody else wrote one there under its id: that one is not ours to pay."""
    world = World(stock=1).run(PLACED)
    world.take(said(EventType.CHANGED, 1, "erp", status="pending"), PAID)
    assert world.types == ["create_order"]


def test_order_whose_approval_was_refused_is_left_as_it_is() -> None:
    """It is cancelled where it came from; here it stays New, and holds nothing."""
    world = World({"approve_when": "placed"}, stock=1)
    world.store.rules = Rules(checks_stock_on_create=False)
    world.run(PLACED, MOVED, CHANGED, PACKED)
    assert (world.types, world.statuses()) == (["create_order", "change_delivery_address", "approve_order"], ["New"])


def test_refusal_is_told_to_the_shop_at_once() -> None:
    """No other event may ever come of that order."""
    world = World(stock=1, platform="quickbutik").run(PLACED)
    assert [each.data["status"] for each in world.told] == ["cancelled"]


def test_target_of_a_kind_that_takes_no_orders_is_passed_over() -> None:
    """An inventory is told of movements."""
    order = fold(None, PLACED)
    assert decide(order, (TargetSpec("stock", "inventory"),), PLACED) == (order, ())
