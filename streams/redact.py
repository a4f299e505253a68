"""What may not be logged: secrets, bodies, customer data. The last processor before rendering."""

import re
from collections.abc import Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

MASK = "***"
TEXT_CHARS_MAX = 8000
DEPTH_MAX = 5

_SECRET = re.compile(
    r"secret|token|passw|passphrase|authorization|api[-_]?key|cookie|credential|signature|private[-_]?key|^mac$|^auth$",
    re.IGNORECASE,
)
_BODY = frozenset(
    (
        *("body", "payload", "value", "raw"),
        *("request", "request_body", "response", "response_body", "headers", "http_headers", "query", "http_query"),
        *("customer", "person", "email", "phone", "shipping_address", "billing_address"),
    )
)
# Words that are also names of folders, counts and the like: only structures under them are records.
_RECORD = frozenset(("data", "order", "lines"))
_IN_TEXT = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]+", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{MASK}@"),
    (re.compile(r"((?:token|secret|password|signature|api_?key)=)[^&\s\"']+", re.IGNORECASE), rf"\1{MASK}"),
)


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Masks what looks like a secret, drops what looks like a body, and cuts text to a bound.

    Numbers pass under any key (`body_bytes`, `token_count`): it is text and structures that carry people's data.
    """
    return {key: _clean(key, value, 0) for key, value in event.items()}


def _clean(key: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET.search(key):
        return MASK
    if key.lower() in _BODY or (key.lower() in _RECORD and not isinstance(value, str)):
        return f"({len(value)} left out)" if hasattr(value, "__len__") else "(left out)"
    return _scrub(value, depth)


def _scrub(value: Any, depth: int) -> Any:
    if isinstance(value, bytes | bytearray):
        value = bytes(value[:TEXT_CHARS_MAX]).decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth >= DEPTH_MAX:
        return "(too deep)"
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [item if isinstance(item, int | float) else _scrub(item, depth + 1) for item in value]
    return value


def _text(value: str) -> str:
    for pattern, masked in _IN_TEXT:
        value = pattern.sub(masked, value)
    return value if len(value) <= TEXT_CHARS_MAX else f"{value[:TEXT_CHARS_MAX]}… ({len(value)} characters)"
