"""A status as Quickbutik takes it (seed 000, parts 2 and 3): a list of one update, and what its answer says. Pure.

    done        shipping_info, where there is a tracking number; email_confirmation: whether the buyer is written to
    paid        skip_email_confirmation: "true" where the buyer is not written to
    cancelled   no flag

Which flag goes with which status is the seed's, and the vendor's reference says the same. `skip_webhook` is not sent:
whoever else listens to the shop is to hear of it, and the ping that comes back to us ends with a fetch. The status is
set, not moved on, so that a repeat leaves the order as it is.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from connectors.exchange import Answer
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict
from streams.vocabulary import Command

PAID, DONE, CANCELLED = "paid", "done", "cancelled"
REASON_CHARS_MAX = 200


def body(command: Command) -> bytes:
    """The list. Raises `Unprocessable`."""
    status, is_told = command.data.get("status"), command.data.get("notify")
    if not isinstance(is_told, bool):
        raise Unprocessable("data.notify is not true or false")
    update: dict[str, Any] = {"order_id": native_id(command), "status": status}
    if status == DONE:
        if (shipping := command.data.get("shipping")) is not None:
            update["shipping_info"] = _shipping(shipping)
        update["email_confirmation"] = _flag(is_told)
    elif status == PAID:
        update["skip_email_confirmation"] = _flag(not is_told)
    elif status != CANCELLED:
        raise Unprocessable(f"data.status is none of {PAID}, {DONE}, {CANCELLED}")
    return orjson.dumps([update])


def judge(command: Command, answer: Answer) -> Ruling:
    """Of an answer of 2xx. An item that was not taken needs a person: the shop would say the same again."""
    if answer.is_cut:
        return _unreadable(answer, "longer than response_bytes_max", blames_target=False)
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return _unreadable(answer, "not JSON")
    if not isinstance(document, Mapping) or not isinstance(results := document.get("results"), list | Mapping):
        return _unreadable(answer, "without results")
    said = _about(native_id(command), results)
    if results and not said:
        return _unreadable(answer, "about other orders")
    for item in said:
        if isinstance(item, Mapping) and (error := item.get("error")):
            return Ruling(Verdict.REJECTED, f"HTTP {answer.status}, but Quickbutik says: {_readable(error)}")
    return Ruling(Verdict.DELIVERED)


def native_id(command: Command) -> str:
    """The order's id at the shop: what follows the source in the order key. Raises `Unprocessable`."""
    id = command.order_key.partition(":")[2]
    if not id:
        raise Unprocessable("the order key holds no id of the shop's")
    return id


def _about(id: str, results: list[Any] | Mapping[str, Any]) -> list[Any]:
    """What is said of our one update. The reference shows only that `results` is there, and may be empty."""
    if isinstance(results, Mapping):
        return [results, results.get(id)]
    return [each for each in results if isinstance(each, Mapping) and str(each.get("order_id", id)) == id]


def _unreadable(answer: Answer, what: str, *, blames_target: bool = True) -> Ruling:
    return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but the answer is {what}", blames_target=blames_target)


def _readable(error: object) -> str:
    text = error if isinstance(error, str) else orjson.dumps(error).decode()
    return "".join(letter if letter.isprintable() else " " for letter in text)[:REASON_CHARS_MAX]


def _shipping(shipping: object) -> dict[str, str]:
    if not isinstance(shipping, Mapping):
        raise Unprocessable("data.shipping is not an object")
    number, company = shipping.get("tracking_number"), shipping.get("carrier", "")
    if not isinstance(number, str) or not number:
        raise Unprocessable("data.shipping.tracking_number is missing")
    if not isinstance(company, str):
        raise Unprocessable("data.shipping.carrier is not a text")
    return {"trackingnumber": number, "company": company}


def _flag(value: bool) -> str:
    return "true" if value else "false"
