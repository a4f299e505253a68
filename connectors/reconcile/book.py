"""Our side, read from `orders.state`: of every order of a target's sources what is expected there. Blocking."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from pydantic import ValidationError

from connectors.deadletters.log import Log
from connectors.reconcile.ours import Expected, expected
from projections.spec import TargetSpec
from streams import topics
from streams.admin.errors import Refused
from streams.record import Record
from streams.vocabulary import Order

log = structlog.get_logger(__name__)

# What one comparison may come to: some 1 KB of memory each.
ORDERS_MAX = 500_000


@dataclass(slots=True)
class Book:
    """`orders`: those placed since the time that is asked for, by key; `known`: the keys of all, however old.

    `ends`: where the next look at the table begins.
    """

    orders: dict[str, Expected] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    ends: dict[int, int] = field(default_factory=dict)
    unreadable: int = 0


def read_book(log: Log, target: TargetSpec, sources: Collection[str], since: datetime | None) -> Book:
    """`since` None: all. Raises `Unreachable`, `Refused`."""
    book = Book()
    prefixes = tuple(f"{source}:".encode() for source in sources)
    for record in log.scan(topics.STATE):
        book.ends[record.partition] = record.offset + 1
        if record.key is not None and record.key.startswith(prefixes):
            _take(book, record, target, since)
            if len(book.orders) > ORDERS_MAX:
                raise Refused(f"there are more than {ORDERS_MAX} orders: say --since, so that they are fewer")
    return book


def changed_since(log: Log, ends: Mapping[int, int], keys: Collection[str]) -> frozenset[str]:
    """Those of `keys` whose state has changed since `ends`. Raises `Unreachable`, `Refused`."""
    wanted = {key.encode(): key for key in keys}
    found = (wanted.get(record.key or b"") for record in log.scan(topics.STATE, starts=ends))
    return frozenset(key for key in found if key is not None)


def _take(book: Book, record: Record, target: TargetSpec, since: datetime | None) -> None:
    key = (record.key or b"").decode(errors="replace")
    book.orders.pop(key, None)
    if record.value is None:
        book.known.discard(key)
        return
    book.known.add(key)
    try:
        order = Order.from_json(record.value)
    except ValidationError:
        book.unreadable += 1
        return
    placed_at = order.placed_at or order.updated_at  # not every platform tells when
    if since is None or (placed_at is not None and placed_at >= since):
        book.orders[key] = expected(order, target)
