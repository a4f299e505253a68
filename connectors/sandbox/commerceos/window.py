"""At most so many requests in any window of time, not just in those that begin at a full second."""

from collections import deque


class SlidingWindow:
    """Times in monotonic seconds. `busiest`: the most that came within any one window, those refused among them."""

    def __init__(self) -> None:
        self.busiest = 0
        self.refused = 0
        self._let_in: deque[float] = deque()
        self._came: deque[float] = deque(maxlen=1_000_000)

    def wait_s(self, now: float, requests_max: int, window_s: float) -> float:
        """0 and counted, where there is room; else how long until there is."""
        self._came.append(now)
        _forget(self._came, now - window_s)
        _forget(self._let_in, now - window_s)
        self.busiest = max(self.busiest, len(self._came))
        if len(self._let_in) >= requests_max:
            self.refused += 1
            return max(1e-6, self._let_in[len(self._let_in) - requests_max] + window_s - now)
        self._let_in.append(now)
        return 0.0


def _forget(times: deque[float], until: float) -> None:
    while times and times[0] <= until:
        times.popleft()
