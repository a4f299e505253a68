"""What an external system (seed 000) is to have: the whole order as one document, again whenever it differs. Pure."""

from collections.abc import Sequence

from projections.digests import digest
from projections.spec import TargetSpec
from projections.steps import Demanded
from projections.transform import transform_order
from streams.vocabulary import CommandType, Order, OrderEvent, OrderStatus

KIND = "external"
STEP = "order"


def demands(order: Order, target: TargetSpec, cause: OrderEvent) -> Sequence[Demanded]:
    """`create_order` once the order was placed, has a total and is not cancelled; from then on `update_order` whenever
    the document differs from the last one commanded, cancelled or not, so that late news still arrives.
    """
    last = order.bookkeeping.steps.get(target.name, {}).get(STEP)
    if last is None and not can_be_created(order):
        return ()
    document = transform_order(order)
    states = digest(document)
    if last is not None and last.states == states:
        return ()
    type = CommandType.CREATE_ORDER if last is None else CommandType.UPDATE_ORDER
    return (Demanded(STEP, type, states, {"order": document}),)


def can_be_created(order: Order) -> bool:
    """A target without the order may be given it."""
    book = order.bookkeeping
    return book.placed and order.total is not None and OrderStatus.CANCELLED not in book.reached
