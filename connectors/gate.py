"""Whether one more request may go to a target now: slots, breaker, the target's own "later", rate. Pure.

One gate per target and process, shared by all partitions of the worker. Several workers have a gate each: their rates
and slots add up.
"""

from dataclasses import dataclass

from connectors.breaker import Breaker
from connectors.bucket import TokenBucket
from streams.settings.model import Target


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to send one request; given back with `Gate.leave`."""

    probe: bool


class Gate:
    """Times are monotonic seconds."""

    def __init__(self, target: Target, now: float) -> None:
        self.breaker = Breaker(target.breaker.failures, target.breaker.open_s)
        self.in_flight = 0
        self._in_flight_max = target.max_in_flight
        self._bucket = TokenBucket(target.rate_per_second, now)
        self._paused_until = now

    def wait_s(self, now: float) -> float | None:
        """0: one may go. More: so long at least. None: not before an answer comes."""
        if self.in_flight >= self._in_flight_max:
            return None
        breaker_s = self.breaker.wait_s(now)
        if breaker_s is None:
            return None
        return max(breaker_s, self._paused_until - now, self._bucket.wait_s(now))

    def enter(self, now: float) -> Pass:
        """Takes a slot and a token; only after `wait_s` gave 0."""
        self._bucket.take(now)
        self.in_flight += 1
        return Pass(probe=self.breaker.take())

    def leave(self, entered: Pass) -> None:
        """The slot is free again: at the answer, not after the commit."""
        self.in_flight -= 1

    def pause(self, now: float, seconds: float) -> None:
        """The target asked for quiet (429 with Retry-After): nothing goes to it before that."""
        self._paused_until = max(self._paused_until, now + seconds)
