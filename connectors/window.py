"""At most so many requests in any window of time, wherever it begins. Pure: times are monotonic seconds, passed in.

Besides, they are spaced: a burst that arrives late meets the next one at the API, single requests hardly do.
"""

from collections import deque

from connectors.share import NOTHING, Share

# Sleeping as long as told must be enough, whatever the rounding.
ROUNDING_S = 1e-9


class SlidingWindow:
    """`stretch`: each window is longer than the API's by this factor, since requests may arrive closer together than
    they left. `burst_s`: so many seconds' worth of the share may go at once after a rest.

    A share that is smaller than before counts at once; what was gained counts only after a second, when whoever had it
    before has been silent for so long.
    """

    def __init__(self, share: Share, stretch: float, burst_s: float) -> None:
        self._stretch, self._burst_s = stretch, burst_s
        self._shares: deque[tuple[float, Share]] = deque([(float("-inf"), share)])
        self._taken: deque[float] = deque()
        self._spaced_until = float("-inf")

    def give(self, share: Share, now: float) -> None:
        """The share from now on."""
        self._shares.append((now, share))

    def wait_s(self, now: float) -> float:
        """How long until one may go; 0: now; infinite: not with this share."""
        share = self._share(now)
        if share.count == 0:
            return self._shares[1][0] + self._stretch - now if len(self._shares) > 1 else float("inf")
        until = self._spaced_until - max(0.0, self._burst_s - self._interval_s(share))
        if len(self._taken) >= share.count:
            until = max(until, self._taken[-share.count] + share.window_s * self._stretch)
        return until - now if until - now > ROUNDING_S else 0.0

    def take(self, now: float) -> None:
        """One goes, as `wait_s` said that it may. Raises `ValueError` where it may not."""
        if self.wait_s(now) > 0:
            raise ValueError("none may go now")
        self.count(now)

    def count(self, now: float) -> None:
        """One goes, whether it may or not: those after it wait longer."""
        interval_s = self._interval_s(self._share(now))
        self._spaced_until = max(self._spaced_until, now) + interval_s
        self._taken.append(now)
        while len(self._taken) > 1 and self._taken[0] <= now - self._stretch:
            self._taken.popleft()  # longer windows are for one request: the last one is enough

    def _interval_s(self, share: Share) -> float:
        return share.window_s * self._stretch / share.count if share.count else 0.0

    def _share(self, now: float) -> Share:
        """The smallest of the last second."""
        while len(self._shares) > 1 and self._shares[1][0] <= now - self._stretch:
            self._shares.popleft()
        return min((share for _, share in self._shares), key=lambda each: each.rate, default=NOTHING)
