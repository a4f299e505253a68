"""The fold agent: `orders.events` → the table `orders.state`, and what the new state demands: commands, movements."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from projections import inventory
from projections.decide import decide
from projections.fetches import demand
from projections.fold import fold
from projections.spec import TargetSpec, spec_of
from projections.stock import move
from streams import cloudevents, topics
from streams.receipt import with_receipt
from streams.record import Output, Record
from streams.runtime.agent import Agent, Quarantine, Step, stepwise
from streams.runtime.state import Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, EventType, Movement, Order, OrderEvent
from streams.vocabulary.command import ENVELOPE_BYTES

NAME = "fold"
ORIGIN = "/projections/decide"


def agents(settings: Settings) -> Sequence[Agent]:
    """The agents of this package, for `orderlog streams`."""
    return (stepwise(NAME, topics.EVENTS, fold_step(settings), table=topics.STATE), inventory.agent())


def fold_step(settings: Settings) -> Step:
    """One event into its order's state.

    Quarantines what is not an event (`not-an-order-event`), lies under another key than its order's (`misplaced`), or
    has a command decided that no delivery could hold (`command-too-large`).
    """
    routes = {source.name: _targets_of(settings, source.name) for source in settings.sources}
    tracked = inventory.tracked(settings)
    stock_routes = {source.name: inventory.told_of(settings, source.name) for source in settings.sources}
    fetch_from = {source.name: source.fetch_from for source in settings.sources if source.fetch_from is not None}

    def step(record: Record, orders: Overlay) -> Iterable[Output]:
        event = _event(record)
        key = event.order_key.encode()
        if record.key != key:
            raise Quarantine("misplaced", "the record's key is not the event's order_key")
        held = orders.get(key)
        before = None if held is None else Order.from_json(held)
        after = fold(before, event)
        if after is before:
            return ()
        after, commands = decide(after, routes.get(after.source, ()), event)
        if (api := fetch_from.get(after.source)) is not None:
            after, fetches = demand(after, api, event)
            commands += fetches
        movements: tuple[Movement, ...] = ()
        if _tells_of_order(event) and after.source in tracked:
            after, movements = move(before, after, event)
            after, moves = inventory.demand(after, movements, stock_routes[after.source], event)
            commands += moves
        outputs = list(map(_output, commands))
        _check_sizes(outputs, settings.kafka.record_bytes_max)
        orders.set(key, after.to_json())
        return [*outputs, *map(inventory.output, movements)]

    return step


def _tells_of_order(event: OrderEvent) -> bool:
    """What became of a command says nothing of the order, unless a target refused it: that cancels it."""
    return event.delivery is None or event.type is EventType.REJECTED


def _targets_of(settings: Settings, source: str) -> tuple[TargetSpec, ...]:
    """Those that are told of orders; inventories are told of movements."""
    targets = map(settings.target, settings.targets_of(source))
    return tuple(spec_of(settings, target, source) for target in targets if target.kind != inventory.KIND)


def _event(record: Record) -> OrderEvent:
    try:
        return OrderEvent.from_json(record.value or b"")
    except ValidationError as error:
        raise Quarantine("not-an-order-event", f"{error.error_count()} fields are not as an event's") from None


def _check_sizes(commands: Iterable[Output], record_bytes_max: int) -> None:
    """One that its connector cannot take would leave the order `pending` there for ever."""
    room = record_bytes_max - ENVELOPE_BYTES
    for each in commands:
        if len(each.value or b"") > room:
            raise Quarantine(
                "command-too-large",
                f"it makes a command of {len(each.value or b'')} bytes for {each.topic}, and a delivery holds {room}: "
                "raise kafka.record_bytes_max",
            )


def _output(command: Command) -> Output:
    headers = cloudevents.headers(id=command.id, source=ORIGIN, type=command.type, time=command.created_at)
    return Output(
        topics.commands(command.target),
        command.order_key.encode(),
        command.to_json(),
        with_receipt(headers, command.receipt),
    )
