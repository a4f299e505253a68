"""One page as the API wrote it, cut into its orders: their own bytes, never read and written anew. Pure.

The cut is by the scanner of `json` itself, which says where each value ends. Numbers stay the text that they are.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.pollers.position import Known
from streams.digest import digest_of
from streams.platforms.canonical import canonical
from streams.platforms.fields import moment
from streams.settings.poll import Poll

# Numbers as text: no digit is lost, however many there are, and the digest is the same for the same text.
_SPACE = re.compile(r"[ \t\n\r]*")
_SCANNER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


class Unreadable(Exception):
    """The answer is not a page. The message says what is wrong and which setting speaks of it, never a value."""


@dataclass(frozen=True, slots=True)
class Found:
    """One order on a page. `body` is exactly what the API wrote."""

    body: bytes
    known: Known


@dataclass(frozen=True, slots=True)
class Page:
    """`has_next`: None where the answer does not say."""

    orders: tuple[Found, ...]
    has_next: bool | None


def read_page(source: str, poll: Poll, body: bytes, now: datetime) -> Page:
    """`now`: the time of an order whose own cannot be read. Raises `Unreadable`."""
    try:
        text = body.decode("utf-8-sig")
        at = _space(text, 0)
        if not poll.results_field:
            return Page(tuple(_orders(source, poll.time_field, text, at, now)), None)
        spans = _members(text, at)
        if poll.results_field not in spans:
            raise Unreadable(f'the answer has no field "{poll.results_field}": see poll.results_field')
        following = _value(text, spans[poll.next_field]) if poll.next_field in spans else None
        has_next = bool(following) if poll.next_field in spans else None
        return Page(tuple(_orders(source, poll.time_field, text, spans[poll.results_field], now)), has_next)
    except UnicodeDecodeError:
        raise Unreadable("the answer is not UTF-8") from None
    except (ValueError, IndexError):
        raise Unreadable("the answer is not JSON of the expected form: see poll.path and poll.results_field") from None
    except RecursionError:
        raise Unreadable("the answer is nested too deep") from None


def read_list(source: str, time_field: str, body: bytes, now: datetime) -> list[Found]:
    """The orders of an answer that is nothing but their list. `now` as of `read_page`. Raises `Unreadable`."""
    try:
        text = body.decode("utf-8-sig")
        return _orders(source, time_field, text, _space(text, 0), now)
    except UnicodeDecodeError:
        raise Unreadable("the answer is not UTF-8") from None
    except (ValueError, IndexError, RecursionError):
        raise Unreadable("the answer is not a list of orders in JSON") from None


def digest(source: str, value: Any) -> str:
    """128 bits in hex over the document, whatever its spaces, escapes and order of fields; the record's `ce_id`."""
    return digest_of(b"orderlog.polled", source.encode(), canonical(value))


def _members(text: str, at: int) -> dict[str, int]:
    """Where the value of each field of the object at `at` begins; of a repeated one, the last."""
    if text[at] != "{":
        raise Unreadable("the answer is not a JSON object: see poll.path and poll.results_field")
    spans: dict[str, int] = {}
    at = _space(text, at + 1)
    while text[at] != "}":
        name, at = _SCANNER.raw_decode(text, at)
        at = _space(text, at)
        if not isinstance(name, str) or text[at] != ":":
            raise ValueError
        spans[name] = at = _space(text, at + 1)
        at = _separated(text, _end(text, at), "}")
    return spans


def _orders(source: str, time_field: str, text: str, at: int, now: datetime) -> list[Found]:
    if text[at] != "[":
        raise Unreadable("there is no list of orders in the answer: see poll.results_field")
    orders: list[Found] = []
    at = _space(text, at + 1)
    while text[at] != "]":
        value, end = _SCANNER.raw_decode(text, at)
        time = moment(value.get(time_field)) if isinstance(value, dict) else None
        known = Known(at=time if isinstance(time, datetime) else now, digest=digest(source, value))
        orders.append(Found(text[at:end].encode(), known))
        at = _separated(text, end, "]")
    return orders


def _separated(text: str, at: int, closing: str) -> int:
    """After a value: where the next one begins, or where `closing` stands."""
    at = _space(text, at)
    if text[at] == closing:
        return at
    if text[at] != ",":
        raise ValueError
    at = _space(text, at + 1)
    if text[at] == closing:
        raise ValueError
    return at


def _value(text: str, at: int) -> Any:
    return _SCANNER.raw_decode(text, at)[0]


def _end(text: str, at: int) -> int:
    return _SCANNER.raw_decode(text, at)[1]


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()
