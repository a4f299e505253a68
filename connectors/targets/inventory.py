"""An external stock API: `POST /movements` with `{product, delta, movement_id}`, idempotent by `movement_id`.

The movement's id is the `Idempotency-Key` as well. `delta` is an exact JSON number, negative where pieces were taken.
The same id with another content (409) is a mistake that no repeat mends.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.exchange import Answer, Request
from connectors.targets import exact
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict, classify
from streams.record import Output
from streams.vocabulary import Command, CommandType

KIND = "inventory"
PATH = "/movements"

_HEADER_SAFE = re.compile(r"[\x21-\x7e]{1,255}")


def request(command: Command) -> Request:
    """The movement as the API takes it. Raises `Unprocessable`."""
    if command.type is not CommandType.MOVE_STOCK:
        raise Unprocessable(f"{KIND} knows no command {command.type}")
    movement, product = command.data.get("movement"), command.data.get("product")
    if not isinstance(movement, Mapping):
        raise Unprocessable("data.movement is not an object")
    id = movement.get("id")
    if not isinstance(id, str) or not _HEADER_SAFE.fullmatch(id):
        raise Unprocessable("data.movement.id cannot be an Idempotency-Key")
    if not isinstance(product, str) or not product:
        raise Unprocessable("the product has no name there: the order's line has no SKU, see targets.product")
    body = {
        "product": product,
        "delta": exact.number(movement.get("delta"), "data.movement.delta"),
        "movement_id": id,
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": id}
    return Request("POST", PATH, headers, exact.to_json(body, "data"))


def judge(command: Command, request: Request, answer: Answer | None) -> Ruling:
    """201 and 200 alike: a movement that is known has been made."""
    verdict = classify(answer.status if answer else None, conflict=Verdict.REJECTED)
    if answer is not None and answer.status == 409:
        return Ruling(verdict, "HTTP 409: the API has this movement_id with another content")
    return Ruling(verdict)


def records(command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
    """None: levels are the API's own."""
    return ()


def ref(answer: Answer) -> str | None:
    """None: an order has no name there."""
    return None
