"""Stock as records: `inventory.movements` → the table `inventory.state`, and the commands for external stock APIs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from projections import stock
from projections.decide import command_id
from projections.since import is_wanted
from projections.targets import commanded_now, with_target
from streams import cloudevents, topics
from streams.receipt import with_receipt
from streams.record import Output, Record
from streams.runtime.agent import Agent, Quarantine, stepwise
from streams.runtime.state import Overlay
from streams.settings.model import Settings, Source, Target
from streams.vocabulary import Command, CommandType, Movement, Order, OrderEvent, Stock
from streams.vocabulary.order import Commanded

NAME = "stock"
# Of the targets that are told of movements.
KIND = "inventory"
ORIGIN = "/projections/stock"
# The `ce_type` of a movement.
MOVED = "stock.moved"


def agent() -> Agent:
    """For `orderlog streams`."""
    return stepwise(NAME, topics.MOVEMENTS, step, table=topics.STOCK)


def step(record: Record, products: Overlay) -> Iterable[Output]:
    """One movement into its product's stock; one that is in it already (an offset was reset) changes nothing.

    Quarantines what is not a movement (`not-a-movement`) or lies under another key than its product's (`misplaced`).
    """
    try:
        movement = Movement.from_json(record.value or b"")
    except ValidationError as error:
        raise Quarantine("not-a-movement", f"{error.error_count()} fields are not as a movement's") from None
    key = movement.product_key.encode()
    if record.key != key:
        raise Quarantine("misplaced", "the record's key is not the movement's product_key")
    held = products.get(key)
    before = None if held is None else Stock.from_json(held)
    after = stock.add(before, movement, record.offset)
    if after is not before:
        products.set(key, after.to_json())
    return ()


def tracked(settings: Settings) -> frozenset[str]:
    """The sources whose orders move the stock."""
    return frozenset(source.name for source in settings.sources if _is_tracked(source))


class Told(NamedTuple):
    """An inventory, and from when on orders of a source move its stock; None: all do."""

    target: Target
    since: datetime | None


def told_of(settings: Settings, source: str) -> tuple[Told, ...]:
    """The inventories that are told of what this source's orders move."""
    targets = map(settings.target, settings.targets_of(source))
    return tuple(Told(each, settings.since(source, each.name)) for each in targets if each.kind == KIND)


def demand(
    order: Order, movements: Sequence[Movement], told: Sequence[Told], cause: OrderEvent
) -> tuple[Order, tuple[Command, ...]]:
    """The order with its `move_stock` commands noted, and these: each movement once to each target.

    They are the order's own, so that a product's movements for one order come in order; a command's id is made from its
    movement's, so that a rebuild demands the same ones.
    """
    targets = [target for target, since in told if is_wanted(order, target.name, since)]
    commands = tuple(_command(order, target, movement, cause) for target in targets for movement in movements)
    if not commands:
        return order, ()
    commanded, states = dict(order.bookkeeping.commanded), dict(order.targets)
    for command in commands:
        said = command.data["movement"]["id"]
        commanded[command.target] = Commanded(id=command.id, type=command.type, states=said)
        states = with_target(states, command.target, commanded_now(states.get(command.target), cause))
    noted = order.bookkeeping.updated({"commanded": dict(sorted(commanded.items()))})
    return order.updated({"targets": states, "bookkeeping": noted}), commands


def _command(order: Order, target: Target, movement: Movement, cause: OrderEvent) -> Command:
    """`product`: what the target calls it; null where the order's line has no SKU and it goes by that."""
    product = (movement.taken_as or movement.product.sku) if target.product == "sku" else movement.product_key
    return Command(
        id=command_id(order.key, target.name, CommandType.MOVE_STOCK, movement.id, ""),
        type=CommandType.MOVE_STOCK,
        target=target.name,
        order_key=order.key,
        data={"movement": movement.to_dict(), "product": product},
        caused_by=cause.id,
        receipt=cause.receipt,
        created_at=cause.received_at,
    )


def output(movement: Movement) -> Output:
    """The record of a movement."""
    headers = cloudevents.headers(id=movement.id, source=ORIGIN, type=MOVED, time=movement.at)
    return Output(
        topics.MOVEMENTS,
        movement.product_key.encode(),
        movement.to_json(),
        with_receipt(headers, movement.receipt),
    )


def _is_tracked(source: Source) -> bool:
    return source.platform in stock.TRACKED_PLATFORMS if source.tracks_stock is None else source.tracks_stock
