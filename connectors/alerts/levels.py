"""What the delivery tables say now, per target: how many wait, how many are dead, and whether a breaker is open. Pure.

A breaker lives in its worker's memory. But the attempts that it does not count are in the table: more attempts, and no
more charged ones, is what a failure looks like while it is open (a 429 is the other reason, and says so). It is open
until an attempt was answered, or failed and was counted; that nothing is heard for a while says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.vocabulary import DeliveryState

TOLD_TO_WAIT = "HTTP 429"


@dataclass(frozen=True, slots=True)
class _Held:
    attempts: int
    charged: int


@dataclass(slots=True)
class Level:
    """Of one target. `uncounted_at`: when an attempt last failed that the breaker did not count; `worked_at`: when one
    last showed a breaker that is not open. POSIX seconds; partitions may be read one after the other.
    """

    pending: dict[bytes, _Held] = field(default_factory=dict)
    dead: set[bytes] = field(default_factory=set)
    uncounted_at: float = 0.0
    worked_at: float = 0.0

    @property
    def is_breaker_open(self) -> bool:
        return bool(self.pending) and self.uncounted_at > self.worked_at

    def change(self, id: bytes, value: bytes | None, at: float) -> None:
        """One record of the table: the delivery under this id, or that it is gone. `at`: the record's time."""
        before, held = self.pending.pop(id, None), _read(value)
        self.dead.discard(id)
        if held is None:
            if before is not None:  # only what was answered goes
                self.worked(at)
            return
        state = held.get("state")
        now = _Held(_count(held, "attempts"), _count(held, "charged"))
        if state == DeliveryState.DEAD:
            self.dead.add(id)
        elif state == DeliveryState.PENDING:
            self.pending[id] = now
        if before is None or now.attempts <= before.attempts:
            return
        if state == DeliveryState.PENDING and _is_uncounted(before, now, held.get("last_error")):
            self.uncounted_at = max(self.uncounted_at, at)
        else:
            self.worked(at)

    def worked(self, at: float) -> None:
        """The target has answered an attempt, or the breaker counted its failure: it was not open then."""
        self.worked_at = max(self.worked_at, at)


def _is_uncounted(before: _Held, now: _Held, error: object) -> bool:
    return now.charged == before.charged and error != TOLD_TO_WAIT


def _count(held: Mapping[str, Any], name: str) -> int:
    value = held.get(name)
    return value if isinstance(value, int) else 0


def _read(value: bytes | None) -> Mapping[str, Any] | None:
    """Without the checks of `Delivery`: these are our own records, and many."""
    try:
        held = None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return held if isinstance(held, dict) else None
