"""`Command` (imperative: what a target is to do) and `Outcome` (what became of it)."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from streams.vocabulary.base import PII_DOCUMENT, Time, Whole

# What a dead letter, or the record of a delivery, needs on top of its command.
ENVELOPE_BYTES = 8 * 1024


class CommandType(StrEnum):
    """What can be asked of a target, and what an operator says about a dead letter (travels the same way, in order)."""

    CREATE_ORDER = "create_order"
    UPDATE_ORDER = "update_order"
    CHANGE_DELIVERY_ADDRESS = "change_delivery_address"
    CHANGE_INVOICE_ADDRESS = "change_invoice_address"
    CREATE_PAYMENT = "create_payment"
    APPROVE_ORDER = "approve_order"
    CANCEL_ORDER = "cancel_order"
    CREATE_SHIPMENT = "create_shipment"
    RELEASE_SHIPMENT = "release_shipment"
    UPDATE_STATUS = "update_status"
    MOVE_STOCK = "move_stock"
    FETCH_ORDER = "fetch_order"
    REDRIVE = "deadletter.redrive"
    DISCARD = "deadletter.discard"


class OutcomeResult(StrEnum):
    """A command ends in one of these. `refused`: the target said no for good and there is nothing to mend, as when it
    is out of stock; no dead letter holds the order, which learns of it as `order.rejected`. After `dead` comes another:
    an operator has it tried again, or lets it go (`discarded`)."""

    DELIVERED = "delivered"
    DEAD = "dead"
    REFUSED = "refused"
    DISCARDED = "discarded"


class Command(Whole):
    """One effect to be had on one target. `id` is also the idempotency key; `caused_by` is the id of the event.

    `receipt` names the webhook behind it, for logs and traces.
    """

    id: str
    type: CommandType
    target: str
    order_key: str
    data: dict[str, Any] = Field(default_factory=dict, json_schema_extra=PII_DOCUMENT)
    caused_by: str
    receipt: str | None = None
    created_at: Time


class Outcome(Whole):
    """What became of a command. `response` is the target's answer, cut to a bound; `error` says why it is dead.

    `receipt` is the command's; `ref` is what the target calls the order, where its answer says so. `seconds`: from
    sending the last request to its answer, or to giving it up; None where nothing was sent.
    """

    command_id: str
    type: CommandType
    target: str
    order_key: str
    result: OutcomeResult
    attempts: int
    http_status: int | None = None
    response: str | None = Field(default=None, json_schema_extra=PII_DOCUMENT)
    error: str | None = None
    receipt: str | None = None
    ref: str | None = None
    seconds: float | None = None
    at: Time
