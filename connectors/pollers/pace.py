"""When the next request may go: the rate, the API's own "later", and longer waits while it fails. Pure."""

from connectors.bucket import TokenBucket
from connectors.schedule import jittered_s

BACKOFF_S = 1.0


class Pace:
    """Times are monotonic seconds."""

    def __init__(self, rate_per_second: float, backoff_s_max: float, now: float) -> None:
        self._bucket = TokenBucket(rate_per_second, now)
        self._backoff_s_max = backoff_s_max
        self._failures = 0
        self._due = self._backed_off = self._told_to_wait = now

    def wait_s(self, now: float) -> float:
        """0: a request may go."""
        return max(0.0, max(self._due, self._backed_off, self._told_to_wait) - now, self._bucket.wait_s(now))

    def take(self, now: float) -> None:
        """A request goes."""
        self._bucket.take(now)

    def room_s(self, now: float) -> float:
        """When a second request of the same step (with another token) may go."""
        return self._bucket.wait_s(now)

    def worked(self) -> None:
        self._failures = 0

    def failed(self, now: float, retry_after_s: float | None, random: float) -> float:
        """Gives the wait in seconds. `retry_after_s` is what the API asks for: never less. `random` is in [0, 1)."""
        self._failures += 1
        # The exponent is bounded: 2 ** 1024 is no float.
        delay_s = jittered_s(min(BACKOFF_S * 2 ** min(self._failures - 1, 32), self._backoff_s_max), random)
        self._backed_off = now + delay_s
        if retry_after_s is not None:
            self._told_to_wait = max(self._told_to_wait, now + retry_after_s)
        return max(delay_s, self._told_to_wait - now)

    def rest(self, now: float, seconds: float) -> None:
        """Nothing is due until then."""
        self._due = now + seconds

    def hurry(self, now: float) -> None:
        """Someone has asked: now, unless the API itself wants to be left alone."""
        self._due = self._backed_off = now
