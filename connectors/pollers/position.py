"""How far a poller has come: the one record of `polls.positions.<source>`, and what operators ask of it. Pure.

An order is known by the digest of its document, so that a changed order is news and an unchanged one is not.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from pydantic import Field

from streams.vocabulary.base import Model, Time, Whole

# Remembered documents. Past it the oldest are forgotten: they may be recorded again, and no order is the worse for it.
SEEN_MAX = 10_000
# What one of them takes in the record, generously; and all the rest of it.
SEEN_BYTES = 120
POSITION_BYTES = 16 * 1024

_FIRST = datetime.min.replace(tzinfo=UTC)


class TokenChain(Whole):
    """OAuth2 tokens that only who has the client secret can read. `began_with`: a MAC of the configured token."""

    began_with: str
    sealed: str


class Known(Whole):
    """One document that is in the topic: the digest that is its `ce_id`, and the time of its order."""

    at: Time
    digest: str


class Position(Whole):
    """`since`: what the present round asks for; None: everything. `newest`: the time of the newest order so far.

    `before`: what `newest` was when the last round that came to its end began.
    `seen`: the documents that the present round may find again, oldest first.
    """

    since: Time | None = None
    newest: Time | None = None
    before: Time | None = None
    seen: tuple[Known, ...] = ()
    tokens: TokenChain | None = None

    def knows(self) -> frozenset[str]:
        """The digests of what is recorded."""
        return frozenset(known.digest for known in self.seen)

    def forgot(self, seen_max: int) -> datetime | None:
        """Up to this time a document that is not remembered may be recorded all the same; None: all are remembered."""
        return self.seen[0].at if len(self.seen) >= seen_max else None

    def after_page(self, new: Iterable[Known], times: Iterable[datetime], now: datetime, seen_max: int) -> "Position":
        """With what a page brought: what was `new`, and the `times` of all orders on it.

        A time in the future (their clock, or a slip) must not carry the position off.
        """
        reached = [min(time, now) for time in times]
        newest = max([*reached, self.newest] if self.newest else reached, default=None)
        seen = tuple(sorted((*self.seen, *new), key=lambda known: known.at))[-seen_max:]
        return self.model_copy(update={"seen": seen, "newest": newest})

    def after_round(self, began: datetime | None, begin: datetime | None, met: Collection[str]) -> "Position":
        """At the end of a round that found `met`. `began`: `newest` at its beginning; `begin`: where the next one does.

        None: where this one did. Forgotten is what lies before that and was not found again: an API that does not heed
        `since` keeps showing it.
        """
        if begin is None:
            return self.model_copy(update={"before": began})
        since = max(begin, self.since) if self.since else begin
        seen = tuple(known for known in self.seen if known.at > since or known.digest in met)
        return self.model_copy(update={"since": since, "seen": seen, "before": began})

    def asked_from(self, since: datetime) -> "Position":
        """An operator wants the orders from `since` on looked for again."""
        return self.model_copy(update={"since": since, "newest": None, "before": None})

    def with_tokens(self, tokens: TokenChain | None) -> "Position":
        return self.model_copy(update={"tokens": tokens})


class PollRequest(Model):
    """An operator's: poll now; with `since`, everything from then on, even what was polled before."""

    since: Time | None = None
    who: str = Field(max_length=200)
    at: Time


def seen_max(record_bytes_max: int) -> int:
    """How many documents a position can remember that has to fit into one record."""
    return max(1, min(SEEN_MAX, (record_bytes_max - POSITION_BYTES) // SEEN_BYTES))


def overlapping(newest: datetime, overlap_s: float) -> datetime:
    """Where a round begins that must find what the API shows late, or with the same time as the newest."""
    return earlier(newest, timedelta(seconds=overlap_s))


def earlier(time: datetime, by: timedelta) -> datetime:
    """`time - by`, not before the year 1: that is how some write that there is no time."""
    return time - min(by, time - _FIRST)
