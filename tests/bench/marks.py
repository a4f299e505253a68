"""What each figure must reach: the table of DESIGN section 9. The only figures that are written down here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """`first` is demanded, `aim` is wanted; `at_most`: smaller is better."""

    first: float
    aim: float
    at_most: bool = False

    def verdict(self, judged: float) -> str:
        """`aim`, `first mark` or `missed`."""
        if self._holds(judged, self.aim):
            return "aim"
        return "first mark" if self._holds(judged, self.first) else "missed"

    def _holds(self, judged: float, bound: float) -> bool:
        return judged <= bound if self.at_most else judged >= bound


INGEST_TO_ECHO = Mark(0.4, 0.6)
RUNTIME_TO_QUIX = Mark(1.5, 2.3)
PIPELINE_TO_QUIX = Mark(1, 1.5)
PIPELINE_TO_FAUST = Mark(4, 8)
PIPELINE_TO_BARE_LOOP = Mark(0.5, 0.75)
DELIVERED_P50_MS = Mark(150, 80, at_most=True)
DELIVERED_P99_MS = Mark(500, 250, at_most=True)
RESTORE_PER_S = Mark(50_000, 200_000)
