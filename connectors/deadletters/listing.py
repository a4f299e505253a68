"""Which dead letters there are, and what became of each: the delivery tables, the letters, and what came after them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.deadletters import log
from connectors.deadletters.model import Decision, Letter, State, Verb
from connectors.deadletters.reading import Fact, Held, Reader, Table
from connectors.deadletters.selection import Selection
from connectors.vocabulary import DeliveryState
from streams import topics
from streams.vocabulary import Outcome, OutcomeResult


class Listing:
    """What a selection comes to. `group`: the consumer group of the connectors.

    Every method raises `Unreachable`, `Refused`.
    """

    def __init__(self, reader: Reader, group: str) -> None:
        self._reader, self._group = reader, group

    def letters(self, selection: Selection, targets: Sequence[str]) -> list[Letter]:
        """Those that match, the oldest first."""
        find = self._open if selection.is_of_open_ones else self._ever
        found = [letter for letter in find(selection, targets) if selection.admits(letter)]
        return sorted(found, key=lambda each: (each.at, each.id))

    def decisions(self, selection: Selection, targets: Sequence[str]) -> list[tuple[Decision, bool]]:
        """Those that match, the oldest first, and whether the connectors have taken each up."""
        since_ms = None if selection.since is None else int(selection.since.timestamp() * 1000)
        found: list[tuple[Decision, bool]] = []
        for target in targets:
            upto = self._taken_up(target)
            decided = filter(selection.admits_decision, self._reader.decisions(target, since_ms))
            found += [(each, each.place.offset < upto.get(each.place.partition, 0)) for each in decided]
        return sorted(found, key=lambda each: (each[0].at, each[0].command_id))

    def of(self, letters: Sequence[Letter]) -> dict[str, list[Decision]]:
        """Command id → what was decided about it, the oldest first, of decisions that are still kept."""
        wanted = {letter.id for letter in letters}
        found: dict[str, list[Decision]] = {}
        for target in sorted({letter.target for letter in letters}):
            for decision in self._reader.decisions(target):
                if decision.command_id in wanted:
                    found.setdefault(decision.command_id, []).append(decision)
        return {id: sorted(of, key=lambda each: each.at) for id, of in found.items()}

    def _open(self, selection: Selection, targets: Sequence[str]) -> list[Letter]:
        """What is dead now. First the tables: they say of which orders the letters have to be read."""
        letters: list[Letter] = []
        for target in targets:
            upto = self._taken_up(target)  # before the table: what is taken up later, the table shows as well
            letters += self._decided(_dead(self._reader.table(target), selection), target, upto)
        wanted = {(each.id, each.target) for each in letters}
        keys = frozenset(each.order_key.encode() for each in letters)
        facts = self._reader.letters(lambda id, target, _: (id, target) in wanted, keys)
        return [_with_fact(each, facts.get(each.id)) for each in letters]

    def _ever(self, selection: Selection, targets: Sequence[str]) -> list[Letter]:
        """What ever died and is still kept. First the letters: what happens while the rest is read, the rest shows."""
        keys = frozenset(order.encode() for order in selection.orders) or None
        among = frozenset(targets)
        facts = self._reader.letters(
            lambda id, target, key: target in among and selection.admits_command(id, target, key), keys
        )
        letters: list[Letter] = []
        gone: dict[str, Fact] = {}
        for target in targets:
            upto = self._taken_up(target)
            table = self._reader.table(target)
            dead = [_with_fact(each, facts.get(each.id)) for each in _dead(table, selection)]
            letters += self._decided(dead, target, upto)
            of = {id: fact for id, fact in facts.items() if fact.target == target}
            letters += _alive(of, table)
            gone |= {id: fact for id, fact in of.items() if id not in table.rows}
        return letters + self._gone(gone)

    def _gone(self, facts: dict[str, Fact]) -> list[Letter]:
        """Those that no table has: what became of them, the outcomes and the decisions say."""
        if not facts:
            return []
        ended = self._reader.ended(facts)
        since_ms = min(fact.stamp_ms for fact in facts.values())
        discarded = {
            decision.command_id
            for target in sorted({fact.target for fact in facts.values()})
            for decision in self._reader.decisions(target, since_ms)
            if decision.verb is Verb.DISCARD
        }
        return [_ended(id, fact, _state_of_gone(fact, ended.get(id), id in discarded)) for id, fact in facts.items()]

    def _decided(self, letters: list[Letter], target: str, upto: Mapping[int, int]) -> list[Letter]:
        """With the decisions that wait to be taken up: the first about each counts, as it will for the connectors."""
        open_ones = {each.id: each for each in letters}
        waiting: dict[str, Decision] = {}
        if open_ones:
            for decision in self._reader.decisions(target, starts=dict(upto)):
                letter = open_ones.get(decision.command_id)
                if letter is not None and decision.order_key == letter.order_key and decision.at >= letter.at:
                    waiting.setdefault(letter.id, decision)
        return [replace(each, decided=waiting[each.id]) if each.id in waiting else each for each in letters]

    def _taken_up(self, target: str) -> dict[int, int]:
        return log.taken_up(self._reader.log.bootstrap, self._group, topics.commands(target))


def _dead(table: Table, selection: Selection) -> list[Letter]:
    return [
        Letter(
            id=id,
            type=row.type,
            target=row.target,
            order_key=row.order_key,
            receipt=row.receipt,
            state=State.PARKED if row.is_parked else State.HOLDING,
            at=row.at,
            attempts=row.attempts,
            redrives=row.redrives,
            behind=0 if row.is_parked else table.behind[row.order_key],
            error=row.error,
        )
        for id, row in table.rows.items()
        if row.state is DeliveryState.DEAD and selection.admits_command(id, row.target, row.order_key)
    ]


def _with_fact(letter: Letter, fact: Fact | None) -> Letter:
    if fact is None:
        return letter
    return replace(letter, reason=fact.reason, http_status=fact.http_status, place=fact.place)


def _alive(facts: Mapping[str, Fact], table: Table) -> list[Letter]:
    """Those whose row is not dead."""
    rows = ((id, fact, table.rows.get(id)) for id, fact in facts.items())
    return [
        _ended(id, fact, _state_in(row), row.redrives)
        for id, fact, row in rows
        if row is not None and row.state is not DeliveryState.DEAD
    ]


def _state_in(row: Held) -> State:
    """Of a row that is not dead."""
    if row.state is DeliveryState.DONE:
        return State.SUPERSEDED if row.error else State.DELIVERED
    return State.REDRIVEN


def _state_of_gone(fact: Fact, ended: Outcome | None, is_discarded: bool) -> State:
    if ended is not None and ended.at >= fact.at:
        return State.DELIVERED if ended.result is OutcomeResult.DELIVERED else State.DISCARDED
    return State.DISCARDED if is_discarded else State.CLOSED


def _ended(id: str, fact: Fact, state: State, redrives: int = 0) -> Letter:
    return Letter(
        id=id,
        type=fact.type,
        target=fact.target,
        order_key=fact.order_key,
        receipt=fact.receipt,
        state=state,
        at=fact.at,
        attempts=fact.attempts,
        redrives=redrives,
        reason=fact.reason,
        error=fact.error,
        http_status=fact.http_status,
        place=fact.place,
    )
