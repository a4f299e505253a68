"""An order whose reservation has lapsed (`reserve_s`). Pure, never raises.

The API approves, and changes the addresses of, what is `New` or `Reserved` (seed 002, preconditions of tryApprove). A
PUT with a new `reservedUntil` reserves it anew, and what was refused is asked for again. It is counted from the API's
own clock, which the answer shows, since a command may have waited for longer than a reservation lasts.
"""

from collections.abc import Mapping
from typing import Any

from connectors.exchange import Answer, Request
from connectors.targets.commerceos import requests, told
from connectors.targets.commerceos.names import Names
from connectors.targets.commerceos.statuses import UNRESERVED
from connectors.targets.unprocessable import Unprocessable
from projections.commerceos_documents import after
from streams.vocabulary import Command, CommandType

NEEDS_RESERVED = frozenset(
    {CommandType.APPROVE_ORDER, CommandType.CHANGE_DELIVERY_ADDRESS, CommandType.CHANGE_INVOICE_ADDRESS}
)
BY_HAND = "its reservation has lapsed: set reservedUntil there, and redrive"


def is_lapsed(command: Command, found: Any) -> bool:
    """Whether that is why the order, as it is shown, has refused the command."""
    return command.type in NEEDS_RESERVED and UNRESERVED in told.statuses(found)


def renewal(command: Command, answer: Answer, names: Names) -> Request | str:
    """What reserves it anew; or why nothing does. `answer`: one of now."""
    if not isinstance(command.data.get("order"), Mapping):
        return BY_HAND
    try:
        return requests.renew(command, _until(answer, names.mapping.reserve_s), names)
    except Unprocessable as error:
        return f"{BY_HAND} ({error})"


def _until(answer: Answer, seconds: float | None) -> str | None:
    now = told.clock(answer)
    if now is None or seconds is None:
        return None
    try:
        return after(now, seconds)
    except OverflowError:
        return None
