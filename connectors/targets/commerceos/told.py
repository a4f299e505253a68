"""What of an answer of CommerceOS is looked at. Pure, never raises, and never shows what could be a customer's."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from connectors.exchange import Answer

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


def problem(answer: Answer) -> str:
    """The status, and what the API calls the mistake."""
    found = document(answer)
    told = found if isinstance(found, Mapping) else {}
    code, path = _matching(_CODE, told.get("code")), _matching(_FIELD, told.get("path"))
    return f"HTTP {answer.status}{f' {code}' if code else ''}{f' ({path})' if path else ''}"


def statuses(thing: Any) -> frozenset[str]:
    """`status` is a list of words, of some things one word."""
    found = thing.get("status") if isinstance(thing, Mapping) else None
    words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(word for word in words if _matching(_WORD, word))


def key(thing: Any) -> str | None:
    """The database key."""
    ids = thing.get("identifiers") if isinstance(thing, Mapping) else None
    found = ids.get("key") if isinstance(ids, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found) if 0 < len(str(found)) <= REF_CHARS_MAX else None


def has(thing: Any, namespace: str) -> bool:
    """Whether it is named in that namespace."""
    ids = thing.get("identifiers") if isinstance(thing, Mapping) else None
    return isinstance(ids, Mapping) and namespace in ids


def listed(thing: Any, name: str) -> list[Any]:
    found = thing.get(name) if isinstance(thing, Mapping) else None
    return found if isinstance(found, list) else []


def differs(thing: Any, amount: str) -> bool:
    """Whether the thing is shown with another amount. What is not to be read says nothing."""
    found = thing.get("amount") if isinstance(thing, Mapping) else None
    try:
        return isinstance(found, str) and Decimal(found) != Decimal(amount)
    except InvalidOperation:
        return False


def mentioned(answer: Answer, skus: Iterable[str]) -> list[str]:
    """Which of these the answer names."""
    text = answer.body.decode("utf-8", "replace")
    return [sku for sku in dict.fromkeys(skus) if re.search(rf"(?<![\w-]){re.escape(sku)}(?![\w-])", text)]


def _matching(pattern: re.Pattern[str], found: Any) -> str | None:
    return found if isinstance(found, str) and pattern.fullmatch(found) else None
