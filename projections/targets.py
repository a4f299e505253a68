"""What a target has of an order: what became of the commands that were decided for it."""

from collections.abc import Mapping

from streams.vocabulary import CommandType, EventType, Order, OrderEvent, TargetState
from streams.vocabulary.event import DeliveryFacts

PENDING, DELIVERED, DEAD, REFUSED, DISCARDED = "pending", "delivered", "dead", "refused", "discarded"
# What became of a command never goes back, whichever is told last: what was delivered after all is no dead letter.
RANK = {PENDING: 0, DEAD: 1, DISCARDED: 2, REFUSED: 3, DELIVERED: 4}

# An operator's word about a dead letter: its outcome says nothing of what the target has.
OPERATORS = frozenset({CommandType.REDRIVE, CommandType.DISCARD})
_BECAME: Mapping[EventType, str] = {
    EventType.DELIVERY_FAILED: DEAD,
    EventType.DELIVERY_DISCARDED: DISCARDED,
    EventType.REJECTED: REFUSED,
}


def target_after(order: Order, event: OrderEvent, delivery: DeliveryFacts) -> TargetState:
    """The target's state once `delivery` is known.

    Dead, whichever command it was, since a dead letter holds back what follows it; so is refused. Delivered, only if
    nothing was commanded since: an outcome of an older command leaves the newer one pending. So does a discard; where
    the target has a ledger, that says it better (`projections.discards`).
    """
    commanded = order.bookkeeping.commanded.get(delivery.target)
    if event.type in (EventType.DELIVERY_FAILED, EventType.REJECTED):
        status = became(event)
    elif commanded is not None and commanded.id != delivery.command_id:
        status = PENDING
    else:
        status = became(event)
    known = order.targets.get(delivery.target)
    return TargetState(
        status=status,
        attempts=delivery.attempts,
        last_error=delivery.error,
        ref=known.ref if known else None,
        updated_at=event.occurred_at,
    )


def became(event: OrderEvent) -> str:
    """What became of the command that the event tells of."""
    return _BECAME.get(event.type, DELIVERED)


def outranks(status: str, held: str) -> bool:
    """Whether a step or a fetch that is `held` becomes `status`, in whatever order the two are told."""
    return RANK[status] > RANK[held]


def with_ref(state: TargetState, ref: str | None) -> TargetState:
    """The target calls the order so; an answer that names no order takes nothing away."""
    return state.updated({"ref": ref})


def with_target(targets: Mapping[str, TargetState], name: str, state: TargetState) -> dict[str, TargetState]:
    """`targets` with that state, in the order of their names: the same JSON whatever came first."""
    return dict(sorted({**targets, name: state}.items()))


def commanded_now(known: TargetState | None, event: OrderEvent) -> TargetState:
    """The target's state as `event` has a command decided for it; one that is dead stays so until that is settled."""
    if known is not None and known.status == DEAD:
        return known
    return TargetState(status=PENDING, ref=known.ref if known else None, updated_at=event.received_at)
