"""Records → the few fields that a listing needs. A record that cannot be read is counted and named, and stops nothing.

The delivery tables say what is dead now; `orders.deadletters` keeps the whole exchange of each, which stays there.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from connectors.deadletters.log import Log
from connectors.deadletters.model import Decision, Place, Verb
from connectors.vocabulary import Delivery, DeliveryState
from streams import topics
from streams.admin.errors import Refused
from streams.record import Record
from streams.vocabulary import Command, CommandType, DeadLetter, HttpExchange, Outcome, OutcomeResult

T = TypeVar("T")

# One machine's clock against another's, and the time between a record's making and its writing.
SLACK = timedelta(days=1)
# What one selection may come to: some 1 KB of memory each.
LETTERS_MAX = 500_000
PLACES_SHOWN_MAX = 5
_VERBS = {verb.command_type: verb for verb in Verb}
_ENDS = frozenset({OutcomeResult.DELIVERED, OutcomeResult.DISCARDED})
# Stands in every decision, and in hardly any command: most are passed over without being parsed.
_DECISION_MARK = b'"deadletter.'


@dataclass(slots=True)
class Unreadable:
    """Records that are not what their topic promises."""

    count: int = 0
    places: list[Place] = field(default_factory=list)

    def add(self, record: Record) -> None:
        self.count += 1
        if len(self.places) < PLACES_SHOWN_MAX:
            self.places.append(place_of(record))

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.places)) + (", …" if self.count > len(self.places) else "")
        return f"{self.count} record(s) cannot be read and were passed over: {shown}"


@dataclass(frozen=True, slots=True)
class Held:
    """A row of a delivery table."""

    type: CommandType
    target: str
    order_key: str
    receipt: str | None
    state: DeliveryState
    is_parked: bool
    at: datetime
    attempts: int
    redrives: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What a dead letter says. `stamp_ms`: the time of its record."""

    type: CommandType
    target: str
    order_key: str
    receipt: str | None
    at: datetime
    attempts: int
    reason: str
    http_status: int | None
    error: str | None
    place: Place
    stamp_ms: int


@dataclass(slots=True)
class Table:
    """Rows by command id; `behind`: order key → commands that are accepted and not dead."""

    rows: dict[str, Held]
    behind: Counter[str]


class Reader:
    """Every method raises `Unreachable`, `Refused`."""

    def __init__(self, log: Log, letters_max: int = LETTERS_MAX) -> None:
        self.log, self.unreadable = log, Unreadable()
        self._letters_max = letters_max

    def table(self, target: str) -> Table:
        """The delivery table of `target`, as it is now."""
        rows: dict[str, Held] = {}
        for record in self.log.scan(topics.deliveries(target)):
            id = (record.key or b"").decode(errors="replace")
            if record.value is None:
                rows.pop(id, None)
            elif delivery := self._parsed(record, Delivery.from_json):
                rows[id] = _held(delivery)
        pending = (row.order_key for row in rows.values() if row.state is DeliveryState.PENDING)
        return Table(rows, Counter(pending))

    def letters(self, is_wanted: Callable[[str, str, str], bool], keys: frozenset[bytes] | None) -> dict[str, Fact]:
        """The newest letter of each command. `is_wanted` is asked with its id, target and order key.

        `keys`: of these orders only, where that is known: so that the others' exchanges are not even parsed.
        """
        found: dict[str, Fact] = {}
        if keys is not None and not keys:
            return found
        for record in self.log.scan(topics.DEADLETTERS):
            if record.value is None or (keys is not None and record.key not in keys):
                continue
            letter = self._parsed(record, DeadLetter.from_json)
            if letter and is_wanted(letter.id, letter.command.target, letter.command.order_key):
                found[letter.id] = _fact(letter, record)
                self._check(len(found))
        return found

    def ended(self, wanted: dict[str, Fact]) -> dict[str, Outcome]:
        """Command id → the last time that it was delivered or let go, of those."""
        keys = frozenset(fact.order_key.encode() for fact in wanted.values())
        found: dict[str, Outcome] = {}
        if not wanted:
            return found
        for record in self.log.scan(topics.OUTCOMES, _since_ms(min(fact.stamp_ms for fact in wanted.values()))):
            if record.key in keys and (outcome := self._parsed(record, Outcome.from_json)):
                id, is_end = outcome.command_id, outcome.result in _ENDS
                if is_end and id in wanted and (id not in found or outcome.at >= found[id].at):
                    found[id] = outcome
        return found

    def decisions(
        self, target: str, since_ms: int | None = None, starts: dict[int, int] | None = None
    ) -> Iterator[Decision]:
        """What operators decided, partition by partition in order; commands are passed over."""
        start_ms = None if since_ms is None else _since_ms(since_ms)
        for record in self.log.scan(topics.commands(target), start_ms, starts):
            if record.value is not None and _DECISION_MARK in record.value:
                command = self._parsed(record, Command.from_json)
                decision = _decision(command, record) if command else None
                if decision is not None:
                    yield decision

    def letter(self, place: Place) -> DeadLetter | None:
        """The whole of it; None where it is no longer kept."""
        record = self.log.at(place)
        return self._parsed(record, DeadLetter.from_json) if record is not None else None

    def _parsed(self, record: Record, parse: Callable[[bytes], T]) -> T | None:
        try:
            return parse(record.value or b"")
        except ValidationError:
            self.unreadable.add(record)
            return None

    def _check(self, count: int) -> None:
        if count > self._letters_max:
            raise Refused(f"more than {self._letters_max} dead letters match: narrow it, by --target, --since, --order")


def place_of(record: Record) -> Place:
    return Place(record.topic, record.partition, record.offset)


def _since_ms(stamp_ms: int) -> int:
    return max(0, stamp_ms - int(SLACK.total_seconds() * 1000))


def _held(delivery: Delivery) -> Held:
    command = delivery.command
    return Held(
        type=command.type,
        target=command.target,
        order_key=command.order_key,
        receipt=command.receipt,
        state=delivery.state,
        is_parked=delivery.is_parked,
        at=delivery.due_at,
        attempts=delivery.attempts,
        redrives=delivery.redrives,
        error=delivery.last_error,
    )


def _fact(letter: DeadLetter, record: Record) -> Fact:
    command, exchange = letter.command, letter.exchange
    return Fact(
        type=command.type,
        target=command.target,
        order_key=command.order_key,
        receipt=command.receipt,
        at=letter.at,
        attempts=letter.attempts,
        reason=letter.reason,
        http_status=exchange.status if exchange else None,
        error=letter.error or (_error(exchange) if exchange else None),
        place=place_of(record),
        stamp_ms=record.timestamp,
    )


def _error(exchange: HttpExchange) -> str | None:
    return exchange.error or (None if exchange.status is None else f"HTTP {exchange.status}")


def _decision(command: Command, record: Record) -> Decision | None:
    """None where it is a command, or names no dead letter: the connectors quarantine that."""
    verb, id = _VERBS.get(command.type), command.data.get("command_id")
    if verb is None or not isinstance(id, str):
        return None
    return Decision(
        verb=verb,
        command_id=id,
        target=command.target,
        order_key=command.order_key,
        who=_text(command.data.get("who")) or "?",
        why=_text(command.data.get("why")) or "?",
        at=command.created_at,
        place=place_of(record),
        type=_text(command.data.get("type")),
        reason=_text(command.data.get("reason")),
        error=_text(command.data.get("error")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
