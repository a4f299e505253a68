"""`decide`: what the state of an order now demands of its targets, less what was already commanded. Pure.

Level-triggered: it looks at the state and never at which event came, so a target ends in the same place whatever the
order of arrival. The one difference allowed: an order known to be cancelled before it was created is never created.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from projections.targets import commanded_now, with_target
from projections.transform import transform_order
from streams.vocabulary import Command, CommandType, Order, OrderEvent, OrderStatus
from streams.vocabulary.order import Commanded

# What a target of a kind is to have of an order.
DOCUMENTS: Mapping[str, Callable[[Order], dict[str, Any]]] = {"external": transform_order}


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target as far as deciding goes."""

    name: str
    kind: str


def decide(order: Order, targets: Sequence[TargetSpec], cause: OrderEvent) -> tuple[Order, tuple[Command, ...]]:
    """The order with its commands noted, and the commands, in the order of `targets`; `cause` only signs them.

    `create_order` once the order was placed, has a total and is not cancelled; from then on `update_order` whenever
    the document differs from the last one commanded, cancelled or not, so that late news still arrives.
    """
    demanded = [found for target in targets if (found := _demanded(order, target, cause)) is not None]
    if not demanded:
        return order, ()
    return _noting(order, demanded, cause), tuple(command for command, _ in demanded)


def can_be_created(order: Order) -> bool:
    """A target without the order may be given it."""
    book = order.bookkeeping
    return book.placed and order.total is not None and OrderStatus.CANCELLED not in book.reached


def _demanded(order: Order, target: TargetSpec, cause: OrderEvent) -> tuple[Command, str] | None:
    """The command, and the digest of what it states."""
    last = order.bookkeeping.commanded.get(target.name)
    if last is None and not can_be_created(order):
        return None
    document = DOCUMENTS[target.kind](order)
    states = digest(document)
    if last is not None and last.states == states:
        return None
    type = CommandType.CREATE_ORDER if last is None else CommandType.UPDATE_ORDER
    command = Command(
        id=command_id(order.key, target.name, type, states, last.id if last else ""),
        type=type,
        target=target.name,
        order_key=order.key,
        data={"order": document},
        caused_by=cause.id,
        receipt=cause.receipt,
        created_at=cause.received_at,
    )
    return command, states


def digest(document: Mapping[str, Any]) -> str:
    """What a document states, whatever the order of its keys."""
    return blake2b(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def command_id(order_key: str, target: str, type: CommandType, states: str, previous: str) -> str:
    """Decided again, the same command; a return to an earlier document is another, as `previous` is in it."""
    text = orjson.dumps([order_key, target, type, states, previous])
    return blake2b(text, digest_size=16, person=b"orderlog.command").hexdigest()


def _noting(order: Order, demanded: Sequence[tuple[Command, str]], cause: OrderEvent) -> Order:
    commanded, targets = dict(order.bookkeeping.commanded), dict(order.targets)
    for command, states in demanded:
        commanded[command.target] = Commanded(id=command.id, type=command.type, states=states)
        targets = with_target(targets, command.target, commanded_now(targets.get(command.target), cause))
    bookkeeping = order.bookkeeping.updated({"commanded": commanded})
    return order.updated({"targets": targets, "bookkeeping": bookkeeping})
