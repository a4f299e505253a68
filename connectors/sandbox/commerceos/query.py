"""What a path's operators mean. Pure: things that can be asked for fields in, plain JSON values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from typing import Any

from connectors.sandbox.commerceos.path import Condition, Operator, Step, condition, step
from connectors.sandbox.commerceos.refusal import invalid

TAKE_DEFAULT, TAKE_MAX = 1000, 10_000
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": gt,
    "<": lt,
    ">=": ge,
    "<=": le,
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing with fields, each made of it when it is asked for. `shown`: those that are given unasked."""

    thing: Any
    fields: Mapping[str, Callable[[Any], Any]]
    shown: tuple[str, ...] = ("identifiers",)

    def get(self, name: str) -> Any:
        """Raises `Refused` for a field that there is not."""
        if name not in self.fields:
            raise invalid("UnknownField", f"there is no field {name}", name)
        return self.fields[name](self.thing)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which fields. `only`: these and no others, by the name that they get."""

    extra: Mapping[str, "Asked"] = field(default_factory=dict)
    only: Mapping[str, tuple[Sequence[str], "Asked"]] | None = None
    everything: bool = False


def answer(value: Any, operators: Sequence[Operator]) -> Any:
    """JSON for what a path leads to. Raises `Refused`."""
    value = narrowed(value, operators)
    return project(value, asked(operators)) if not isinstance(value, int) else value


def asked(operators: Sequence[Operator]) -> Asked:
    """What `~with`, `~just` and `~withAll` ask for. Raises `Refused`."""
    extra: dict[str, Asked] = {}
    only: dict[str, tuple[Sequence[str], Asked]] | None = None
    for operator in operators:
        for each in operator.arguments if operator.name in ("with", "just") else ():
            alias, name, inner = _named(each)
            if operator.name == "with":
                extra[name] = inner
            else:
                only = {**(only or {}), alias: (name.split("/"), inner)}
    return Asked(extra, only, any(operator.name == "withAll" for operator in operators))


def project(value: Any, wanted: Asked) -> Any:
    """The fields that are wanted of a thing, or of each in a list. Raises `Refused` for one that there is not."""
    if isinstance(value, list):
        return [project(each, wanted) for each in value]
    if not isinstance(value, Resource):
        return value
    if wanted.only is not None:
        return {
            alias: project(first(values(value, path, is_strict=True)), inner)
            for alias, (path, inner) in wanted.only.items()
        }
    names = [*value.shown, *wanted.extra, *(value.fields if wanted.everything else ())]
    return {name: project(value.get(name), wanted.extra.get(name, Asked())) for name in dict.fromkeys(names)}


def values(value: Any, path: Sequence[str], *, is_strict: bool = False) -> list[Any]:
    """What is at a path: several where it leads through a list, none where there is nothing. Raises `Refused`."""
    if not path:
        return [value]
    name, rest = path[0], path[1:]
    if isinstance(value, list):
        if name.isdigit():
            return values(value[int(name)], rest) if int(name) < len(value) else []
        return [found for each in value for found in values(each, path)]
    if isinstance(value, Resource):
        if name not in value.fields and not is_strict:
            return []
        return values(value.get(name), rest)
    return values(value[name], rest) if isinstance(value, dict) and name in value else []


def first(found: list[Any]) -> Any:
    return found[0] if found else None


def narrowed(value: Any, operators: Sequence[Operator]) -> Any:
    """What of a list is meant: filtered, ordered, cut or counted, in the order of the operators. Raises `Refused`."""
    is_list = isinstance(value, list)
    is_taken = False
    for operator in operators:
        if operator.name in ("with", "withAll", "just"):
            continue
        if not isinstance(value, list):
            raise invalid("InvalidPath", f"~{operator.name} is for lists")
        value = _APPLY[operator.name](value, operator.arguments)
        is_taken = is_taken or operator.name == "take"
    return value[:TAKE_DEFAULT] if is_list and isinstance(value, list) and not is_taken else value


def _where(things: list[Any], arguments: Sequence[str]) -> list[Any]:
    conditions = [condition(each) for each in arguments]
    return [thing for thing in things if all(_holds(thing, each) for each in conditions)]


def _holds(thing: Any, wanted: Condition) -> bool:
    found = [each for each in values(thing, wanted.field) if each is not None]
    if wanted.value == "null" and wanted.sign in ("=", "!="):
        return (not found) == (wanted.sign == "=")
    if wanted.sign == "!=":
        return not any(_compares(each, "=", wanted.value) for each in found)
    return any(_compares(each, wanted.sign, wanted.value) for each in found)


def _compares(found: Any, sign: str, wanted: str) -> bool:
    """A list equals a value where it holds that one alone, and includes (`=~`) it where it holds it.

    What is equal is equal letter by letter: 1001 and 1001.0 are two ids. Greater and less go by number or time.
    """
    if isinstance(found, list):
        return wanted in found if sign == "=~" else sign == "=" and found == [wanted]
    if sign in ("=", "=~"):
        return str(found) == wanted if sign == "=" else wanted in str(found)
    left, right = comparable(found), comparable(wanted)
    if type(left) is not type(right):
        left, right = str(found), wanted
    return _SIGNS[sign](left, right)


def comparable(value: Any) -> Any:
    """A number as a number, a time as a time, all else as text."""
    text = str(value)
    try:
        number = Decimal(text)
        if number.is_finite():
            return number
    except InvalidOperation:
        pass
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=time.tzinfo or UTC)
    except ValueError:
        return text


def _order_by(things: list[Any], arguments: Sequence[str]) -> list[Any]:
    if len(arguments) != 1:
        raise invalid("InvalidPath", "~orderBy takes one field")
    path, _, direction = arguments[0].partition(":")
    if direction not in ("", "asc", "desc"):
        raise invalid("InvalidPath", "a field is ordered asc or desc")

    def key(thing: Any) -> tuple[str, Any]:
        found = comparable(first(values(thing, path.split("/"))))
        return type(found).__name__, found

    return sorted(things, key=key, reverse=direction == "desc")


def _number(arguments: Sequence[str], at_most: int) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal() or int(arguments[0]) > at_most:
        raise invalid("InvalidPath", f"a whole number up to {at_most} is missing")
    return int(arguments[0])


_APPLY: Mapping[str, Callable[[list[Any], Sequence[str]], Any]] = {
    "where": _where,
    "orderBy": _order_by,
    "skip": lambda things, arguments: things[_number(arguments, 10**9) :],
    "take": lambda things, arguments: things[: _number(arguments, TAKE_MAX)],
    "first": lambda things, _: first(things[:1]),
    "count": lambda things, _: len(things),
}


def _named(text: str) -> tuple[str, str, Asked]:
    """Alias, name and what is asked of that: `items~with(statusDetails)`, `id:identifiers/key`."""
    found: Step = step(text)
    alias, colon, name = found.name.partition(":")
    return alias, name if colon else alias, asked(found.operators)
