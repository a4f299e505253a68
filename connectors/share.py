"""How much of a target's rate is whose: each worker's part goes by the partitions that it owns. Pure.

Each partition has a whole number of requests per second, and all partitions together have what there is: so the workers
together never exceed it, without asking each other. A worker whose partitions have less than one together still sends
one now and then: with a rate below the number of workers, one second may see as many as the rate and one of each such
worker.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from streams.settings.model import Target


@dataclass(frozen=True, slots=True)
class Share:
    """At most `count` requests in any `window_s` seconds."""

    count: int
    window_s: float = 1.0

    @property
    def rate(self) -> float:
        return self.count / self.window_s


NOTHING = Share(0)


def share(rate_per_second: float, owned: Collection[int], partitions: int) -> Share:
    """Of whoever owns these of so many partitions."""
    if not owned or rate_per_second <= 0:
        return NOTHING
    rate = Fraction(rate_per_second)
    count = sum(_upto(rate, each + 1, partitions) - _upto(rate, each, partitions) for each in owned)
    return Share(count) if count else Share(1, float(partitions / (rate * len(owned))))


def commands_rate(target: Target) -> float:
    """What of `rate_per_second` is for commands: more than nothing, which the settings see to."""
    return target.rate_per_second - (target.commerceos.set_aside_per_second if target.commerceos else 0.0)


def _upto(rate: Fraction, partition: int, partitions: int) -> int:
    """What all partitions before this one have together."""
    return rate * min(partition, partitions) // partitions
