"""How long to wait before a program is started again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first_s`, doubled with each failure in a row up to `max_s`, less up to `jitter` (a share of it).

    A program that ran for `healthy_s` begins anew. The first wait is short: a worker killed once is to be back soon.
    """

    first_s: float = 0.2
    factor: float = 2
    max_s: float = 30
    jitter: float = 0.5
    healthy_s: float = 30

    def delay_s(self, failures: int, chance: float) -> float:
        """The wait after this many failures in a row (from 1). `chance` is uniform in [0, 1)."""
        exponent = min(failures - 1, 64)  # beyond that a float overflows, and max_s holds long before
        return float(min(self.first_s * self.factor**exponent, self.max_s)) * (1 - self.jitter * chance)

    def failures(self, before: int, ran_s: float) -> int:
        """How many failures in a row this makes."""
        return 1 if ran_s >= self.healthy_s else before + 1
