"""`[sources.options]` of a mapped source: read once, with every mistake at its place, into a plan that can be run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from streams.platforms.config import InvalidOptions
from streams.platforms.fields import word
from streams.platforms.mapping.expressions import BadExpression, Expression, compiled
from streams.vocabulary import EventType, OrderStatus, PaymentStatus
from streams.vocabulary.facts import Address, Line, Payment, Person, Shipment

Path = tuple[str | int, ...]
Problem = tuple[Path, str, str]
W = TypeVar("W", bound=StrEnum)

RANK_MAX = 1000
WORDS_MAX = 200

HEAD = ("items", "event", "order_id", "shop", "occurred_at")
WORD_TABLES = ("events", "statuses", "payment_statuses")
ORDER_FIELDS = (
    *("order_number", "supplier", "currency", "total", "subtotal", "tax", "discount", "shipping_cost"),
    *("status", "payment_status", "delivery_state", "type", "placed_at", "expected_at", "cancel_reason", "note"),
)
LISTS: Mapping[str, tuple[str, ...]] = {
    "lines": tuple(Line.model_fields),
    "payments": tuple(Payment.model_fields),
    "shipments": tuple(Shipment.model_fields),
}
OBJECTS: Mapping[str, tuple[str, ...]] = {
    "order": ORDER_FIELDS,
    "customer": tuple(Person.model_fields),
    "shipping_address": tuple(Address.model_fields),
    "billing_address": tuple(Address.model_fields),
}
SETTINGS = (*HEAD, "refers", *OBJECTS, *LISTS, *WORD_TABLES)

# An outcome of our own is no sender's to state.
STATABLE = tuple(type for type in EventType if not type.startswith("delivery."))


@dataclass(frozen=True, slots=True)
class ListPlan:
    """`each` finds the members, `fields` what each of them says."""

    each: Expression
    fields: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Plan:
    """Checked options. `refers`: `order_id` is the key of an order of ours, or an id of the source's `orders_of`."""

    event: Expression
    order_id: Expression
    items: Expression | None = None
    shop: Expression | None = None
    occurred_at: Expression | None = None
    refers: bool = False
    objects: Mapping[str, Mapping[str, Expression]] = field(default_factory=dict)
    lists: Mapping[str, ListPlan] = field(default_factory=dict)
    events: Mapping[str, tuple[EventType, int]] = field(default_factory=dict)
    statuses: Mapping[str, OrderStatus] = field(default_factory=dict)
    payment_statuses: Mapping[str, PaymentStatus] = field(default_factory=dict)


def plan_of(options: Mapping[str, Any]) -> Plan:
    """Raises `InvalidOptions` with every mistake."""
    reader = _Reader()
    plan = reader.plan(options)
    if reader.problems:
        raise InvalidOptions(reader.problems)
    assert plan is not None
    return plan


class _Reader:
    """Collects the problems on the way, so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def plan(self, options: Mapping[str, Any]) -> Plan | None:
        self._only(options, (), SETTINGS)
        head = {name: self._expression((name,), options[name]) for name in HEAD if name in options}
        for name, example in (("event", 'event = "type"'), ("order_id", 'order_id = "data.order.id"')):
            if name not in options:
                self._problem((name,), "is missing", f"say where a webhook has it, as {example}")
        refers = options.get("refers", False)
        if not isinstance(refers, bool):
            self._problem(("refers",), "is neither true nor false", "true where order_id is an order's key of ours")
        elif refers and "shop" in options:
            self._problem(("shop",), "does not go with refers", "leave one of the two out")
        objects = {name: self._fields((name,), options[name], OBJECTS[name]) for name in OBJECTS if name in options}
        lists = {name: self._list((name,), options[name], LISTS[name]) for name in LISTS if name in options}
        events = self._events(options.get("events", {}))
        statuses = self._words("statuses", options.get("statuses", {}), OrderStatus)
        payments = self._words("payment_statuses", options.get("payment_statuses", {}), PaymentStatus)
        event, order_id = head.get("event"), head.get("order_id")
        if self.problems or event is None or order_id is None:
            return None
        return Plan(
            event=event,
            order_id=order_id,
            items=head.get("items"),
            shop=head.get("shop"),
            occurred_at=head.get("occurred_at"),
            refers=refers,
            objects=objects,
            lists={name: each for name, each in lists.items() if each is not None},
            events=events,
            statuses=statuses,
            payment_statuses=payments,
        )

    def _list(self, path: Path, given: Any, names: Sequence[str]) -> ListPlan | None:
        fields = self._fields(path, given, ("each", *names))
        if isinstance(given, Mapping) and "each" not in given:
            self._problem((*path, "each"), "is missing", f'say where the {path[0]} are, as each = "data.{path[0]}[]"')
        if path == ("payments",) and isinstance(given, Mapping) and "id" not in given:
            self._problem((*path, "id"), "is missing", "payments are told apart by the id of their transaction")
        each = fields.pop("each", None)
        return None if each is None else ListPlan(each, fields)

    def _fields(self, path: Path, given: Any, names: Sequence[str]) -> dict[str, Expression]:
        if not self._is_table(path, given):
            return {}
        self._only(given, path, names)
        found = {name: self._expression((*path, name), text) for name, text in given.items() if name in names}
        return {name: expression for name, expression in found.items() if expression is not None}

    def _expression(self, path: Path, text: Any) -> Expression | None:
        if not isinstance(text, str):
            self._problem(path, "is not an expression", 'write a JMESPath expression in quotes, as "data.id"')
            return None
        try:
            return compiled(".".join(map(str, path)), text)
        except BadExpression as error:
            self._problem(path, str(error), 'names with other characters than letters, digits and _ need "quotes"')
            return None

    def _events(self, given: Any) -> dict[str, tuple[EventType, int]]:
        events: dict[str, tuple[EventType, int]] = {}
        for name, value in self._entries("events", given):
            path = ("events", name)
            type, rank = value, 0
            if isinstance(value, Mapping):
                self._only(value, path, ("type", "rank"))
                type, rank = value.get("type"), value.get("rank", 0)
            if word(name) is None:
                self._problem(path, "is not a word for an event", "up to 64 printable ASCII characters")
            elif type not in STATABLE:
                self._problem(path, f"{type!r} is no type of event", f"one of {', '.join(STATABLE)}")
            elif isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank <= RANK_MAX:
                self._problem(
                    (*path, "rank"), "is no rank", f"a whole number from 0 to {RANK_MAX}; the later event has more"
                )
            else:
                events[name] = (EventType(type), rank)
        return events

    def _words(self, table: str, given: Any, ours: type[W]) -> dict[str, W]:
        found: dict[str, W] = {}
        for name, value in self._entries(table, given):
            if value in tuple(ours):
                found[name] = ours(value)
            else:
                self._problem((table, name), f"{value!r} is no status", f"one of {', '.join(ours)}")
        return found

    def _entries(self, table: str, given: Any) -> Iterator[tuple[str, Any]]:
        if not self._is_table((table,), given):
            return
        if len(given) > WORDS_MAX:
            self._problem((table,), f"has more than {WORDS_MAX} words", "leave out those that state nothing")
        yield from given.items()

    def _is_table(self, path: Path, given: Any) -> bool:
        if isinstance(given, Mapping):
            return True
        self._problem(path, "is not a table", f"write [sources.options.{'.'.join(map(str, path))}]")
        return False

    def _only(self, given: Mapping[str, Any], path: Path, names: Sequence[str]) -> None:
        for name in given:
            if name not in names:
                self._problem((*path, name), "no such setting", f"one of {', '.join(names)}")

    def _problem(self, path: Path, what: str, mend: str) -> None:
        self.problems.append((path, what, mend))
