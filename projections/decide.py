"""`decide`: what the state of an order now demands of its targets, less what was already commanded. Pure.

Level-triggered: it looks at the state and never at which event came, so a target ends in the same place whatever the
order of arrival. The one difference allowed: an order known to be cancelled before it was created is never created.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import orjson

from projections import commerceos, external, quickbutik
from projections.since import is_wanted
from projections.spec import TargetSpec
from projections.steps import Demanded, Steps, pending, with_steps
from projections.targets import commanded_now, with_target
from streams.vocabulary import Command, CommandType, EventType, Order, OrderEvent
from streams.vocabulary.order import Commanded

__all__ = ["TargetSpec", "command_id", "decide"]

# What an order's state demands of a target of a kind: steps that were not commanded, or stated something else, in the
# order in which the target needs them.
DEMANDS: Mapping[str, Callable[[Order, TargetSpec, OrderEvent], Sequence[Demanded]]] = {
    external.KIND: external.demands,
    commerceos.KIND: commerceos.demands,
    quickbutik.KIND: quickbutik.demands,
}
# They wait for what became of a step before the next is commanded.
GATED = frozenset({commerceos.KIND})


def decide(order: Order, targets: Sequence[TargetSpec], cause: OrderEvent) -> tuple[Order, tuple[Command, ...]]:
    """The order with its commands noted, and the commands, in the order of `targets`; `cause` only signs them."""
    decided = [
        (each, _command(order, target, each, cause))
        for target in _concerned(targets, cause)
        if is_wanted(order, target.name, target.since)
        for each in DEMANDS[target.kind](order, target, cause)
    ]
    if not decided:
        return order, ()
    return _noting(order, decided, cause), tuple(command for _, command in decided)


def _concerned(targets: Sequence[TargetSpec], cause: OrderEvent) -> Sequence[TargetSpec]:
    """What became of a command is news to its own target alone, unless it tells something of the order."""
    able = [target for target in targets if target.kind in DEMANDS]
    if cause.delivery is None or cause.type is EventType.REJECTED:
        return able
    return [target for target in able if target.name == cause.delivery.target and target.kind in GATED]


def command_id(order_key: str, target: str, type: CommandType, states: str, previous: str) -> str:
    """Decided again, the same command; a return to an earlier document is another, as `previous` is in it."""
    text = orjson.dumps([order_key, target, type, states, previous])
    return blake2b(text, digest_size=16, person=b"orderlog.command").hexdigest()


def _command(order: Order, target: TargetSpec, demanded: Demanded, cause: OrderEvent) -> Command:
    last = order.bookkeeping.steps.get(target.name, {}).get(demanded.step)
    # Two steps that state the same, as two shipments, are two commands.
    previous = last.id if last else ""
    return Command(
        id=command_id(order.key, target.name, demanded.type, demanded.states, previous),
        type=demanded.type,
        target=target.name,
        order_key=order.key,
        data=dict(demanded.data),
        caused_by=cause.id,
        receipt=cause.receipt,
        created_at=cause.received_at,
    )


def _noting(order: Order, decided: Sequence[tuple[Demanded, Command]], cause: OrderEvent) -> Order:
    book = order.bookkeeping
    commanded, targets = dict(book.commanded), dict(order.targets)
    steps: Steps = book.steps
    for demanded, command in decided:
        commanded[command.target] = Commanded(id=command.id, type=command.type, states=demanded.states)
        steps = with_steps(steps, command.target, [(demanded.step, pending(command.id, demanded))])
        targets = with_target(targets, command.target, commanded_now(targets.get(command.target), cause))
    bookkeeping = book.updated({"commanded": commanded, "steps": steps})
    return order.updated({"targets": targets, "bookkeeping": bookkeeping})
