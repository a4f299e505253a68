"""What all our records share: frozen, absent is not null, money is decimal, times are UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Self

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

MONEY_DIGITS_MAX = 60
# For sums: so wide that none of amounts within the bound above is ever rounded. Operators of `Decimal` round to 28.
EXACT = Context(prec=4 * MONEY_DIGITS_MAX)

# The models are frozen: this is how pydantic itself fills a new one.
_SET = object.__setattr__


class Model(BaseModel):
    """A frozen value. Fields that were never given are absent from the JSON; fields given as null are null."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null", hide_input_in_errors=True)

    def to_json(self) -> bytes:
        """The record's JSON, UTF-8, without the fields that were never given."""
        return self.__pydantic_serializer__.to_json(self, exclude_unset=True)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Raises `pydantic.ValidationError` where `data` is not such a record."""
        return cls.model_validate_json(data)

    def updated(self, changes: Mapping[str, Any]) -> Self:
        """The same with other values, which are not validated: `model_copy(update=…)` in a third of its time.

        The fold makes several of these for each event.
        """
        made = type(self).__new__(type(self))
        _SET(made, "__dict__", {**self.__dict__, **changes})
        _SET(made, "__pydantic_fields_set__", self.__pydantic_fields_set__.union(changes))
        _SET(made, "__pydantic_extra__", None)
        _SET(made, "__pydantic_private__", None)
        return made

    def to_dict(self) -> dict[str, Any]:
        """The same JSON as Python values (strings for money and times)."""
        result: dict[str, Any] = orjson.loads(self.to_json())
        return result


class Whole(Model):
    """A record of ours: every field is always written out, defaults too, so that a reader needs no defaults."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    def model_post_init(self, context: Any, /) -> None:
        self.__pydantic_fields_set__.update(type(self).__pydantic_fields__)


def parse_money(value: object) -> Decimal:
    """A finite decimal of at most 60 digits in its canonical form: equal amounts are equal strings (`45.00` → `45`).

    A text is one in ASCII, with a point and an exponent where it has them, as in JSON; not what Python reads besides.

    Floats are refused: they have lost digits before they get here. Raises `ValueError`.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise ValueError(f"an amount must be a decimal, an integer or a string, not {type(value).__name__}")  # noqa: TRY004
    is_cacheable = len(value) <= MONEY_DIGITS_MAX if isinstance(value, str) else isinstance(value, Decimal)
    if is_cacheable and not (isinstance(value, Decimal) and value.is_nan()):  # a signalling NaN has no hash
        return _canonical_known(value)
    return _canonical(value)


def writes_number(text: str) -> bool:
    """Whether `Decimal` may read it: it takes `19_99` for 1999 too, and the digits of every script."""
    return text.isascii() and "_" not in text


def _canonical(value: Decimal | int | str) -> Decimal:
    if isinstance(value, str) and not writes_number(value):
        raise ValueError("an amount must be a decimal number")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError("an amount must be a decimal number") from None
    if not amount.is_finite():
        raise ValueError("an amount must be finite")
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    # As it will be written, so without an exponent: what is written must be read again.
    if len(digits) + max(exponent, 0) > MONEY_DIGITS_MAX or -exponent > MONEY_DIGITS_MAX:
        raise ValueError(f"an amount may have {MONEY_DIGITS_MAX} digits at most")
    stripped = list(digits)
    while exponent < 0 and stripped and stripped[-1] == 0:
        stripped.pop()
        exponent += 1
    if not any(stripped):
        return Decimal(0)
    return Decimal((sign, tuple(stripped), exponent))


# Amounts are read far more often than they differ. Only short texts: the cache is bounded by count, not by size.
_canonical_known = lru_cache(maxsize=8192)(_canonical)


Money = Annotated[
    Decimal,
    BeforeValidator(parse_money),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": "An exact decimal."}),
]


def to_utc(value: datetime) -> datetime:
    """A time without an offset is taken as UTC, as every platform of the seeds sends it. Raises `ValueError`."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999 once it is in UTC
        raise ValueError("a time out of range") from None


Time = Annotated[datetime, AfterValidator(to_utc)]


def _pii(kind: str) -> dict[str, Any]:
    return {"x-pii": kind}


# What a field may tell of a person. `identity`: an id or a number that leads to one. `text`: free text, in which
# anything may stand. `document`: a body or a document that has fields of all these kinds.
PII_NAME = _pii("name")
PII_CONTACT = _pii("contact")
PII_ADDRESS = _pii("address")
PII_IDENTITY = _pii("identity")
PII_TEXT = _pii("text")
PII_DOCUMENT = _pii("document")
