"""JMESPath expressions (jmespath.org) that are checked when they are read, exact in numbers, and bounded in work.

JMESPath has no loops and no side effects; what is bounded here is the length of an expression and, over all of one
webhook, the values that its expressions walk. The library compares and sorts `Decimal` as it is; its functions on
numbers are made to take it, and never to turn it into a float.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from jmespath.functions import Functions, signature
from jmespath.visitor import Options, TreeInterpreter

from streams.platforms.facts import total_of
from streams.platforms.json import number_of
from streams.platforms.webhook import Undecodable
from streams.vocabulary.base import writes_number

CHARS_MAX = 500
NODES_MAX = 200
DEPTH_MAX = 60
WORK_MAX = 1_000_000
# While a sender waits for its answer: enough for the heads of a thousand items.
GLANCE_MAX = 50_000

# What the library raises where values do not fit the functions and operators that they meet.
_MISFITS = (JMESPathError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)

Node = dict[str, Any]


class BadExpression(ValueError):
    """`str()` says what is wrong, for whoever wrote the expression."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One that was checked. `path`: where it stands in the options, for messages."""

    path: str
    node: Node


class ExactFunctions(Functions):
    """The library's functions, for whom a `Decimal` is a number, and a text that is one becomes one exactly."""

    # A mean is seldom a finite decimal.
    _func_avg = None

    @signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        return number_of(value) if isinstance(value, str) and writes_number(value) else None

    @signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        return format(value, "f") if isinstance(value, Decimal) else super()._func_to_string(value)  # type: ignore[misc]

    @signature({"types": []})
    def _func_type(self, value: Any) -> Any:
        return "number" if isinstance(value, Decimal) else super()._func_type(value)  # type: ignore[misc]

    @signature({"types": ["array-number"]})
    def _func_sum(self, numbers: list[Any]) -> Any:
        return total_of(numbers, "sum()")

    @signature({"types": ["number"]})
    def _func_abs(self, number: Any) -> Any:
        return number.copy_abs() if isinstance(number, Decimal) else abs(number)

    @signature({"types": ["number"]})
    def _func_ceil(self, number: Any) -> Any:
        return math.ceil(number)

    @signature({"types": ["number"]})
    def _func_floor(self, number: Any) -> Any:
        return math.floor(number)

    def _get_allowed_pytypes(self, types: Any) -> Any:
        allowed, inner = super()._get_allowed_pytypes(types)  # type: ignore[misc]
        return _with_decimal(allowed), [_with_decimal(one) for one in inner]

    def _convert_to_jmespath_type(self, name: str) -> Any:
        return "number" if name == "Decimal" else super()._convert_to_jmespath_type(name)  # type: ignore[misc]


EXACT: Final = Options(custom_functions=ExactFunctions())
FUNCTIONS: Final = cast("dict[str, Any]", ExactFunctions.FUNCTION_TABLE)


class Work:
    """What the expressions of one webhook may still walk."""

    __slots__ = ("left",)

    def __init__(self, values_max: int = WORK_MAX) -> None:
        self.left = values_max

    @property
    def is_spent(self) -> bool:
        return self.left < 0

    def spend(self, result: Any) -> None:
        self.left -= 1 + (len(result) if isinstance(result, list | dict) else 0)
        if self.left < 0:
            raise Undecodable("too-large", "the expressions of the mapping would walk too many values of this body")


class _Bounded(TreeInterpreter):
    def __init__(self, work: Work) -> None:
        super().__init__(EXACT)
        self._work = work

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        result = super().visit(node, *args, **kwargs)
        self._work.spend(result)
        return result


def compiled(path: str, text: str) -> Expression:
    """Raises `BadExpression`."""
    if not text.strip():
        raise BadExpression("is empty")
    if len(text) > CHARS_MAX:
        raise BadExpression(f"is longer than {CHARS_MAX} characters")
    try:
        node = cast("Node", jmespath.compile(text).parsed)
    except ParseError as error:
        raise BadExpression(f"is not a JMESPath expression (character {error.lex_position + 1})") from None
    except (JMESPathError, RecursionError):
        raise BadExpression("is not a JMESPath expression") from None
    _check(node)
    return Expression(path, _exact(node))


def evaluate(expression: Expression, value: Any, work: Work) -> Any:
    """What `expression` finds in `value`; None for null and for nothing. Raises `Undecodable` (`mapping-misfit`)."""
    try:
        return _Bounded(work).visit(cast(Any, expression.node), value)
    except JMESPathTypeError as error:
        problem = f"{error.function_name}() was given {_article(error.actual_type)}"
    except _MISFITS:
        problem = "what it compares or joins is not of one kind"
    raise Undecodable("mapping-misfit", f"{expression.path} does not fit this body: {problem}")


def _article(type: str) -> str:
    return f"{'an' if type[:1] in 'aeiou' else 'a'} {type}"


def _check(node: Node) -> None:
    nodes = list(_walk(node, 1))
    if len(nodes) > NODES_MAX or max(depth for _, depth in nodes) > DEPTH_MAX:
        raise BadExpression("is too complicated")
    for one, _ in nodes:
        if one["type"] == "function_expression":
            _check_call(one["value"], len(one["children"]))


def _check_call(name: str, given: int) -> None:
    if name not in FUNCTIONS:
        raise BadExpression(f"calls {name}(), which is not one of {', '.join(sorted(FUNCTIONS))}")
    wanted = FUNCTIONS[name]["signature"]
    is_variadic = bool(wanted and wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not is_variadic):
        least = "at least " if is_variadic else ""
        raise BadExpression(f"gives {name}() {given} arguments, which takes {least}{len(wanted)}")


def _walk(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    yield node, depth
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _walk(child, depth + 1)


def _exact(node: Node) -> Node:
    """The same, with the floats of literals as the decimals that were written."""
    children = [_exact(child) if isinstance(child, dict) else child for child in node.get("children", ())]
    exact = {**node, "children": children}
    return exact | {"value": _decimal(node["value"])} if node["type"] == "literal" else exact


def _decimal(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadExpression("has a number that is out of range")
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_decimal(one) for one in value]
    return {key: _decimal(one) for key, one in value.items()} if isinstance(value, dict) else value


def _with_decimal(types: Any) -> Any:
    return [*types, "Decimal"] if "float" in types else types
