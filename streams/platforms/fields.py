"""Readers for a platform's fields: lenient where a field only describes, strict where an order would be wrong.

A table maps our field to the platform's key and a reader. A key that is not there stays absent; null stays null; a
value that a describing field cannot hold (a list for a name) counts as absent. Amounts go through untouched: the
vocabulary refuses what is not an exact amount.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from streams.platforms.webhook import Undecodable

Object = Mapping[str, Any]

ID_CHARS_MAX = 200
# A source, a shop's id (escaped: up to three characters for one) and an order's.
ORDER_KEY_CHARS_MAX = 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_MAX = 253_402_300_800_000  # the year 10000
_WORD_CHARS_MAX = 64


class Missing(Enum):
    """Told apart from null."""

    ABSENT = "absent"


ABSENT: Final = Missing.ABSENT


class Inexact(Exception):
    """A fast parser has rounded what may be an id: ask the exact one."""


Reader = Callable[[Any], Any]
Table = Mapping[str, tuple[str, Reader]]


def pick(source: Object, table: Table) -> dict[str, Any]:
    """Our fields from `source`, only those it has; null for those it has as null."""
    found: dict[str, Any] = {}
    for field, (key, read) in table.items():
        value = source.get(key, ABSENT)
        if value is None:
            found[field] = None
        elif value is not ABSENT and (known := read(value)) is not ABSENT:
            found[field] = known
    return found


def child(source: Object, key: str) -> Object:
    """The object under `key`; an empty one where there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def children(source: Object, key: str) -> list[Object] | None:
    """The objects in the list under `key`; None where there is no list."""
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else None


def members(source: Object, key: str) -> list[Object] | None:
    """The objects in the list under `key`, all of them; None where the key is absent or null.

    Raises `Undecodable` (`invalid-field`) for what is no list of objects: without the lines that were left out, or with
    none, it would be another order.
    """
    value = source.get(key)
    if value is not None and not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
        raise Undecodable("invalid-field", f"{key}: is not a list of objects")
    return value


def identifier(value: Any) -> str | None:
    """An id as a string, exact whatever its size; None where it identifies nothing.

    Raises `Inexact` for a float, which the exact decoder never gives.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= ID_CHARS_MAX and value.strip():
        return value
    if isinstance(value, float):
        raise Inexact
    return None


def reference(value: Any) -> str | None:
    """What others call an order of ours: its key, which is longer than the ids in it; or an id."""
    is_key = isinstance(value, str) and ID_CHARS_MAX < len(value) <= ORDER_KEY_CHARS_MAX and ":" in value
    return value if is_key else identifier(value)


def native_id(shop: Any, order: Any) -> str | None:
    """`<shop>/<order>`, or None. A slash within the shop's id is escaped, so that no two pairs share a key."""
    left, right = identifier(shop), identifier(order)
    if left is None or right is None:
        return None
    return f"{left.replace('%', '%25').replace('/', '%2F')}/{right}"


def word(value: Any) -> str | None:
    """A platform's name for an event, where it is fit for headers and metrics."""
    if isinstance(value, str) and 0 < len(value) <= _WORD_CHARS_MAX and value.isascii() and value.isprintable():
        return value
    return None


def text(value: Any) -> str | Missing:
    """A string, or a number as one."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ABSENT


def amount(value: Any) -> Any:
    """As it came: the vocabulary parses it, and refuses it."""
    return value


def moment(value: Any) -> datetime | Missing:
    """An ISO 8601 time in UTC; one without an offset is taken as UTC."""
    if not isinstance(value, str):
        return ABSENT
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return ABSENT


def epoch_ms(value: Any) -> datetime | Missing:
    """A time in milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _MS_MAX:
        return ABSENT
    return _EPOCH + timedelta(milliseconds=value)
