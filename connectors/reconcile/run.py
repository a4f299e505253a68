"""One comparison of both sides. Our side is read first, in one go; then theirs, page by page, and told apart.

What moves meanwhile is no difference: an order that was told something in the last `GRACE`, one that changed here since
the table was read, and one that was made there after the beginning are left for the next run, and counted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from connectors.deadletters.log import Log, Progress, no_progress
from connectors.pollers.answer import Unreadable
from connectors.pollers.client import TOO_LARGE, PollError
from connectors.reconcile.book import Book, changed_since, read_book
from connectors.reconcile.compare import Difference, Kind, differences, unknown, unlisted
from connectors.reconcile.methods import unknown_methods
from connectors.reconcile.theirs import Shown, shown
from connectors.status.queries import BOOK_FIELDS, Listing, order_path
from connectors.status.reading import Reading
from connectors.status.snapshot import Snapshot, snapshots
from projections.spec import spec_of
from streams.settings.model import Settings, Target

T = TypeVar("T")

GRACE = timedelta(minutes=2)
# One clock against another's: an order may be made there a little before it was placed here.
SKEW = timedelta(hours=1)
PAGE_SIZE = 100
PAGES_MAX = 10_000
# Of orders that no page had each is asked for by itself; past so many it would take hours, and they are left unasked.
ASKED_MAX = 1000
# So many orders are compared in one go.
TURN = 500
RETRY_DELAYS_S = (1.0, 2.0, 5.0)


@dataclass(slots=True)
class Result:
    """`ours` and `theirs`: status → how many orders. `under_way`: those left for the next run.

    `unasked`: the orders that no page had and nobody has asked for: whether they are there is not known.
    `unchecked`: why the payment methods could not be looked at.
    """

    target: str
    since: datetime | None
    began: datetime
    ours: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    under_way: int = 0
    unreadable: int = 0
    unasked: list[str] = field(default_factory=list)
    unchecked: str = ""
    differences: list[Difference] = field(default_factory=list)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Nothing differs, as far as both sides are known, and they are."""
        return not self.differences and not self.unasked


class Stopped(Exception):
    """Nobody waits for the comparison any more."""


class Comparison:
    """`grace`: how long an order rests before it is compared. `progress`: what, how far, of how much.

    `asked_max`: so many orders are asked for by themselves.
    """

    def __init__(
        self,
        settings: Settings,
        target: Target,
        reading: Reading,
        now: Callable[[], datetime],
        progress: Progress = no_progress,
        grace: timedelta = GRACE,
        asked_max: int = ASKED_MAX,
    ) -> None:
        assert settings.kafka.bootstrap is not None
        assert target.identifiers is not None
        self._bootstrap, self._spec = settings.kafka.bootstrap, spec_of(settings, target)
        self._sources, self._names = settings.sources_of(target.name), target.identifiers
        self._target, self._reading, self._now = target, reading, now
        self._progress, self._grace, self._asked_max = progress, grace, asked_max
        self._take, self._is_stopped = PAGE_SIZE, False

    async def run(self, since: datetime | None) -> Result:
        """`since`: of orders placed then or later; None: all. Raises `PollError`, `Unreachable`, `Refused`."""
        result = Result(self._target.name, since, self._now())
        methods = await self._methods(result)
        book = await asyncio.to_thread(self._read_book, since)
        result.unreadable = book.unreadable
        result.ours.update(order.status for order in book.orders.values() if order.is_created or order.is_dead)
        found = await self._theirs(since, result, len(book.orders))
        rested = self._rested(book, result)
        told = await self._told_apart(book, found, rested, result)
        moved = await asyncio.to_thread(self._moved, book, {each.key for each in told})
        result.under_way += len({each.key for each in told if each.key in moved})
        result.differences = [each for each in told if each.key not in moved]
        result.differences += [unlisted(method, tuple(words)) for method, words in methods.items()]
        result.steps = {
            each.key: dict(book.orders[each.key].steps) for each in result.differences if each.key in book.orders
        }
        return result

    async def _methods(self, result: Result) -> Mapping[str, Sequence[str]]:
        """Who may read orders need not be allowed to read these; of an API that is gone the orders tell."""
        try:
            return await unknown_methods(self._reading, self._target)
        except PollError as error:
            result.unchecked = str(error)
            return {}

    def stop(self) -> None:
        """What is read of Kafka is given up: a thread cannot be cancelled."""
        self._is_stopped = True

    def _tell(self, what: str, done: int, total: int) -> None:
        if self._is_stopped:
            raise Stopped
        self._progress(what, done, total)

    def _read_book(self, since: datetime | None) -> Book:
        with Log(self._bootstrap, self._tell) as log:
            return read_book(log, self._spec, self._sources, since)

    def _moved(self, book: Book, keys: set[str]) -> frozenset[str]:
        if not keys:
            return frozenset()
        with Log(self._bootstrap, self._tell) as log:
            return changed_since(log, book.ends, keys)

    def _rested(self, book: Book, result: Result) -> list[str]:
        """The orders to compare."""
        edge = result.began - self._grace
        rested = [
            key
            for key, order in book.orders.items()
            if not order.waits and not (order.changed_at is not None and order.changed_at > edge)
        ]
        result.under_way += len(book.orders) - len(rested)
        return rested

    async def _told_apart(
        self, book: Book, found: dict[str, Shown], rested: Sequence[str], result: Result
    ) -> list[Difference]:
        told: list[Difference] = []
        asked = 0
        for number, key in enumerate(rested):
            if number % TURN == 0:
                await asyncio.sleep(0)  # deliveries go on meanwhile
            order, there = book.orders[key], found.get(key)
            if there is None and order.is_created:
                if asked >= self._asked_max:
                    result.unasked.append(key)
                    continue
                asked += 1
                there = await self._one(key)
            result.compared += order.is_created or order.is_dead
            told += differences(order, there)
        strangers = [(key, each) for key, each in found.items() if key not in book.known]
        begin, end = result.since, result.began - self._grace
        told += [unknown(key, each) for key, each in strangers if (begin is None or each.at >= begin) and each.at < end]
        return told

    async def _one(self, key: str) -> Shown | None:
        """An order that no page had: it may have another channel, or be older there."""
        path = order_path(self._names.order, key, BOOK_FIELDS)
        body = await self._patiently(partial(self._reading.get, path))
        return None if body is None else next(map(shown, self._read(b"[%s]" % body)), None)

    async def _theirs(self, since: datetime | None, result: Result, about: int) -> dict[str, Shown]:
        """What it shows of orders that were made there since then, by our id."""
        assert self._names.channel is not None
        edge = None if since is None else since - SKEW
        found: dict[str, Shown] = {}
        for source in self._sources:
            listing, skip = Listing(self._names.channel, source), 0
            for _ in range(PAGES_MAX):
                page = await self._page(listing, skip)
                young = [each for each in page if edge is None or each.at >= edge]
                found.update((each.id, shown(each)) for each in young)
                skip += len(page)
                self._progress(self._target.name, len(found), max(about, len(found)))
                if len(young) < len(page) or not page:
                    break
            else:
                raise PollError("too-many-pages", f"{source} has more than {skip} orders there: say --since")
        result.theirs.update(each.status for each in found.values() if since is None or each.at >= since)
        return found

    async def _page(self, listing: Listing, skip: int) -> Sequence[Snapshot]:
        while True:
            try:
                path = listing.path(BOOK_FIELDS, skip, self._take)
                return self._read(await self._patiently(partial(self._reading.page, path)))
            except PollError as error:
                if error.reason != TOO_LARGE or self._take == 1:
                    raise
                self._take = max(1, self._take // 2)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """One answer that does not come must not cost all the others. Raises `PollError` in the end."""
        for wait_s in RETRY_DELAYS_S:
            try:
                return await ask()
            except PollError as error:
                if error.reason == TOO_LARGE:
                    raise
                await asyncio.sleep(max(wait_s, error.retry_after_s or 0))
        return await ask()

    def _read(self, body: bytes) -> Sequence[Snapshot]:
        try:
            return snapshots(self._target.name, self._names.order, body, self._now())
        except Unreadable as error:
            raise PollError("unreadable", str(error)) from None


def counts(result: Result) -> dict[Kind, int]:
    """Kind → how many differences of it."""
    found = Counter(each.kind for each in result.differences)
    return {kind: found[kind] for kind in Kind}
