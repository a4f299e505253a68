"""The ledger of steps: each is commanded once, and what became of it never goes back."""

from itertools import permutations

import pytest

from projections.steps import Demanded, is_commanded, is_done, pending, step_ended, with_steps
from streams.vocabulary import CommandType, EventType, OrderEvent
from tests.projections.events import delivery_event, selldone_event

PLACED = selldone_event("CheckoutOrder", {"price": "10"})
CREATE = Demanded("create", CommandType.CREATE_ORDER, "digest", {})
LEDGER = with_steps({}, "one", [("create", pending("c-1", CREATE))])
DELIVERED, DEAD = (delivery_event(PLACED, command_id="c-1", ok=ok) for ok in (True, False))
REFUSED = DEAD.model_copy(update={"type": EventType.REJECTED})
DISCARDED = delivery_event(PLACED, command_id="c-1", is_discarded=True)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([DEAD], "dead"),
        ([REFUSED], "refused"),
        ([DEAD, DELIVERED], "delivered"),
        ([DEAD, DISCARDED], "discarded"),
        ([DEAD, DISCARDED, REFUSED], "refused"),
        ([DEAD, DISCARDED, DELIVERED], "delivered"),
        ([delivery_event(PLACED, command_id="c-0")], "pending"),
        ([delivery_event(PLACED, "two", command_id="c-1")], "pending"),
        ([delivery_event(PLACED, command_id="c-1", command_type=CommandType.REDRIVE)], "pending"),
        ([PLACED], "pending"),
    ],
)
def test_step_becomes_what_its_last_command_became(events: list[OrderEvent], status: str) -> None:
    """Whichever is told last: what was delivered after all must not look dead. An operator's word is no outcome."""
    for order in permutations(events):
        steps = LEDGER
        for event in order:
            steps = step_ended(steps, event)
        assert steps["one"]["create"].status == status


def test_step_is_commanded_by_what_it_states_and_done_by_its_outcome() -> None:
    """What follows a step asks for both."""
    ledger = LEDGER["one"]
    assert is_commanded(ledger, "create") and is_commanded(ledger, "create", "digest")
    assert not is_commanded(ledger, "create", "another") and not is_commanded(ledger, "approve")
    assert not is_done(ledger, "create") and is_done(step_ended(LEDGER, DELIVERED)["one"], "create")


def test_ledger_is_the_same_whatever_was_commanded_first() -> None:
    """It is written as JSON: another order of names would be another state."""
    one = with_steps(LEDGER, "two", [("b", pending("c-3", CREATE)), ("a", pending("c-2", CREATE))])
    two = with_steps(with_steps({}, "two", [("a", pending("c-2", CREATE))]), "two", [("b", pending("c-3", CREATE))])
    assert list(one) == ["one", "two"] and list(one["two"]) == list(two["two"]) == ["a", "b"]
