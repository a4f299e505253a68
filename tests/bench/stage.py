"""What a figure is given: the broker, a folder of its own, how large to be, and where to say how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

PARTITIONS = 4


@dataclass(slots=True)
class Stage:
    """`scale`: 1 for the real thing, less for a quick look. `repeats`: how often each side runs, taking turns."""

    bootstrap: str
    folder: Path
    scale: float
    repeats: int
    say: Callable[[str], None]
    peers: dict[str, str] = field(default_factory=dict)
    profile: Path | None = None
    _numbers: "count[int]" = field(default_factory=count)

    def sized(self, number: int) -> int:
        """`number`, scaled."""
        return max(1, int(number * self.scale))

    def name(self, prefix: str) -> str:
        """A name that nothing else in this run has."""
        return f"bench-{prefix}-{next(self._numbers)}"
