"""A bound on requests per peer, with a bound on the peers that are remembered."""

from collections import OrderedDict
from collections.abc import Callable

PER_S = 10.0
BURST = 20.0
PEERS_MAX = 1000


class Rate:
    """A token bucket for each of the peers that came last. Behind a proxy all senders are one peer."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, peer: str) -> bool:
        """Whether one more request of this peer is within the rate; if so it is counted."""
        now_s = self._now_s()
        left, at_s = self._buckets.pop(peer, (BURST, now_s))
        left = min(BURST, left + (now_s - at_s) * PER_S)
        admitted = left >= 1
        self._buckets[peer] = (left - 1 if admitted else left, now_s)
        if len(self._buckets) > PEERS_MAX:
            self._buckets.popitem(last=False)
        return admitted
