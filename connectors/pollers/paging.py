"""What to ask next, when a round ends, and where the next one begins. Pure.

A round asks for page after page of the orders since a time. Numbered pages shift while they are read: an order that
leaves the list (it was delivered, and `query` asks for another status) moves the others forward, and one of them slips
through between two pages. So

- the next round begins `overlap_s` before the newest order: what has the same time, or was shown late, is found then;
- a round of one page is whole: nothing can slip through;
- after a round of several pages the next one begins `overlap_s` before what was newest when the round before it began,
  so every order is within two complete rounds at least; and where it brought an order older than that, it is repeated.

Where nothing leaves the list (no status in `query`) none can be missed. Where orders leave it, one would have to slip
through in every one of those rounds.

A list of more documents than the position remembers is recorded anew by each round that must read all of it. So what
may have been forgotten makes no round a repeated one, and is let be where no round can bring the position further.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.pollers.position import Known, Position, earlier, overlapping
from streams.settings.poll import Poll


@dataclass(slots=True)
class Round:
    """One round under way. `newest`, `before`: of the position when it began; `stray`: it brought what it should not.

    `met`: the digests of all documents that it has found. `overlong`: the one before it did not come to the list's end.
    """

    newest: datetime | None
    before: datetime | None
    page: int
    query: dict[str, str]
    pages: int = 0
    stray: bool = False
    overlong: bool = False
    met: set[str] = field(default_factory=set)


def begin(poll: Poll, position: Position, *, overlong: bool = False) -> Round:
    """A round before its first page."""
    since = position.since or poll.start_at
    query = dict(poll.query)
    if since is not None:
        query[poll.since_parameter] = _written(poll, since)
    return Round(position.newest, position.before, poll.page_first, query, overlong=overlong)


def parameters(poll: Poll, current: Round) -> dict[str, str]:
    """The query of the request for the round's present page."""
    return {**current.query, poll.page_parameter: str(current.page)}


def let_be(current: Round, position: Position, forgot: datetime | None) -> datetime | None:
    """Up to this time a document that is not remembered counts as recorded; None: none does.

    `forgot`: see `Position.forgot`. It is so where the API shows what was not asked for, and where no round ends: each
    would record the same documents again, for ever.
    """
    if forgot is None or current.overlong:
        return forgot
    return min(forgot, position.since) if position.since else None


def took(
    poll: Poll, current: Round, found: Iterable[Known], new: Iterable[Known], forgot: datetime | None = None
) -> None:
    """A page was read: what was on it, and what of that was new. `forgot`: see `Position.forgot`."""
    current.page += 1
    current.pages += 1
    current.met.update(known.digest for known in found)
    edge = None if current.before is None else overlapping(current.before, poll.overlap_s)
    unknown = (known for known in new if forgot is None or known.at > forgot)
    current.stray = current.stray or any(edge is None or known.at <= edge for known in unknown)


def broke_off(current: Round) -> None:
    """A page that there was is not there any more: the list has become shorter under the round."""
    current.pages += 1
    current.stray = True


def next_begin(poll: Poll, current: Round, position: Position) -> datetime | None:
    """Where the next round begins after this one has ended; None: where this one began.

    `position`: with all that the round brought.
    """
    if current.pages <= 1:
        return overlapping(position.newest, poll.overlap_s) if position.newest else None
    if current.stray or current.before is None:
        return None
    return overlapping(current.before, poll.overlap_s)


def must_repeat(current: Round, begins: datetime | None) -> bool:
    """Whether the next round is to follow at once, instead of after the interval."""
    return begins is None and current.pages > 1


def _written(poll: Poll, since: datetime) -> str:
    """As the API reads it. Where it compares days, "greater" may mean from the next day on: a day earlier is asked."""
    if poll.since_format == "date":
        return earlier(since, timedelta(days=1)).date().isoformat()
    return since.isoformat().replace("+00:00", "Z")
