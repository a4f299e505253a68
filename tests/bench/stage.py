"""What a figure is given: the broker, a folder of its own, how large to be, and where to say how far it is."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

PARTITIONS = 4
# On a busy machine a figure has fewer turns rather than more time.
FIGURE_S = 50.0


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

    def turns(self) -> Iterator[int]:
        """Turn by turn, until there are `repeats` or, after the first, the time for one figure is up."""
        begun = time.monotonic()
        for turn in range(self.repeats):
            if turn and time.monotonic() - begun > FIGURE_S:
                return
            self.say(f"turn {turn + 1} of {self.repeats}")
            yield turn

    def sized(self, number: int) -> int:
        """`number`, scaled."""
        return max(1, int(number * self.scale))

    def name(self, prefix: str) -> str:
        """A name that nothing else in this run has."""
        return f"bench-{prefix}-{next(self._numbers)}"
