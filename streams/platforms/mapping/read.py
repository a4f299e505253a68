"""What a plan finds in one item: values as they came, made fit for the vocabulary; null counts as absent.

Texts that look like numbers stay texts. Where a field only describes, a value that it cannot hold counts as absent; an
amount that is none is refused.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from streams.platforms.facts import flagged, number_lines, unknown_words
from streams.platforms.fields import ABSENT, Missing, identifier, moment, text
from streams.platforms.mapping.expressions import Expression, Work, evaluate
from streams.platforms.mapping.options import Plan
from streams.platforms.webhook import Undecodable

MEMBERS_MAX = 2000
# A number below it is of seconds since 1970 (until the year 5138), from there on of milliseconds.
MILLISECONDS_MIN = 100_000_000_000
# The year 10000, in milliseconds.
_TIME_MAX = 253_402_300_800_000

AMOUNTS = frozenset({"quantity", "unit_price", "tax", "total", "subtotal", "discount", "shipping_cost", "amount"})
TIMES = frozenset({"placed_at", "expected_at"})
# Our names for what the options call simply so.
FACTS = {"delivery_state": "platform_delivery_state", "type": "platform_type"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{9,13}(\.[0-9]{1,9})?")


def facts_of(plan: Plan, item: Any, work: Work) -> dict[str, Any]:
    """Every fact that the plan finds. Raises `Undecodable`."""
    facts: dict[str, Any] = {}
    for name, fields in plan.objects.items():
        found = _fields(fields, item, work)
        if name == "order":
            facts |= _order(plan, found)
        elif found:
            facts[name] = found
    for name, listed in plan.lists.items():
        members = _members(listed.each, item, work)
        if members is not None:
            facts[name] = _LISTS[name]([_fields(listed.fields, member, work) for member in members])
    return facts


def time_of(value: Any) -> datetime | Missing:
    """An ISO 8601 time, or a number of seconds or milliseconds since 1970, as a number or as its digits."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            return moment(value)
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        return ABSENT
    if value >= _TIME_MAX:
        return ABSENT
    seconds = Decimal(value) / 1000 if value >= MILLISECONDS_MIN else Decimal(value)
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (OverflowError, ArithmeticError):
        return ABSENT


def words_of(value: Any) -> str | None:
    """A word, or a number as one."""
    known = text(value)
    return known if isinstance(known, str) and known.strip() else None


def _order(plan: Plan, found: dict[str, Any]) -> dict[str, Any]:
    facts = {FACTS.get(name, name): value for name, value in found.items() if name not in ("status", "payment_status")}
    if (status := found.get("status")) is not None:
        facts["platform_status"] = status
        facts |= {"status": plan.statuses[status]} if status in plan.statuses else {}
    if (paid := found.get("payment_status")) is not None and paid in plan.payment_statuses:
        facts["payment_status"] = plan.payment_statuses[paid]
    said = (("status", status, plan.statuses), ("payment-status", paid, plan.payment_statuses))
    return flagged(facts, *unknown_words((kind, word, table) for kind, word, table in said if table))


def _fields(fields: Mapping[str, Expression], value: Any, work: Work) -> dict[str, Any]:
    found = {name: _value(name, expression, value, work) for name, expression in fields.items()}
    return {name: known for name, known in found.items() if known is not None and known is not ABSENT}


def _value(name: str, expression: Expression, item: Any, work: Work) -> Any:
    if name in AMOUNTS:
        return evaluate(expression, item, work)
    try:
        value = evaluate(expression, item, work)
    except Undecodable as error:
        if error.reason != "mapping-misfit":
            raise
        return ABSENT
    if name in TIMES:
        return time_of(value)
    if name == "instances":
        return _units(value)
    return format(value, "f") if isinstance(value, Decimal) else text(value)


def _members(each: Expression, item: Any, work: Work) -> list[Any] | None:
    """The members of a list; one object counts as a list of one; None where there is nothing."""
    found = evaluate(each, item, work)
    members = [found] if isinstance(found, dict) else found
    if members is None:
        return None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise Undecodable("invalid-field", f"{each.path}: is not a list of objects")
    if len(members) > MEMBERS_MAX:
        raise Undecodable("too-large", f"{each.path}: has more than {MEMBERS_MAX} members")
    return members


def _units(value: Any) -> list[dict[str, str]] | Missing:
    """Serialised units, each an object of texts such as its IMEI; one object counts as a list of one."""
    units = [value] if isinstance(value, dict) else value
    if not units:
        return ABSENT
    if not isinstance(units, list) or not all(isinstance(unit, dict) for unit in units):
        raise Undecodable("invalid-field", "lines.instances: is not a list of objects")
    if len(units) > MEMBERS_MAX:
        raise Undecodable("too-large", f"lines.instances: has more than {MEMBERS_MAX} members")
    return [{name: known for name, told in unit.items() if isinstance(known := text(told), str)} for unit in units]


def _lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line without a quantity is as many pieces as units are told of, or one; one without an id is known by its
    product, or its SKU."""
    counted = ({"quantity": len(line.get("instances", ())) or 1, **line} for line in lines)
    return number_lines([{**line, "id": _id(line) or _product(line)} for line in counted])


def _product(line: Mapping[str, Any]) -> str | None:
    return None if line.get("product_id") else line.get("sku")


def _payments(payments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A payment without an id has not taken place: there is no transaction."""
    return [payment for payment in payments if _id(payment)]


def _shipments(shipments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A shipment without an id is known by its tracking number."""
    return [{**one, "id": _id(one) or identifier(one.get("tracking_number")) or "shipment"} for one in shipments]


def _id(member: Mapping[str, Any]) -> str | None:
    return identifier(member.get("id"))


_LISTS = {"lines": _lines, "payments": _payments, "shipments": _shipments}
