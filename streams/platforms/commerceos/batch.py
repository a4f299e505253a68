"""The items of a body: one object, a list of them, or lines of either (NDJSON), each apart from the others.

A pass that checks nothing finds where each item begins and ends; `streams.platforms.json` then reads each by itself. So
a NaN, half a surrogate pair or a byte that is not UTF-8 costs its own item, not its neighbours.
"""

import json
import re

from streams.platforms.webhook import Undecodable

# A page of CommerceOS has 50 to 100 items, its NDJSON streams 1,000 and more.
ITEMS_MAX = 5000
# What the finding pass walks into; deeper text is one item, which is then refused as `too-deep`.
DEPTH_MAX = 200

_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(r"[ \t\r\n]*")
# Possessive, and with the last quote optional: linear even where a string never ends.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def _nothing(_: str) -> None:
    """Numbers are not looked at here."""


_FINDER = json.JSONDecoder(parse_float=_nothing, parse_int=_nothing, parse_constant=_nothing, strict=False)


def split(body: bytes) -> list[bytes]:
    """The text of each item, in order. Raises `Undecodable`: `not-json` (nothing at all), `too-many-items`."""
    text = body.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    items = _items(text)
    if items is None:
        items = [item for line in lines(text) for item in _or_itself(line)]
        if not items:
            raise Undecodable("not-json", "the body is empty")
    if len(items) > ITEMS_MAX:
        raise too_many()
    return [item.encode("utf-8", "surrogateescape") for item in items]


def lines(text: str) -> list[str]:
    """The lines that are not blank. Raises `Undecodable` (`too-many-items`) before any of them is looked at."""
    found = [line for line in text.split("\n") if line.strip()]
    if len(found) > ITEMS_MAX:
        raise too_many()
    return found


def too_many() -> Undecodable:
    return Undecodable("too-many-items", f"there are more than {ITEMS_MAX} items in one body")


def _or_itself(line: str) -> list[str]:
    items = _items(line)
    return [line] if items is None else items


def _items(text: str) -> list[str] | None:
    """The items of one JSON text; None where it is not one."""
    if _is_deep(text):
        return None
    at = _skip(text, 0)
    try:
        items, end = _listed(text, at + 1) if text.startswith("[", at) else _single(text, at)
    except (ValueError, RecursionError):
        return None
    return items if _skip(text, end) == len(text) else None


def _single(text: str, at: int) -> tuple[list[str], int]:
    _, end = _FINDER.raw_decode(text, at)
    return [text[at:end]], end


def _listed(text: str, at: int) -> tuple[list[str], int]:
    """The items of a list whose bracket is behind us. Raises `ValueError` where it is none, `Undecodable`."""
    items: list[str] = []
    at = _skip(text, at)
    if text.startswith("]", at):
        return items, at + 1
    while True:
        if len(items) >= ITEMS_MAX:
            raise too_many()
        found, end = _single(text, at)
        items += found
        at = _skip(text, end)
        if text.startswith("]", at):
            return items, at + 1
        if not text.startswith(",", at):
            raise ValueError("neither a comma nor the end of the list")
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        if (first := token[0][0]) != '"':
            depth += 1 if first in "[{" else -1
            if depth > DEPTH_MAX:
                return True
    return False
