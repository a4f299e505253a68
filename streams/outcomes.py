"""What became of a command, as an event of its order. Pure."""

from collections.abc import Mapping
from hashlib import blake2b

from pydantic import ValidationError

from streams.receipt import receipt_of
from streams.record import Record
from streams.runtime.agent import Quarantine
from streams.vocabulary import EventType, OrderEvent, OrderFacts, Origin, Outcome, OutcomeResult
from streams.vocabulary.event import DeliveryFacts
from streams.vocabulary.status import OUT_OF_STOCK

TYPES: Mapping[OutcomeResult, EventType] = {
    OutcomeResult.DELIVERED: EventType.DELIVERY_SUCCEEDED,
    OutcomeResult.DEAD: EventType.DELIVERY_FAILED,
    OutcomeResult.REFUSED: EventType.REJECTED,
    OutcomeResult.DISCARDED: EventType.DELIVERY_DISCARDED,
}


def event_of(record: Record, platforms: Mapping[str, str]) -> OrderEvent:
    """`platforms`: source → platform. Quarantines what is not an outcome (`not-an-outcome`)."""
    try:
        outcome = Outcome.from_json(record.value or b"")
    except ValidationError as error:
        raise Quarantine("not-an-outcome", f"{error.error_count()} fields are not as an outcome's") from None
    source = outcome.order_key.partition(":")[0]
    return OrderEvent(
        id=event_id(outcome),
        type=TYPES[outcome.result],
        order_key=outcome.order_key,
        source=source,
        platform=platforms.get(source, source),
        occurred_at=outcome.at,
        received_at=outcome.at,
        origin=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
        receipt=outcome.receipt or receipt_of(record),
        data=_facts(outcome),
        delivery=DeliveryFacts(
            command_id=outcome.command_id,
            command_type=outcome.type,
            target=outcome.target,
            attempts=outcome.attempts,
            http_status=outcome.http_status,
            error=outcome.error,
            ref=outcome.ref,
        ),
    )


def _facts(outcome: Outcome) -> OrderFacts:
    if outcome.result is not OutcomeResult.REFUSED:
        return OrderFacts()
    return OrderFacts(cancel_reason=f"refused by {outcome.target}: {outcome.error}", flags=(OUT_OF_STOCK,))


def event_id(outcome: Outcome) -> str:
    """From the command and its result: a command ends once, unless an operator decides about a dead one."""
    text = f"{outcome.command_id}:{outcome.type}:{outcome.result}"
    return blake2b(text.encode(), digest_size=16, person=b"orderlog.outcome").hexdigest()
