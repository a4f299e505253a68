"""What became of a command, as an event of its order."""

from datetime import UTC, datetime
from typing import Any

import pytest

from streams import topics
from streams.outcomes import event_of
from streams.record import Record
from streams.runtime.agent import Quarantine
from streams.vocabulary import CommandType, EventType, OrderEvent, Outcome, OutcomeResult

OUTCOME = Outcome(
    command_id="c-1",
    type=CommandType.CREATE_ORDER,
    target="cos",
    order_key="shop:1",
    result=OutcomeResult.DELIVERED,
    attempts=2,
    at=datetime(2026, 1, 2, tzinfo=UTC),
)


def told(offset: int = 0, **changes: Any) -> OrderEvent:
    value = OUTCOME.model_copy(update=changes).to_json()
    return event_of(Record(topics.OUTCOMES, 0, offset, 0, b"shop:1", value), {"shop": "quickbutik"})


def test_refusal_is_an_order_that_was_rejected_for_want_of_stock() -> None:
    """The guide: 409 → cancel the order, notify the customer. Nobody can mend it, so it is no dead letter."""
    event = told(result=OutcomeResult.REFUSED, http_status=409, error="HTTP 409 OutOfStock")
    assert (event.type, event.data.flags) == (EventType.REJECTED, ("out-of-stock",))
    assert event.data.cancel_reason == "refused by cos: HTTP 409 OutOfStock"
    assert event.delivery is not None and event.delivery.target == "cos"


@pytest.mark.parametrize(
    ("result", "type"),
    [
        (OutcomeResult.DELIVERED, EventType.DELIVERY_SUCCEEDED),
        (OutcomeResult.DEAD, EventType.DELIVERY_FAILED),
        (OutcomeResult.DISCARDED, EventType.DELIVERY_DISCARDED),
    ],
)
def test_other_outcomes_say_nothing_of_the_order_itself(result: OutcomeResult, type: EventType) -> None:
    """A dead letter must not cancel an order that a person will mend."""
    event = told(result=result, error="HTTP 400")
    assert (event.type, event.data.model_fields_set) == (type, set())
    assert (event.source, event.platform, event.order_key) == ("shop", "quickbutik", "shop:1")


def test_the_same_outcome_is_the_same_event_and_a_redrive_s_is_another() -> None:
    """A replay must not count it twice; what was delivered after all is news."""
    assert told(offset=7).id == told().id
    assert len({told(result=result).id for result in OutcomeResult}) == len(OutcomeResult)


def test_what_is_no_outcome_is_quarantined() -> None:
    """One bad record must not stop the others."""
    with pytest.raises(Quarantine) as caught:
        event_of(Record(topics.OUTCOMES, 0, 0, 0, b"k", b"{}"), {})
    assert caught.value.reason == "not-an-outcome"
