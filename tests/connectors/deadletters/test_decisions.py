"""Decisions are written in order, each once, and what is not written is known not to be."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from connectors.deadletters.decisions import decision, publish
from connectors.deadletters.model import Letter, Verb
from connectors.intake import Receiver
from connectors.vocabulary import Delivery
from streams import topics
from streams.admin.errors import Unreachable
from streams.runtime.state import MemoryStore, Overlay
from streams.vocabulary import Command
from tests.connectors import make
from tests.connectors.deadletters.scene import Scene, made_at
from tests.kafka import read_committed

NOW = make.at(0)


@pytest.fixture
def scene(kafka: str, tmp_path: Path) -> Scene:
    return Scene(kafka, tmp_path)


def letters(scene: Scene, count: int) -> list[Letter]:
    made: list[Delivery] = []
    for number in range(count):
        made.append(scene.dies(f"{number}", f"duda:shop/{number}", at_s=number))
    return scene.letters()


def decided(found: list[Letter], verb: Verb = Verb.REDRIVE) -> list[tuple[Letter, Command]]:
    return [(letter, decision(letter, verb, "ada", "mended", NOW)) for letter in found]


@pytest.mark.parametrize("verb", Verb)
def test_the_connectors_take_a_decision_for_what_it_is(scene: Scene, verb: Verb) -> None:
    """Written with another key it would be taken up by another partition, which holds no such dead letter."""
    dead = scene.dies("dead")
    (letter,) = scene.letters()
    publish(scene.bootstrap, decided([letter], verb), lambda _: None)
    (record,) = read_committed(scene.bootstrap, topics.commands(scene.target))
    overlay = Overlay(MemoryStore())
    overlay.set(dead.id.encode(), dead.to_json())
    intake = Receiver(scene.target, 1_000_000).receive([record], overlay, NOW)
    assert ([], []) == (intake.quarantine, intake.ignored)
    taken = intake.redriven if verb is Verb.REDRIVE else intake.discarded
    assert [dead.id] == [each.id for each in taken]
    assert record.header("ce_type") == f"deadletter.{verb}".encode()
    assert record.header("ce_source") == b"/operators"


def test_a_decision_says_who_and_why_and_what_the_letter_said(scene: Scene) -> None:
    """The letter may be gone when somebody asks."""
    scene.dies("dead", reason="unprocessable")
    (letter,) = scene.letters()
    made = decision(letter, Verb.DISCARD, "ada", "sold out", NOW)
    assert made.data == {
        "command_id": letter.id,
        "who": "ada",
        "why": "sold out",
        "type": "create_order",
        "reason": "unprocessable",
        "error": "HTTP 422",
    }
    again = decision(letter, Verb.DISCARD, "bob", "really", make.at(9))
    redriven = decision(letter, Verb.REDRIVE, "ada", "sold out", NOW)
    assert (made.id == again.id, made.id == redriven.id) == (True, False)


def test_many_are_written_each_once_and_in_their_order(scene: Scene) -> None:
    """An acknowledgement that is missing, or counted twice, sends the operator looking for an order that is fine."""
    one = letters(scene, 1)[0]
    found = [
        Letter(**{name: getattr(one, name) for name in Letter.__slots__} | {"id": f"c-{number}", "at": made_at(number)})
        for number in range(1500)
    ]
    acknowledged: list[str] = []
    published = publish(scene.bootstrap, decided(found), lambda letter: acknowledged.append(letter.id))
    assert (1500, None) == (published.acknowledged, published.failure)
    expected = [letter.id for letter in found]
    assert expected == acknowledged
    assert expected == [command.data["command_id"] for command in scene.commands()]


def test_without_a_broker_nothing_is_said_to_be_written(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """In our words, within a bound, and no further than the first that fails."""
    found = letters(scene, 2)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        published = publish(address, decided(found), lambda _: pytest.fail("acknowledged"), ack_timeout_s=1)
    assert 0 == published.acknowledged
    assert isinstance(published.failure, Unreachable)
    assert f"no Kafka broker answers at {address}" in str(published.failure)
    assert ("", "") == capfd.readouterr()


def test_what_was_sent_before_an_interruption_is_waited_for(scene: Scene) -> None:
    """Broken off by Ctrl-C: what the broker has must be counted, or it is decided again."""
    found = letters(scene, 2)
    acknowledged: list[str] = []

    def one_then_interrupted() -> object:
        yield decided(found)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(scene.bootstrap, one_then_interrupted(), lambda letter: acknowledged.append(letter.id))  # type: ignore[arg-type]
    assert [found[0].id] == acknowledged == [command.data["command_id"] for command in scene.commands()]
