"""CommerceOS' own people make shipments too: whoever is first, and whatever is told when, the order is sent once."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.commerceos import shipments
from connectors.sandbox.commerceos.model import Stage, Status
from streams.vocabulary import CommandType, EventType, OrderEvent
from tests.projections.commerceos_events import PACKED, PAID, PLACED, SENT
from tests.projections.commerceos_world import World, said
from tests.projections.events import histories

MOVES = ("deliver", "hear", "echo", "pack")


def pack(world: World, of_each: Decimal | None = None) -> None:
    """The warehouse makes a shipment of an approved order that has none: of all, or of so many of each item."""
    order = world.theirs
    if order is not None and order.is_all(Status.COMMITTED) and not order.shipments:
        shipments.of_order(world.store, order, [(item, of_each or item.quantity) for item in order.items])


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_shipment_of_theirs_is_released_once_all_was_sent(data: st.DataObject) -> None:
    """Whether its snapshot comes before or after the word of others."""
    world = World()
    for event in data.draw(histories([PLACED, PAID, PACKED, SENT])):
        world.take(event)
        for move in data.draw(st.lists(st.sampled_from(MOVES), max_size=4)):
            pack(world) if move == "pack" else getattr(world, move)()
    world.settle()
    assert (world.dead, world.wrong, world.shipments()) == ([], [], ["Released"])


@pytest.mark.parametrize("is_shown", [False, True])
def test_shipment_that_they_made_is_not_made_a_second_time(is_shown: bool) -> None:
    """Of a part as well: what they kept back is theirs to send."""
    world = World().run(PLACED, PAID)
    pack(world, Decimal(1))
    if is_shown:
        world.echo()
    world.run(PACKED, SENT)
    assert (world.dead, world.wrong, world.shipments()) == ([], [], [Stage.RELEASED.value])


def parcel(id: str, status: str, at_s: int) -> OrderEvent:
    """CommerceOS pushes a snapshot of one shipment."""
    return said(EventType.SHIPPED, at_s, "erp", is_parcel=True, shipments=[{"id": id, "status": status}])


def test_what_the_shop_was_told_of_one_parcel_does_not_release_the_next() -> None:
    """The shop is told, and its ping says so too: taken for its own word, the second parcel would go out unpicked."""
    world = World(platform="quickbutik").run(PLACED, PAID)
    world.take(parcel("S1", "Transiting", 10))
    assert [each.data["status"] for each in world.told if each.type is CommandType.UPDATE_STATUS][-1] == "done"
    world.take(said(EventType.SHIPPED, 20, status="shipped"), parcel("S2", "New", 30))
    assert CommandType.RELEASE_SHIPMENT not in world.types
    world.take(said(EventType.SHIPPED, 40, "warehouse", status="shipped"))
    assert world.types[-1] == CommandType.RELEASE_SHIPMENT, "who was not told says it of himself"


def test_what_the_shop_says_before_it_was_told_is_its_own_word() -> None:
    world = World(platform="quickbutik").run(PLACED, PAID)
    world.take(said(EventType.SHIPPED, 20, status="shipped"))
    assert world.types[-2:] == [CommandType.CREATE_SHIPMENT, CommandType.RELEASE_SHIPMENT]
