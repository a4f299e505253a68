"""The fields of a request's document, read strictly: exact numbers, no unknown fields, each mistake with its path."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Any

from connectors.sandbox.commerceos.refusal import invalid
from streams.platforms import Undecodable
from streams.platforms.json import decode

Document = dict[str, Any]

# Of one number; sums and products of such numbers are exact within `exact`.
DIGITS_MAX = 25
_DIGITS_KEPT = 200

# What is named without a namespace (seed 002).
PLAIN = frozenset(("key", "currencyCode", "methodId", "mappedTypeName"))


def document(body: bytes) -> Document:
    """Raises `Refused`."""
    try:
        return decode(body)
    except Undecodable as error:
        raise invalid("InvalidJson", str(error)) from None


def only(found: Mapping[str, Any], known: Collection[str], path: str = "") -> None:
    """Raises `Refused` for a field that the API does not know: a real one would drop it without a word."""
    for name in found:
        if name not in known:
            raise invalid("UnknownField", f"there is no field {name}, or it cannot be written", _at(path, name))


def required(found: Mapping[str, Any], names: Collection[str], path: str = "") -> None:
    for name in names:
        if found.get(name) is None:
            raise invalid("MissingRequiredField", f"Field '{name}' is required", _at(path, name))


def identifiers(found: Any, path: str) -> dict[str, str]:
    """Of a reference `{"identifiers": {…}}`: namespaced names, each with a text."""
    if not isinstance(found, dict):
        raise invalid("InvalidReference", "is no object", path)
    only(found, ("identifiers",), path)
    return named(found.get("identifiers"), f"{path}.identifiers")


def named(found: Any, path: str) -> dict[str, str]:
    if not isinstance(found, dict) or not found:
        raise invalid("MissingRequiredField", "there is no identifier", path)
    for name, value in found.items():
        if "." not in name and name not in PLAIN:
            raise invalid("InvalidIdentifier", f"{name} has no namespace", path)
        if not isinstance(value, str) or not value:
            raise invalid("InvalidIdentifier", f"{name} is no text", path)
    return dict(found)


def non_empty(found: Any, path: str) -> list[Any]:
    if not isinstance(found, list):
        raise invalid("InvalidField", "is no list", path)
    if not found:
        raise invalid("EmptyArray", "is empty", path)
    return found


def text(found: Any, path: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise invalid("InvalidField", "is no text", path)
    return found


def decimal(found: Any, path: str) -> Decimal:
    """A JSON number, or its digits in quotes; exact."""
    if isinstance(found, bool) or not isinstance(found, int | str | Decimal):
        raise invalid("InvalidAmount", "is no number", path)
    try:
        number = Decimal(found)
    except InvalidOperation:
        raise invalid("InvalidAmount", "is no number", path) from None
    if not number.is_finite() or abs(number.adjusted()) > DIGITS_MAX or len(number.as_tuple().digits) > DIGITS_MAX:
        raise invalid("InvalidAmount", "is no number that can be kept", path)
    return number


def moment(found: Any, path: str) -> datetime:
    try:
        time = datetime.fromisoformat(text(found, path))
    except ValueError:
        raise invalid("InvalidField", "is no time of ISO 8601", path) from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def exact() -> AbstractContextManager[Context]:
    """Within it no amount is rounded."""
    return localcontext(prec=_DIGITS_KEPT)


def money(amount: Decimal) -> str:
    """At least two decimals, and never fewer than it has."""
    exponent = amount.as_tuple().exponent
    few = isinstance(exponent, int) and exponent > -2
    return f"{amount.quantize(Decimal('0.01')) if few else amount:f}"


def plain(amount: Decimal) -> str:
    """A quantity, without zeros that say nothing."""
    return f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"


def moment_text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
