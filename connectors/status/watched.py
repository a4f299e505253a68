"""What the watch of a target remembers in Kafka: of each order the last snapshot, and the last reconciliation. Pure.

A digest per order, not per page: a page is another one with every order that is placed, and the events of the other
ninety-nine orders would be written again each time, into a topic that is kept for ever.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from streams.vocabulary.base import Time, Whole

# No order has this id: the keys of orders begin with their source's name.
RECONCILED = b":reconciled"


class Watched(Whole):
    """Of an order: when it was made there (`at`), and the `digest` of its last snapshot that was recorded.

    Of the reconciliation: when it last came to its end; the `digest` is empty.
    """

    at: Time
    digest: str


def read(record: bytes | None) -> Watched | None:
    """None where there is none, or none that can be read: what it was about is taken for unknown."""
    try:
        return None if record is None else Watched.from_json(record)
    except ValidationError:
        return None


def forgotten(
    table: Iterable[tuple[bytes, bytes]], met: Collection[str], horizon: datetime, orders_max: int, *, is_whole: bool
) -> Mapping[bytes, None]:
    """What to forget after a round: what is not shown any more, and of too many the oldest.

    `is_whole`: the round came to the end of every list; else what it has not met may still be there, if it is young.
    Forgotten too early, a snapshot is recorded once more, and its events have the ids that they had.
    """
    gone: dict[bytes, None] = {}
    left: list[tuple[bytes, bytes]] = []
    for key, value in table:
        if key == RECONCILED:
            continue
        is_met = key.decode(errors="replace") in met
        if is_met or not (is_whole or _at(value) < horizon):
            left.append((key, value))
        else:
            gone[key] = None
    if (over := len(left) - orders_max) > 0:
        oldest = sorted(left, key=lambda each: _at(each[1]))
        gone |= {key: None for key, _ in oldest[:over]}
    return gone


def _at(record: bytes) -> datetime:
    """Older than anything where it cannot be read."""
    known = read(record)
    return datetime.min.replace(tzinfo=UTC) if known is None else known.at
