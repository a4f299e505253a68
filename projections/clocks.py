"""Which of two events came later, and which event each present value of an order came from.

A clock is (source time in µs, rank, time of receipt in µs, event id): the platform's own time first, then the
platform's order of events within that time, then arrival, then the id, so that no two events are equal. Arrival is not
by offset: a batch about several orders lies in any partition, and each source has a topic of its own.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from streams.vocabulary import OrderEvent
from streams.vocabulary.order import Bookkeeping, Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# The dedupe window: so many events of one order are remembered, for however long. It is by count and not by time, since
# senders repeat for very different spans: Duda at most 520 s, one that follows the Standard Webhooks' example 75 h,
# Selldone "several times" (no span is told), CommerceOS its snapshots for as long as it is told to. What is forgotten
# past that is what has a time of its own, the oldest first: a repeat of it changes nothing, see `fold`. A message
# without one (CommerceOS' shipments, the external system's reports, a mapping without `occurred_at`) is as of its
# receipt, so as it comes again it is news, unless it is remembered: it goes only after as many others of its kind.
SEEN_MAX = 512

# Earlier than any event.
NEVER: Clock = (-(1 << 62), 0, 0, "")

Held = tuple[tuple[Clock, tuple[str, ...]], ...]


def clock_of(event: OrderEvent) -> Clock:
    """Where `event` stands among the events of its order."""
    return (_micros(event.occurred_at), event.rank, _micros(event.received_at), event.id)


def heard_us(book: Bookkeeping) -> int:
    """The earliest source time of an order's events, as far as its record says: µs since 1970; without any, never."""
    if book.oldest is not None:
        return book.oldest
    return min((clock[0] for clock in book.seen), default=-NEVER[0])


def time_of(micros: int) -> datetime:
    """`micros`: µs since 1970."""
    return EPOCH + micros * MICROSECOND


def _micros(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def by_field(held: Held) -> dict[str, Clock]:
    """Field → the clock of the event that its value came from."""
    return {field: clock for clock, fields in held for field in fields}


def by_clock(clocks: Mapping[str, Clock]) -> Held:
    """The inverse of `by_field`, in one order whatever the history: most fields share the clock of a few events."""
    fields: dict[Clock, list[str]] = {}
    for field, clock in clocks.items():
        fields.setdefault(clock, []).append(field)
    return tuple((clock, tuple(sorted(names))) for clock, names in sorted(fields.items()))


def is_seen(seen: tuple[Clock, ...], event_id: str) -> bool:
    """Whether this event is among those remembered."""
    return any(clock[3] == event_id for clock in seen)


def is_beyond(seen: tuple[Clock, ...], clock: Clock) -> bool:
    """Whether such an event would be too old to be remembered: it may have been applied before."""
    return len(seen) >= SEEN_MAX and _worth(clock) < min(map(_worth, seen))


def remember(seen: tuple[Clock, ...], clock: Clock) -> tuple[Clock, ...]:
    """`SEEN_MAX` events, by clock; the window is the same whatever the order of arrival."""
    window = sorted((*seen, clock))
    if len(window) > SEEN_MAX:
        window.remove(min(window, key=_worth))
    return tuple(window)


def _worth(clock: Clock) -> tuple[bool, Clock]:
    """What is forgotten first is least: what has a time of its own, then what is older."""
    return clock[0] == clock[2], clock
