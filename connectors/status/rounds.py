"""What a round of polling asks for, page after page, and when it has seen all that can still change. Pure.

Of every source that goes to the target

- every order placed since the horizon (`since_s`), newest first, whatever its status;
- every older one with a line that is `Committed`, oldest first: approved and not fulfilled, however long it takes.

One that leaves the second list while it is read moves the others forward, and one of those may be passed over: the next
round has it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.status.queries import STATUS_FIELDS, Listing
from connectors.status.snapshot import Snapshot

OPEN = "Committed"


def listings(channel: str, sources: Iterable[str]) -> Sequence[Listing]:
    """`channel`: the namespace of the sources' names."""
    return [
        listing
        for source in sources
        for listing in (Listing(channel, source), Listing(channel, source, OPEN, is_newest_first=False))
    ]


@dataclass(slots=True)
class Round:
    """One round under way. `met`: the ids of all orders that it has found; `is_whole`: no list was given up half-way.

    `pages_max`: of one list.
    """

    listings: Sequence[Listing]
    horizon: datetime
    pages_max: int
    at: int = 0
    skip: int = 0
    pages: int = 0
    is_whole: bool = True
    met: set[str] = field(default_factory=set)

    @property
    def has_ended(self) -> bool:
        return self.at >= len(self.listings)

    def path(self, take: int) -> str:
        return self.listings[self.at].path(STATUS_FIELDS, self.skip, take)

    def took(self, found: Sequence[Snapshot]) -> None:
        """A page was read. Only an empty one says that the list is at its end: an API may give less than is asked."""
        self.pages += 1
        self.skip += len(found)
        self.met.update(each.id for each in found)
        is_at_its_end = not found or self._is_past(found[-1].at)
        if is_at_its_end or self.pages >= self.pages_max:
            self.is_whole = self.is_whole and is_at_its_end
            self.at, self.skip, self.pages = self.at + 1, 0, 0

    def _is_past(self, last: datetime) -> bool:
        return last < self.horizon if self.listings[self.at].is_newest_first else last >= self.horizon
