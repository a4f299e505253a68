"""What the checker says."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


class Verdict(StrEnum):
    LOST = "lost"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `subject` finds it again (a receipt, a place in Kafka, an order key, a command id)."""

    verdict: Verdict
    subject: str
    detail: str


def lost(subject: str, detail: str) -> Finding:
    return Finding(Verdict.LOST, subject, detail)


def doubled(subject: str, detail: str) -> Finding:
    return Finding(Verdict.DOUBLED, subject, detail)


Item = TypeVar("Item", bound=Hashable)


def exactly_once(wanted: Iterable[Item], found: Iterable[Item], what: str) -> Iterator[Finding]:
    """Each wanted thing must be found once, and nothing else may be found: that would be an effect without a cause."""
    counts = Counter(found)
    for item in dict.fromkeys(wanted):
        times = counts.pop(item, 0)
        if times == 0:
            yield lost(f"{item}", f"{what}: not there")
        elif times > 1:
            yield doubled(f"{item}", f"{what}: {times} times")
    for item in counts:
        yield doubled(f"{item}", f"{what}: there without a cause")
