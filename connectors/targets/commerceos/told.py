"""What of an answer of CommerceOS is looked at. Pure, never raises, and never shows what could be a customer's."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from connectors.exchange import Answer
from connectors.schedule import http_date

REF_CHARS_MAX = 200

# A code of an error and the path of a field are the API's words; a message may hold anything.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}([./\[]{1,2}[A-Za-z0-9_-]{1,40}\]?){0,8}")
_WORD = re.compile(r"[A-Za-z]{1,40}")


def is_page(answer: Answer) -> bool:
    """HTML: of whatever stands in front of the API, whatever its status."""
    return "html" in answer.headers.get("content-type", "").lower() or answer.body.lstrip()[:1] == b"<"


def document(answer: Answer) -> Any:
    """None where it is no JSON, or was cut."""
    try:
        return None if answer.is_cut else orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def is_no_record(answer: Answer) -> bool:
    """Something else than a JSON object. Nothing at all is no contradiction, nor is what was cut."""
    return bool(answer.body.strip()) and not answer.is_cut and not isinstance(document(answer), Mapping)


def clock(answer: Answer) -> datetime | None:
    """What time it is there (`Date`, RFC 9110 section 6.6.1); None where it does not say."""
    try:
        found = http_date(answer.headers.get("date", ""))
        return found and found.astimezone(UTC)
    except OverflowError:
        return None


def problem(answer: Answer) -> str:
    """The status, and what the API calls the mistake."""
    found = document(answer)
    code, path = _matching(_CODE, at(found, "code")), _matching(_FIELD, at(found, "path"))
    return f"HTTP {answer.status}{f' {code}' if code else ''}{f' ({path})' if path else ''}"


def statuses(thing: Any) -> frozenset[str]:
    """`status` is a list of words, of some things one word."""
    found = at(thing, "status")
    words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(word for word in words if _matching(_WORD, word))


def key(thing: Any) -> str | None:
    """The database key."""
    found = at(at(thing, "identifiers"), "key")
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found) if 0 < len(str(found)) <= REF_CHARS_MAX else None


def has(thing: Any, namespace: str) -> bool:
    """Whether it is named in that namespace."""
    return at(at(thing, "identifiers"), namespace) is not None


def listed(thing: Any, name: str) -> list[Any]:
    found = at(thing, name)
    return found if isinstance(found, list) else []


def differs(thing: Any, amount: str) -> bool:
    """Whether the thing is shown with another amount. What is not to be read says nothing."""
    found = at(thing, "amount")
    try:
        return isinstance(found, str) and Decimal(found) != Decimal(amount)
    except InvalidOperation:
        return False


def at(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else None


def identified(things: Iterable[Any], namespace: str) -> list[str]:
    """Their ids in that namespace, of those that have one."""
    found = [at(at(each, "identifiers"), namespace) for each in things]
    return [id for id in found if isinstance(id, str) and id]


def text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")


def mentioned(text: str, skus: Iterable[str]) -> list[str]:
    """Which of these the text names, as words of their own."""
    return [sku for sku in dict.fromkeys(skus) if re.search(rf"(?<![\w-]){re.escape(sku)}(?![\w-])", text)]


def _matching(pattern: re.Pattern[str], found: Any) -> str | None:
    return found if isinstance(found, str) and pattern.fullmatch(found) else None
