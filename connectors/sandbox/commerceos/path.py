"""A path with its operators, taken apart: `trade-orders~where(status=New)~take(50)`. Pure.

What is escaped stays in one piece: an id may hold any character.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from connectors.sandbox.commerceos.refusal import Refused, invalid

PATH_CHARS_MAX = 8000
OPERATORS = frozenset(("with", "withAll", "just", "where", "orderBy", "skip", "take", "first", "count"))
_OPERATOR = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<arguments>.*)\))?", re.DOTALL)
# A sign may come escaped; what comes after it is the value's.
_SIGN = re.compile(r"(?:%3C|%3E|[<>!])(?:%3D)?", re.I)
_CONDITION = re.compile(r"(?P<field>[^=<>!]+)(?P<sign>>=|<=|!=|=~|=|>|<)(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Operator:
    """`arguments`: as written, still escaped."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One piece between slashes, unescaped, and what is done with what is found there."""

    name: str
    operators: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    field: tuple[str, ...]
    sign: str
    value: str


def parse(path: str) -> tuple[Step, ...]:
    """The steps of an escaped path without its query. Raises `Refused`."""
    if len(path) > PATH_CHARS_MAX:
        raise _bad("the path is too long")
    return tuple(step(piece) for piece in split(path.strip("/"), "/"))


def step(text: str) -> Step:
    """A name and its operators. Raises `Refused`."""
    name, *operators = split(text, "~")
    if not name:
        raise _bad("a name is missing")
    return Step(unquote(name), tuple(_operator(each) for each in operators))


def condition(text: str) -> Condition:
    """`customer/identifiers/com.acme.customer-id=CUST-001`. Raises `Refused`."""
    found = _CONDITION.fullmatch(_SIGN.sub(lambda sign: unquote(sign[0]), text, count=1))
    if found is None:
        raise _bad(f"{text} is no condition")
    return Condition(tuple(unquote(each) for each in found["field"].split("/")), found["sign"], unquote(found["value"]))


def split(text: str, mark: str) -> list[str]:
    """At every mark that is not in brackets. Raises `Refused`."""
    pieces, depth, at = [], 0, 0
    for index, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                raise _bad("a bracket is closed that was not opened")
        elif character == mark and depth == 0:
            pieces.append(text[at:index])
            at = index + 1
    if depth:
        raise _bad("a bracket is not closed")
    return [*pieces, text[at:]]


def _operator(text: str) -> Operator:
    found = _OPERATOR.fullmatch(text)
    if found is None or found["name"] not in OPERATORS:
        raise _bad(f"~{unquote(text)} is no operator that is known here")
    return Operator(found["name"], tuple(split(found["arguments"], ",")) if found["arguments"] else ())


def _bad(message: str) -> Refused:
    return invalid("InvalidPath", message)
