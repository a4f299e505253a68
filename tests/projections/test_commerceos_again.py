"""A rebuild: the same events into no state, so that every command goes out again, to a CommerceOS that has it all."""

from connectors.sandbox.commerceos.rules import Rules
from streams.runtime.state import MemoryStore, Overlay
from streams.vocabulary import OrderEvent
from tests.projections.commerceos_events import PACKED, PAID, PLACED, SENT
from tests.projections.commerceos_world import NAMESPACES, PRICES, World


def rebuilt(world: World, events: list[OrderEvent]) -> World:
    """Of all its events, those about its commands among them."""
    world.commands.clear()
    world.states = Overlay(MemoryStore())
    world.take(*events)
    world.settle()
    return world


def kept(world: World) -> list[OrderEvent]:
    """Every event that it is given from now on."""
    events: list[OrderEvent] = []
    take = world.take

    def taking(*given: OrderEvent) -> None:
        events.extend(given)
        take(*given)

    world.take = taking  # type: ignore[method-assign]
    return events


def restocked(world: World) -> None:
    for sku, price in PRICES.items():
        world.store.products.put({"identifiers": {NAMESPACES["sku"]: sku}, "price": price, "stock": 100})


def test_order_that_is_sent_is_as_it_was() -> None:
    """No second payment, no second parcel."""
    world = World()
    events = kept(world)
    world.run(PLACED, PAID, PACKED, SENT)
    before = world.types, world.statuses(), world.payments(), world.shipments()
    rebuilt(world, list(events))
    assert (world.types, world.statuses(), world.payments(), world.shipments()) == before
    assert world.dead == []


def test_order_that_was_refused_for_stock_is_not_sold_once_there_is_some() -> None:
    """Its buyer was told that it is cancelled."""
    world = World(stock=1)
    events = kept(world)
    world.run(PLACED, PAID)
    assert world.theirs is None
    restocked(world)
    rebuilt(world, list(events))
    assert world.statuses() == ["New"]
    assert "approve_order" not in world.types


def test_approval_that_was_refused_for_stock_is_cancelled_if_it_comes_to_pass() -> None:
    """What is committed there would be picked."""
    world = World(stock=1)
    world.store.rules = Rules(checks_stock_on_create=False)
    events = kept(world)
    world.run(PLACED, PAID)
    assert (world.types[-1], world.statuses()) == ("approve_order", ["New"])
    restocked(world)
    rebuilt(world, list(events))
    assert (world.types[-1], world.statuses()) == ("cancel_order", ["Cancelled"])
