"""A ledger per target: which of its steps for an order were commanded, what each stated, and what became of it. Pure.

Targets that take an order in one document have one step. Those with an API of actions (create, pay, approve, …) have
one for each, so that each is commanded once, and what must wait for another's success can see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.targets import DEAD, DELIVERED, OPERATORS, PENDING, REFUSED, became
from streams.vocabulary import CommandType, OrderEvent
from streams.vocabulary.order import Step

Steps = Mapping[str, Mapping[str, Step]]
# What became of a command never goes back: what was delivered after all is no dead letter, whichever is told last.
_RANK = {PENDING: 0, DEAD: 1, REFUSED: 2, DELIVERED: 3}


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
    held = {target: dict(ledger) for target, ledger in steps.items()}
    for name, step in steps.get(delivery.target, {}).items():
        if step.id == delivery.command_id and _RANK[became(event)] > _RANK[step.status]:
            held[delivery.target][name] = step.updated({"status": became(event)})
    return held


def with_steps(steps: Steps, target: str, decided: Sequence[tuple[str, Step]]) -> dict[str, dict[str, Step]]:
    """The ledger with these steps commanded, in the order of their names."""
    ledger = dict(sorted({**steps.get(target, {}), **dict(decided)}.items()))
    return dict(sorted({**{name: dict(held) for name, held in steps.items()}, target: ledger}.items()))


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
