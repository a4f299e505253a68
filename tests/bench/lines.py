"""The arithmetic of a benchmark: samples → medians → ratios → verdicts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.marks import Mark

MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Samples:
    """What one thing gave, run by run. The median counts: one disturbed run does not move it."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def value(self) -> float:
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. With a reference the ratio of the medians is judged, without one the value itself.

    `note` tells how it was taken, where the name does not.
    """

    figure: str
    ours: Samples
    reference: Samples | None = None
    mark: Mark | None = None
    note: str = ""
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The figure without what it is compared with, or which part of it this is."""
        return self.figure.partition(" ÷ ")[0].partition(", p")[0]

    @property
    def ratio(self) -> float | None:
        return None if self.reference is None else self.ours.value / self.reference.value

    @property
    def judged(self) -> float:
        return self.ours.value if self.ratio is None else self.ratio

    @property
    def verdict(self) -> str:
        """`aim`, `first mark`, `missed`, or `measured` where no mark is set."""
        return MEASURED if self.mark is None else self.mark.verdict(self.judged)

    def to_dict(self) -> dict[str, object]:
        """For the JSON file."""
        return {
            "figure": self.figure,
            "unit": self.ours.unit,
            "value": self.ours.value,
            "samples": list(self.ours.values),
            "reference": None if self.reference is None else self.reference.name,
            "reference_value": None if self.reference is None else self.reference.value,
            "reference_samples": None if self.reference is None else list(self.reference.values),
            "ratio": self.ratio,
            "first_mark": None if self.mark is None else self.mark.first,
            "aim": None if self.mark is None else self.mark.aim,
            "smaller_is_better": self.mark is not None and self.mark.at_most,
            "reached": self.verdict,
            "note": self.note,
            **self.extra,
        }


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank: the smallest value that `percent` of all values do not exceed. Raises `ValueError` of none."""
    if not values:
        raise ValueError("no values")
    rank = -(-percent * len(values) // 100)
    return sorted(values)[max(int(rank), 1) - 1]


def rate_after_warm_up(times_s: Sequence[float], warm_up: float) -> float:
    """Events per second after the first `warm_up` (a share) of them. Raises `ValueError` where no time has passed."""
    ordered = sorted(times_s)
    first = int(len(ordered) * warm_up)
    seconds = ordered[-1] - ordered[first] if ordered else 0.0
    if seconds <= 0:
        raise ValueError("all events have the same time")
    return (len(ordered) - 1 - first) / seconds
