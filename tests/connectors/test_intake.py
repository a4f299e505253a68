"""Records of the command topic → what one transaction accepts, as values."""

import pytest

from connectors.intake import Intake, Receiver
from connectors.vocabulary import Delivery, DeliveryState
from streams import topics
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.vocabulary import CommandType
from streams.vocabulary.command import ENVELOPE_BYTES
from tests.connectors.make import TARGET, at, command, control, delivery, record

RECORD_BYTES_MAX = 64 * 1024


def receive(records: list[Record], *stored: Delivery) -> tuple[Intake, Overlay]:
    store = MemoryStore()
    store.apply({each.id.encode(): each.to_json() for each in stored})
    overlay = Overlay(store)
    return Receiver(TARGET, RECORD_BYTES_MAX).receive(records, overlay, at(9)), overlay


def dead(id: str = "c-1", key: str = "duda:shop/1") -> Delivery:
    return delivery(id, key, state=DeliveryState.DEAD, attempts=6, charged=6)


def test_a_command_becomes_a_delivery_that_is_due_now() -> None:
    """Its sequence is the offset: that is what keeps an order's commands in order after a restart."""
    intake, overlay = receive([record(command(), offset=41)])
    expected = Delivery(command=command(), sequence=41, due_at=at(9))
    assert intake.accepted == [expected]
    assert overlay.changes == {b"c-1": expected.to_json()}


@pytest.mark.parametrize("stored", [[delivery()], [dead()], []], ids=["pending", "dead", "same batch"])
def test_a_command_that_is_there_already_is_not_accepted_again(stored: list[Delivery]) -> None:
    """Accepted twice, it would have two outcomes, and a dead letter would be sent without a redrive."""
    intake, overlay = receive([record(command(), 1), record(command(), 2)], *stored)
    assert [each.sequence for each in intake.accepted] == ([] if stored else [1])
    assert len(intake.ignored) == (2 if stored else 1)
    assert len(overlay.changes) == (0 if stored else 1)


def test_a_redrive_frees_the_dead_letter_for_a_new_round() -> None:
    """The operator's word must reach the table in the same transaction as its offset."""
    intake, overlay = receive([record(control(CommandType.REDRIVE, "c-1"))], dead())
    assert intake.redriven == [dead().redriven(at(9))]
    assert Delivery.from_json(overlay.changes[b"c-1"] or b"").charged == 0


def test_a_discard_removes_the_dead_letter() -> None:
    """What is discarded must not come back after a restart."""
    intake, overlay = receive([record(control(CommandType.DISCARD, "c-1"))], dead())
    assert intake.discarded == [dead()]
    assert overlay.changes == {b"c-1": None}


@pytest.mark.parametrize("stored", [[], [delivery()]], ids=["gone", "pending"])
@pytest.mark.parametrize("type", [CommandType.REDRIVE, CommandType.DISCARD])
def test_an_operators_word_about_nothing_dead_does_nothing(type: CommandType, stored: list[Delivery]) -> None:
    """A second click, or a late one, must not disturb a delivery that is on its way."""
    intake, overlay = receive([record(control(type, "c-1"))], *stored)
    assert (len(intake.ignored), intake.redriven, intake.discarded) == (1, [], [])
    assert overlay.changes == {}


def test_of_two_words_in_one_batch_the_first_counts() -> None:
    """Redriven and then discarded: it is on its way by then."""
    words = [
        record(control(CommandType.REDRIVE, "c-1")),
        record(control(CommandType.DISCARD, "c-1")),
        record(control(CommandType.REDRIVE, "c-1")),
    ]
    intake, _ = receive(words, dead())
    assert (len(intake.redriven), len(intake.discarded), len(intake.ignored)) == (1, 0, 2)


def test_a_command_that_was_discarded_in_this_batch_can_be_accepted_again() -> None:
    """The table of the batch counts, not the one before it."""
    intake, _ = receive([record(control(CommandType.DISCARD, "c-1"), 1), record(command(), 2)], dead())
    assert ([each.id for each in intake.discarded], [each.sequence for each in intake.accepted]) == (["c-1"], [2])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(None, key=b"k"), b"not-a-command"),
        (record(b"", key=b"k"), b"not-a-command"),
        (record(b"\xff{", key=b"k"), b"not-a-command"),
        (record(b'{"id":1}', key=b"k"), b"not-a-command"),
        (record(command(target="other")), b"wrong-target"),
        (record(command(), key=b"duda:shop/2"), b"wrong-key"),
        (record(Record("in", 0, 0, 0, None, command().to_json()).value, key=None), b"wrong-key"),
        (record(command(type=CommandType.REDRIVE, data={"who": "ada"})), b"not-a-command"),
        (record(command(type=CommandType.DISCARD, data={"command_id": 7})), b"not-a-command"),
        (record(control(CommandType.REDRIVE, "c-9", key="duda:shop/2")), b"wrong-key"),
        (record(b"x" * (RECORD_BYTES_MAX - ENVELOPE_BYTES + 1), key=b"k"), b"output-too-large"),
    ],
)
def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(bad: Record, reason: bytes) -> None:
    """One bad record must neither stop the sink nor vanish."""
    intake, _ = receive([bad, record(command("c-2"), 7)], dead("c-9", "duda:shop/9"))
    assert [each.id for each in intake.accepted] == ["c-2"]
    (output,) = intake.quarantine
    headers = dict(output.headers)
    assert (output.topic, output.key, output.value) == (topics.QUARANTINE, bad.key, bad.value)
    assert (headers["reason"], headers["origin_offset"]) == (reason, b"0")
