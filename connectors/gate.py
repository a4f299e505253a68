"""Whether one more request may go to a target now: slots, breaker, the target's own "later", rate. Pure.

One gate per target and process, shared by all partitions of the worker. Several workers have a gate each: their slots
add up, and of the rate each has its share.
"""

from dataclasses import dataclass
from math import isinf

from connectors.breaker import Breaker
from connectors.share import Share, commands_rate, share
from connectors.window import SlidingWindow
from streams.settings.model import Target

# Of the API's second: see connectors.wire.
STRETCH = 1.06
# What may go at once after a rest, in seconds' worth of the share.
BURST_S = 0.02


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to send one request; given back with `Gate.leave`."""

    probe: bool


class Gate:
    """Times are monotonic seconds. Until `give` says something else, all of the rate is its own."""

    def __init__(self, target: Target, now: float) -> None:
        self.breaker = Breaker(target.breaker.failures, target.breaker.open_s)
        self.in_flight = 0
        self._in_flight_max = target.max_in_flight
        self._window = SlidingWindow(share(commands_rate(target), (0,), 1), STRETCH, BURST_S)
        self._paused_until = now

    def wait_s(self, now: float) -> float | None:
        """0: one may go. More: so long at least. None: not before an answer comes."""
        if self.in_flight >= self._in_flight_max:
            return None
        breaker_s = self.breaker.wait_s(now)
        if breaker_s is None:
            return None
        rate_s = self._window.wait_s(now)
        return None if isinf(rate_s) else max(breaker_s, self._paused_until - now, rate_s)

    def enter(self, now: float) -> Pass:
        """Takes a slot, and its part of the rate; only after `wait_s` gave 0."""
        self._window.take(now)
        self.in_flight += 1
        return Pass(probe=self.breaker.take())

    def again(self, now: float) -> None:
        """A request goes out once more, with a new token: it counts like another one."""
        self._window.count(now)

    def give(self, share: Share, now: float) -> None:
        """The share of the rate that is this worker's from now on."""
        self._window.give(share, now)

    def leave(self, entered: Pass) -> None:
        """The slot is free again: at the answer, not after the commit."""
        self.in_flight -= 1

    def pause(self, now: float, seconds: float) -> None:
        """The target asked for quiet (429 with Retry-After): nothing goes to it before that."""
        self._paused_until = max(self._paused_until, now + seconds)
