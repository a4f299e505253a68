"""A ledger per target: which of its steps for an order were commanded, what each stated, and what became of it. Pure.

Targets that take an order in one document have one step. Those with an API of actions (create, pay, approve, …) have
one for each, so that each is commanded once, and what must wait for another's success can see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.targets import DELIVERED, OPERATORS, PENDING, became, outranks
from streams.vocabulary import CommandType, OrderEvent
from streams.vocabulary.order import Step

Steps = Mapping[str, Mapping[str, Step]]


@dataclass(frozen=True, slots=True)
class Demanded:
    """What a target is to do now. `states`: the digest of what it states; of a step, the same is not demanded twice."""

    step: str
    type: CommandType
    states: str
    data: Mapping[str, Any]


def step_ended(steps: Steps, event: OrderEvent) -> Steps:
    """The ledger after `event`; a step whose command is not the last one for it stays as it is."""
    delivery = event.delivery
    if delivery is None or delivery.command_type in OPERATORS:
        return steps
    status, ledger = became(event), steps.get(delivery.target, {})
    news = [
        (name, step.updated({"status": status}))
        for name, step in ledger.items()
        if step.id == delivery.command_id and outranks(status, step.status)
    ]
    return with_steps(steps, delivery.target, news) if news else steps


def with_steps(steps: Steps, target: str, changed: Sequence[tuple[str, Step]]) -> Steps:
    """The ledger with these steps of a target as they are now, in the order of their names."""
    ledger = dict(sorted({**steps.get(target, {}), **dict(changed)}.items()))
    return dict(sorted({**steps, target: ledger}.items()))


def is_commanded(ledger: Mapping[str, Step], step: str, states: str | None = None) -> bool:
    """Whether the step was commanded; with `states`, whether its last command stated that."""
    held = ledger.get(step)
    return held is not None and (states is None or held.states == states)


def is_done(ledger: Mapping[str, Step], step: str) -> bool:
    """Whether the last command for the step was delivered."""
    held = ledger.get(step)
    return held is not None and held.status == DELIVERED


def pending(id: str, demanded: Demanded) -> Step:
    return Step(id=id, type=demanded.type, states=demanded.states, status=PENDING)
