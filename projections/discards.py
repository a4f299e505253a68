"""What a target has of an order where the last that ended there is a dead letter which an operator let go. Pure.

Another one may be left, or something under way: the ledger says so. It may learn of an older outcome only later, so
that of the last discard the time is kept (among the clocks of the joins), and the word is looked up again.
"""

from projections.joins import Joins
from projections.steps import step_ended
from projections.targets import DEAD, DISCARDED, PENDING, REFUSED
from streams.vocabulary import EventType, Order, OrderEvent, TargetState
from streams.vocabulary.event import DeliveryFacts

# What is told rather than that something was let go, the first of these that holds for a step.
_RATHER = (DEAD, PENDING, REFUSED)


def noted(event: OrderEvent, path: str, joins: Joins) -> None:
    """Keeps the time of the last discard at the target of `path`."""
    if event.type is EventType.DELIVERY_DISCARDED and joins.is_later(_name(path)):
        joins.clocks[_name(path)] = joins.clock


def is_last(path: str, joins: Joins) -> bool:
    """Whether nothing ended there since."""
    return path in joins.clocks and joins.clocks[path] == joins.clocks.get(_name(path))


def as_left(state: TargetState, order: Order, event: OrderEvent, delivery: DeliveryFacts) -> TargetState:
    """`state` as the ledger says after `event`; where there is none, as it is."""
    ledger = step_ended(order.bookkeeping.steps, event).get(delivery.target)
    if not ledger:
        return state
    became = {step.status for step in ledger.values()}
    status = next((each for each in _RATHER if each in became), DISCARDED)
    return state if state.status == status else state.updated({"status": status})


def _name(path: str) -> str:
    return f"{path}.discarded"
