"""The external system of seed 000: `POST /api/orders`, with an `Idempotency-Key`.

`create_order` and `update_order` send the same document, the seed's `transformOrder`; the API replaces what it has
under the same `external_order_id`. Amounts travel as exact JSON numbers: never through a float.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from connectors.exchange import Answer, Request
from connectors.targets.exact import number, to_json
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict, classify
from streams.record import Output
from streams.vocabulary import Command, CommandType

KIND = "external"
PATH = "/api/orders"
COMMANDS = frozenset({CommandType.CREATE_ORDER, CommandType.UPDATE_ORDER})
AMOUNTS = ("total_amount",)
ITEM_AMOUNTS = ("quantity", "price")
REF_CHARS_MAX = 200

_HEADER_SAFE = re.compile(r"[\x21-\x7e]{1,255}")


def request(command: Command) -> Request:
    """The order as the API takes it. Raises `Unprocessable`."""
    if command.type not in COMMANDS:
        raise Unprocessable(f"{KIND} knows no command {command.type}")
    if not _HEADER_SAFE.fullmatch(command.id):
        raise Unprocessable("the command's id cannot be an Idempotency-Key")
    order = command.data.get("order")
    if not isinstance(order, Mapping):
        raise Unprocessable("data.order is not an object")
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": command.id}
    return Request("POST", PATH, headers, to_json(_with_numbers(order), "data.order"))


def judge(command: Command, request: Request, answer: Answer | None) -> Ruling:
    """409: a request with this key is in progress (draft-ietf-httpapi-idempotency-key-header, 2.7): ask again later."""
    return Ruling(classify(answer.status if answer else None, conflict=Verdict.RETRY))


def records(command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
    """None: what the API answers states nothing of the order but its id there."""
    return ()


def ref(answer: Answer) -> str | None:
    """The `id` in the answer; None where it has none that is fit to be shown."""
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    id = document.get("id") if isinstance(document, dict) else None
    if isinstance(id, bool) or not isinstance(id, str | int):
        return None
    return str(id) if 0 < len(str(id)) <= REF_CHARS_MAX else None


def _with_numbers(order: Mapping[str, Any]) -> dict[str, Any]:
    document = _numbers_at(order, AMOUNTS, "")
    items = document.get("items")
    if items is not None:
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            raise Unprocessable("data.order.items is not a list of objects")
        document["items"] = [_numbers_at(item, ITEM_AMOUNTS, f"items[{at}].") for at, item in enumerate(items)]
    return document


def _numbers_at(fields: Mapping[str, Any], names: tuple[str, ...], path: str) -> dict[str, Any]:
    return {
        name: number(value, f"data.order.{path}{name}") if name in names and value is not None else value
        for name, value in fields.items()
    }
