"""How the values of an order join, each so that the order of arrival does not matter. See `Joins` for the rules."""

from collections.abc import Iterable
from typing import Any, TypeVar

from projections import lattice
from projections.clocks import NEVER
from streams.vocabulary import Address, Payment, Person, Shipment
from streams.vocabulary.order import Clock

Keyed = TypeVar("Keyed", Payment, Shipment)

NOTHING, MASKED, KNOWN = 0, 1, 2
PROGRESS = frozenset({"status"})


class Joins:
    """One event's values against what an order holds.

    - register: the value of the later event wins, null too; a field that an event does not have leaves it alone.
    - person: field by field; known beats masked (`*`) beats null, whenever they came; then the later wins.
    - address: the same, but as a whole, so that no line of an old address survives in a new one.
    - by id: records with the same id join field by field, each field a register; no record ever goes away. A
      `status` whose words have an order (`lattice.SHIPMENTS`) never goes back.
    """

    __slots__ = ("changes", "clock", "clocks")

    def __init__(self, clock: Clock, clocks: dict[str, Clock]) -> None:
        self.clock = clock
        self.clocks = clocks
        self.changes: dict[str, Any] = {}

    def is_later(self, field: str) -> bool:
        """Than what the field holds; not where that is of this very event, which came again."""
        held = self.clocks.get(field, NEVER)
        return self.clock > held and self.clock[3] != held[3]

    def register(self, field: str, value: Any) -> None:
        if self.is_later(field):
            self.clocks[field] = self.clock
            self.changes[field] = value

    def person(self, field: str, held: Person | None, given: Person) -> None:
        won = {}
        for name in given.model_fields_set:
            value: str | None = getattr(given, name)
            path = f"{field}.{name}"
            if self._outranks(path, doubt(value), doubt(getattr(held, name, None))):
                self.clocks[path] = self.clock
                won[name] = value
        if won:
            self.changes[field] = (held or Person()).updated(won)

    def address(self, field: str, held: Address | None, given: Address) -> None:
        if self._outranks(field, certainty(given), NOTHING if held is None else certainty(held)):
            self.clocks[field] = self.clock
            self.changes[field] = given

    def keyed(self, field: str, held: tuple[Keyed, ...], given: Iterable[Keyed]) -> None:
        records = {record.id: record for record in held}
        is_changed = False
        for record in given:
            update = {name: getattr(record, name) for name in record.model_fields_set if name != "id"}
            paths = {name: f"{field}.{record.id}.{name}" for name in update}
            known = records.get(record.id)
            won = {
                name: value
                for name, value in update.items()
                if (self._is_further(paths[name], value, known) if name in PROGRESS else self.is_later(paths[name]))
            }
            self.clocks.update((paths[name], self.clock) for name in won)
            # Not by comparing records: a field that is null equals one that is absent there.
            is_changed = is_changed or known is None or bool(won)
            records[record.id] = record if known is None else known.updated(won)
        if is_changed:
            self.changes[field] = tuple(records[id] for id in sorted(records))

    def _is_further(self, path: str, said: str | None, known: Payment | Shipment | None) -> bool:
        given, held = lattice.shipment_rank(said), lattice.shipment_rank(None if known is None else known.status)
        return given > held or (given == held and self.is_later(path))

    def _outranks(self, field: str, given: int, held: int) -> bool:
        return given > held or (given == held != NOTHING and self.is_later(field))


def doubt(value: str | None) -> int:
    """How much a value tells: `KNOWN`, `MASKED` or `NOTHING`."""
    if not value:
        return NOTHING
    return MASKED if "*" in value else KNOWN


def certainty(address: Address) -> int:
    """An address is as certain as its least certain line; one with nothing in it is `NOTHING`."""
    told = [doubt(getattr(address, name)) for name in address.model_fields_set]
    return min((one for one in told if one), default=NOTHING)
