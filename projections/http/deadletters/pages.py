"""Lists in pages: a bound, and a cursor that names the last row of a page rather than its number. Pure.

So a page neither repeats nor leaves out a row, whatever is decided between two of them.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from connectors.deadletters.model import Decision, Letter
from projections.http.problems import Refusal

Row = TypeVar("Row")
Key = tuple[str, ...]

LIMIT, LIMIT_MAX = 100, 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`count`: of all rows that match. `next`: the cursor of the page after this, None on the last."""

    rows: Sequence[Row]
    count: int
    next: str | None


def page(rows: Sequence[Row], key: Callable[[Row], Key], limit: int, cursor: str | None) -> Page[Row]:
    """The first `limit` rows after the cursor. Raises `Refusal` where that is none of ours."""
    after = None if cursor is None else _parsed(cursor)
    ordered = sorted(rows, key=key)
    left = ordered if after is None else [row for row in ordered if key(row) > after]
    shown = left[:limit]
    return Page(shown, len(rows), _cursor(key(shown[-1])) if len(left) > len(shown) else None)


def letter_key(letter: Letter) -> Key:
    """By the time of death."""
    return _time(letter.at.timestamp()), letter.id


def decision_key(row: tuple[Decision, bool]) -> Key:
    """By the time of the decision; a decision may be written twice."""
    decision = row[0]
    place = decision.place
    return (
        _time(decision.at.timestamp()),
        decision.command_id,
        place.topic,
        f"{place.partition:06}",
        f"{place.offset:020}",
    )


def _time(stamp_s: float) -> str:
    return f"{stamp_s:020.6f}"


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def _parsed(cursor: str) -> Key:
    try:
        key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        key = None
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        raise Refusal("query-invalid", "cursor: not one that was given here")
    return tuple(key)
