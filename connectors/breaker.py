"""A circuit breaker: while a target is down nothing is tried, so nothing uses up attempts. Pure; the time is passed in.

closed      everything goes; `failures` in a row that blame the target open it
open        nothing goes for `open_s`
half-open   one goes: its success closes the breaker, its failure opens it again
"""

from enum import IntEnum


class BreakerState(IntEnum):
    """As the metric shows it."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Times are monotonic seconds."""

    def __init__(self, failures: int, open_s: float) -> None:
        self._failures_max, self._open_s = failures, open_s
        self._failures, self._open_until = 0, 0.0
        self.state = BreakerState.CLOSED

    def wait_s(self, now: float) -> float | None:
        """0: one may go. More: so long. None: the one that was let through has not answered yet."""
        if self.state is BreakerState.CLOSED:
            return 0.0
        if self.state is BreakerState.HALF_OPEN:
            return None
        return max(0.0, self._open_until - now)

    def take(self) -> bool:
        """One goes; True where it is the one that is let through to see whether the target is back."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN
            return True
        return False

    def succeeded(self, *, probe: bool) -> None:
        """The target answered. What was sent before the breaker opened says nothing of now, unless it is the probe."""
        if probe or self.state is BreakerState.CLOSED:
            self.state, self._failures = BreakerState.CLOSED, 0

    def failed(self, now: float, *, probe: bool) -> bool:
        """The target failed. True where the attempt counts: it was not the probe, and the breaker was closed."""
        if probe:
            self._open(now)
            return False
        if self.state is not BreakerState.CLOSED:
            return False
        self._failures += 1
        if self._failures >= self._failures_max:
            self._open(now)
        return True

    def abandoned(self, now: float, *, probe: bool) -> None:
        """The attempt ended without anything to say (it was cancelled): another may be the probe."""
        if probe:
            self.state, self._open_until = BreakerState.OPEN, now

    def _open(self, now: float) -> None:
        self.state, self._open_until, self._failures = BreakerState.OPEN, now + self._open_s, 0
