"""What the topics say is what an operator is told. Invariant: nothing that died is missing, nothing is told twice."""

from pathlib import Path
from typing import Any

import pytest

from connectors.deadletters.log import Log
from connectors.deadletters.model import Letter, State
from connectors.deadletters.reading import Reader
from connectors.vocabulary import Delivery, DeliveryState
from streams import topics
from streams.admin.errors import Refused
from streams.broker import LocalBroker
from streams.vocabulary import CommandType, OutcomeResult
from tests.connectors.deadletters.scene import Scene, made_at

ALL: dict[str, Any] = {"states": frozenset()}


@pytest.fixture
def scene(kafka: str, tmp_path: Path) -> Scene:
    return Scene(kafka, tmp_path)


def named(scene: Scene, letters: list[Letter]) -> dict[str, Letter]:
    """By the short name of the command; each once."""
    found = {letter.id.removeprefix(f"{scene.target}-"): letter for letter in letters}
    assert len(found) == len(letters)
    return found


def pending(scene: Scene, name: str, key: str, sequence: int) -> Delivery:
    return Delivery(command=scene.command(name, key), sequence=sequence, due_at=made_at(0))


def test_each_dead_letter_is_told_by_what_became_of_it(scene: Scene) -> None:
    """Taken for one another, a lost order looks delivered, or one that waits looks done."""
    fetch = CommandType.FETCH_ORDER
    scene.dies("holding", "duda:shop/1", at_s=0)
    scene.dies("parked", "qb:2", at_s=1, type=fetch, reason="retries-exhausted")
    redriven = scene.dies("redriven", "duda:shop/3", at_s=2)
    scene.stored(redriven, state=DeliveryState.PENDING, redrives=1)
    superseded = scene.dies("superseded", "qb:4", at_s=3, type=fetch)
    scene.stored(superseded, state=DeliveryState.DONE)
    fetched = scene.dies("fetched", "qb:5", at_s=4, type=fetch)
    scene.stored(fetched, state=DeliveryState.DONE, last_error=None)
    delivered = scene.dies("delivered", "duda:shop/6", at_s=5)
    scene.gone(delivered)
    scene.delivered(delivered, at_s=100)
    discarded = scene.dies("discarded", "duda:shop/7", at_s=6)
    scene.decided(discarded, CommandType.DISCARD)
    scene.gone(discarded)
    forgotten = scene.dies("forgotten", "duda:shop/8", at_s=7)
    scene.delivered(forgotten, at_s=0)  # an earlier life of the same command
    scene.gone(forgotten)
    let_go = scene.dies("let-go", "duda:shop/9", at_s=8)  # long ago: the decision itself is no longer kept
    scene.ended(let_go, OutcomeResult.DISCARDED, at_s=9)
    scene.gone(let_go)

    found = scene.letters(**ALL)
    told = {name: letter.state.value for name, letter in named(scene, found).items()}
    assert list(told.items()) == [
        ("holding", "holding"),
        ("parked", "parked"),
        ("redriven", "redriven"),
        ("superseded", "superseded"),
        ("fetched", "delivered"),
        ("delivered", "delivered"),
        ("discarded", "discarded"),
        ("forgotten", "closed"),
        ("let-go", "discarded"),
    ]
    assert {State.HOLDING, State.PARKED} == {letter.state for letter in found if letter.is_open}
    assert ["holding", "parked"] == list(named(scene, scene.letters()))
    assert ["superseded"] == list(named(scene, scene.letters(states=frozenset({State.SUPERSEDED}))))


def test_a_row_says_why_and_what_waits(scene: Scene) -> None:
    """What holds many later commands is looked at first."""
    dead = scene.dies("dead", "duda:shop/1", reason="unprocessable", redrives=2)
    scene.dies("other", "duda:shop/2", at_s=1)
    for number in (1, 2):
        scene.stored(pending(scene, f"later-{number}", "duda:shop/1", number))
    for states in (frozenset({State.HOLDING}), frozenset()):
        row = named(scene, scene.letters(states=states))["dead"]
        assert (row.reason, row.error, row.http_status) == ("unprocessable", "HTTP 422", 422)
        assert (row.attempts, row.redrives, row.behind, row.at) == (3, 2, 2, dead.due_at)
        assert (row.target, row.order_key, row.type) == (scene.target, "duda:shop/1", CommandType.CREATE_ORDER)


def test_one_that_died_twice_is_told_once_as_it_died_last(scene: Scene) -> None:
    """A redrive that failed as well is one thing to decide about, not two."""
    first = scene.dies("dead", at_s=0)
    scene.stored(first, state=DeliveryState.PENDING, redrives=1)
    scene.dies("dead", at_s=60, reason="retries-exhausted", redrives=1)
    for given in ({}, ALL):
        (row,) = scene.letters(**given)
        assert (row.reason, row.at, row.redrives) == ("retries-exhausted", made_at(60), 1)


def test_what_is_dead_is_told_also_when_its_letter_is_no_longer_kept(scene: Scene) -> None:
    """Letters are kept for 90 days; the order is held for ever."""
    dead = Delivery(
        command=scene.command("old", "duda:shop/1"), sequence=0, due_at=made_at(0), state=DeliveryState.DEAD, attempts=1
    )
    scene.stored(dead)
    for given in ({}, ALL):
        (row,) = scene.letters(**given)
        assert (row.state, row.reason, row.place) == (State.HOLDING, None, None)


def test_a_decision_that_waits_for_the_connectors_shows(scene: Scene) -> None:
    """With the connectors down nothing seems to happen, and the operator decides again, perhaps otherwise."""
    dead, old = scene.dies("dead", at_s=0), scene.dies("old", "duda:shop/2", at_s=1)
    scene.decided(dead, CommandType.REDRIVE)
    scene.decided(dead, CommandType.DISCARD)
    scene.decided(old, CommandType.DISCARD, at_s=-60)  # about an earlier death
    for given in ({}, ALL):
        rows = named(scene, scene.letters(**given))
        decided = rows["dead"].decided
        assert decided is not None
        assert (decided.verb, decided.who, decided.why) == ("redrive", "ada", "address mended"), "the first counts"
        assert rows["old"].decided is None


def test_records_that_cannot_be_read_are_named_and_stop_nothing(private_broker: LocalBroker, tmp_path: Path) -> None:
    """One bad record in a topic would else hide every dead letter of the installation."""
    scene = Scene(private_broker.bootstrap, tmp_path)  # other tests' reading is not as patient
    dead = scene.dies("dead", at_s=0)
    gone = scene.dies("gone", at_s=1)
    scene.gone(gone)
    scene.write(topics.deliveries(scene.target), "bad", b"{")
    scene.write(topics.DEADLETTERS, dead.key, b'{"id": 1}')
    scene.write(topics.commands(scene.target), dead.key, b'not json, yet it says "deadletter.redrive"')
    scene.write(topics.commands(scene.target), dead.key, b"\xff\x00")
    scene.write(topics.OUTCOMES, dead.key, b"[]")
    for given, bad in ({}, 3), (ALL, 4):
        with Log(scene.bootstrap) as log:
            reader = Reader(log)
        found = named(scene, scene.letters(reader, **given))
        assert ("holding", "rejected") == (found["dead"].state.value, found["dead"].reason)
        assert given == {} or found["gone"].state is State.CLOSED
        assert bad <= reader.unreadable.count
        places = {place.topic for place in reader.unreadable.places}
        assert {topics.deliveries(scene.target), topics.DEADLETTERS, topics.commands(scene.target)} <= places
        assert "cannot be read and were passed over: orders." in str(reader.unreadable)


def test_a_selection_is_bounded(scene: Scene) -> None:
    """Memory is not what ends the command."""
    for number in range(3):
        scene.gone(scene.dies(f"gone-{number}"))
    with Log(scene.bootstrap) as log, pytest.raises(Refused, match="more than 2 dead letters match: narrow it"):
        Reader(log, letters_max=2).letters(lambda _, target, __: target == scene.target, None)


def test_the_audit_says_who_decided_what_and_why(scene: Scene) -> None:
    """Months later somebody asks who let the order go."""
    dead, other = scene.dies("dead"), scene.dies("other", "duda:shop/2")
    scene.write(topics.commands(scene.target), "duda:shop/1", scene.command("c", "duda:shop/1").to_json())
    scene.decided(dead, CommandType.DISCARD, at_s=2)
    scene.decided(other, CommandType.REDRIVE, at_s=1)
    found = [(each.verb.value, each.who, each.why, each.command_id, taken) for each, taken in scene.decisions()]
    assert found == [
        ("redrive", "ada", "address mended", other.id, False),
        ("discard", "ada", "address mended", dead.id, False),
    ]
    assert [dead.id] == [each.command_id for each, _ in scene.decisions(orders=frozenset({dead.key}))]
    assert [dead.id] == [each.command_id for each, _ in scene.decisions(since=made_at(2))]
