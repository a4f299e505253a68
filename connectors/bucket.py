"""A token bucket: the rate of a poller. Pure: the time is passed in (monotonic seconds).

The rate of a target, which nobody may exceed over any second: connectors.window.
"""

# What may go at once after a rest, in seconds' worth of the rate. Small: a strict API counts per window, and in any
# window of T seconds at most rate * T + rate * BURST_S + 1 requests leave here.
BURST_S = 0.02


class TokenBucket:
    """Never gives more than `rate_per_second` over time."""

    def __init__(self, rate_per_second: float, now: float) -> None:
        self._rate = rate_per_second
        self._capacity = max(1.0, rate_per_second * BURST_S)
        self._tokens = self._capacity
        self._at = now

    def wait_s(self, now: float) -> float:
        """How long until a token is there; 0 where one is."""
        self._refill(now)
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def take(self, now: float) -> None:
        """Takes the token that `wait_s` said is there. Raises `ValueError` where there is none."""
        self._refill(now)
        if self._tokens < 1:
            raise ValueError("no token")
        self._tokens -= 1

    def _refill(self, now: float) -> None:
        # A full token, not 0.999…: rounding must not cost another wait.
        tokens = self._tokens + max(0.0, now - self._at) * self._rate
        self._tokens = min(self._capacity, tokens if abs(tokens - 1) > 1e-9 else 1.0)
        self._at = max(self._at, now)
