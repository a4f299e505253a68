"""One way to read a platform's JSON: exact numbers, the last of duplicate keys, and a stable reason for every refusal.

Reasons: `not-utf-8`, `not-json`, `not-an-object`, `too-deep`, `number-too-long`, `not-finite`, `lone-surrogate`.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import orjson

from streams.platforms.fields import Inexact
from streams.platforms.webhook import Identity, Undecodable

Document = dict[str, Any]

UNKNOWN = Identity(None, None)

DEPTH_MAX = 64
NUMBER_CHARS_MAX = 64
# Of a number's first digit. `1e900000` would take half a minute to become an integer, and `1e9999999999` fits into no
# memory as text.
EXPONENT_MAX = 1000

_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def decode(body: bytes) -> Document:
    """The object in `body`, as `decode_value` reads it. Raises `Undecodable`."""
    value = decode_value(body)
    if not isinstance(value, dict):
        raise Undecodable("not-an-object", "the body is JSON, but not an object")
    return value


def decode_value(body: bytes) -> Any:
    """What is in `body`: integers as `int`, other numbers as `Decimal`, never a float. Raises `Undecodable`.

    A byte order mark is let pass. The same bytes give the same answer however deep the caller's stack is.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Undecodable("not-utf-8", f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Undecodable("not-json", f"the body is not JSON: {_where(error)}") from None
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        _refuse_deep(value)
    if _MAYBE_SURROGATE.search(body):
        _refuse_lone_surrogates(value)
    return value


def peek(body: bytes, read: Callable[[Document], Identity]) -> Identity:
    """What `read` finds in `body`, quickly; never raises. `read` must take any object whatever.

    orjson refuses little that the exact decoder takes, but rounds integers past 64 bits: then that one is asked.
    """
    try:
        value = orjson.loads(body)
        return read(value) if isinstance(value, dict) else UNKNOWN
    except (orjson.JSONDecodeError, Inexact):
        pass
    try:
        return read(decode(body))
    except Undecodable:
        return UNKNOWN


def number_of(text: str) -> Decimal | None:
    """The exact number that `text` writes; None where it writes none, no finite one, or one past the bounds above."""
    if len(text) > NUMBER_CHARS_MAX:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= EXPONENT_MAX else None


def _decimal(text: str) -> Decimal:
    if (number := number_of(text)) is None:
        raise _too_long()
    return number


def _integer(text: str) -> int:
    if len(text) > NUMBER_CHARS_MAX:
        raise _too_long()
    return int(text)


def _constant(name: str) -> NoReturn:
    raise Undecodable("not-finite", f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=_constant)


def _too_long() -> Undecodable:
    return Undecodable("number-too-long", f"a number is longer than {NUMBER_CHARS_MAX} characters or out of range")


def _too_deep() -> Undecodable:
    return Undecodable("too-deep", f"the body is nested deeper than {DEPTH_MAX} levels")


def _where(error: ValueError) -> str:
    return f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__


def _refuse_deep(value: Document) -> None:
    level: list[Any] = [value]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise _too_deep()


def _inner(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value
    return [inner for inner in values if isinstance(inner, dict | list)]


def _refuse_lone_surrogates(value: Document) -> None:
    """Python lets `"\\ud800"` pass, but nothing can write it down as UTF-8 again."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise Undecodable("lone-surrogate", "a string holds half of a surrogate pair") from None
