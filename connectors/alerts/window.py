"""What ended in the last minutes, per target: sums by the second. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from streams.vocabulary import CommandType, Outcome, OutcomeResult

# Of one second; more orders than that are not needed to know how long one takes.
LATENCIES_MAX = 1000
_ENDED = frozenset({OutcomeResult.DELIVERED, OutcomeResult.REFUSED})
# An operator's word is no attempt, nor is what becomes of a dead letter by it.
_OPERATORS = frozenset({CommandType.REDRIVE, CommandType.DISCARD})


@dataclass(slots=True)
class Counts:
    """`failed`: attempts that were, of all `attempts`. `creations_s`: how long the last attempt of each took."""

    attempts: int = 0
    failed: int = 0
    payments: int = 0
    payments_made: int = 0
    refused: int = 0
    creations_s: list[float] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        has_ended_well = outcome.result in _ENDED
        self.attempts += outcome.attempts
        self.failed += max(0, outcome.attempts - has_ended_well)
        self.refused += outcome.result is OutcomeResult.REFUSED
        if outcome.type is CommandType.CREATE_PAYMENT:
            self.payments += 1
            self.payments_made += outcome.result is OutcomeResult.DELIVERED
        is_creation = outcome.type is CommandType.CREATE_ORDER and has_ended_well
        if is_creation and outcome.seconds is not None and len(self.creations_s) < LATENCIES_MAX:
            self.creations_s.append(outcome.seconds)

    def take(self, other: "Counts") -> None:
        self.attempts += other.attempts
        self.failed += other.failed
        self.payments += other.payments
        self.payments_made += other.payments_made
        self.refused += other.refused
        self.creations_s += other.creations_s


class Window:
    """`seconds`: how far back it looks. Times are wall clock: workers write them, and another may read them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._counts: dict[str, dict[int, Counts]] = {}

    def add(self, outcome: Outcome, now: datetime) -> None:
        """What is older than the window is not counted; a clock that is ahead counts as now."""
        second = min(int(outcome.at.timestamp()), int(now.timestamp()))
        is_decision = outcome.type in _OPERATORS or outcome.result is OutcomeResult.DISCARDED
        if second <= now.timestamp() - self._seconds or is_decision:
            return
        self._counts.setdefault(outcome.target, {}).setdefault(second, Counts()).add(outcome)

    def counts(self, target: str, now: datetime) -> Counts:
        """All of the window, as of `now`."""
        seconds, since = self._counts.get(target, {}), now.timestamp() - self._seconds
        for old in [second for second in seconds if second <= since]:
            del seconds[old]
        return _sum(seconds.values())


def _sum(counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for each in counts:
        total.take(each)
    return total


def percentile(values: Iterable[float], share: float) -> float | None:
    """The least of `values` that is no less than that share of them; None where there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
