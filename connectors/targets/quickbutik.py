"""Quickbutik's API (seed 000): `GET /v1/orders` for an order that a ping has named, `PUT` to tell it a status.

A fetched order becomes a raw record of its source, as if the platform had sent it to us: a replay reads it there and
asks nobody. An order that is not in the answer is asked for again: a ping may be ahead of the API. How a status is
written: connectors.targets.quickbutik_status.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

import orjson

from connectors.exchange import Answer, Request
from connectors.targets import quickbutik_status
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict, classify
from streams import cloudevents, topics
from streams.platforms import Undecodable
from streams.platforms.quickbutik import EVENT_PARAMETER, NAME, ORDER_PARAMETER
from streams.platforms.quickbutik.order import the_order
from streams.receipt import with_receipt
from streams.record import Output
from streams.vocabulary import Command, CommandType

KIND = "quickbutik"
PATH = "/v1/orders"
JSON = "application/json"
CONTENT_TYPE_CHARS_MAX = 200
# An answer like this may be another one next time. What else is wrong with one is for normalise to judge: it is kept,
# and set aside there with its reason.
NOT_THE_API = frozenset({"not-utf-8", "not-json", "not-a-list"})
RETRIED = frozenset({*NOT_THE_API, "order-not-found", "other-order"})


def request(command: Command) -> Request:
    """The order with its details, or a list of one update. Raises `Unprocessable`."""
    if command.type is CommandType.UPDATE_STATUS:
        return Request("PUT", PATH, {"Content-Type": JSON, "Accept": JSON}, quickbutik_status.body(command))
    if command.type is not CommandType.FETCH_ORDER:
        raise Unprocessable(f"{KIND} knows no command {command.type}")
    _text(command, EVENT_PARAMETER)
    query = {ORDER_PARAMETER: _text(command, ORDER_PARAMETER), "include_details": "true", "apps_load": "true"}
    return Request("GET", f"{PATH}?{urlencode(query)}", {"Accept": JSON}, b"")


def judge(command: Command, request: Request, answer: Answer | None) -> Ruling:
    """An answer without the order is tried again like a failure, and given up with its reason.

    Of an update the answer says for each item whether it was taken.
    """
    verdict = classify(answer.status if answer else None, conflict=Verdict.RETRY)
    if answer is None or verdict is not Verdict.DELIVERED:
        return Ruling(verdict)
    if command.type is CommandType.UPDATE_STATUS:
        return quickbutik_status.judge(command, answer)
    if answer.is_cut:
        why = f"the answer is longer than response_bytes_max ({len(answer.body)} bytes) and would be stored cut"
        return Ruling(Verdict.REJECTED, why)
    try:
        the_order(answer.body, str(command.data.get(ORDER_PARAMETER)))
    except Undecodable as error:
        if error.reason in RETRIED:
            why = f"HTTP {answer.status}, but {error.reason}: {error}"
            return Ruling(Verdict.RETRY, why, blames_target=error.reason in NOT_THE_API)
    return Ruling(Verdict.DELIVERED)


def records(command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
    """The raw record: the body as it came, under the order's key. Of the answer's headers only its type is in it.

    None of an update: what it did comes back as a ping, and is fetched.
    """
    if command.type is CommandType.UPDATE_STATUS:
        return ()
    word = _text(command, EVENT_PARAMETER)
    headers = cloudevents.headers(
        id=command.id,
        source=f"/targets/{command.target}",
        type=f"webhook.{NAME}.fetched",
        time=at,
        content_type=answer.headers.get("content-type", JSON)[:CONTENT_TYPE_CHARS_MAX].encode(
            "utf-8", "backslashreplace"
        ),
    )
    query = {EVENT_PARAMETER: word, ORDER_PARAMETER: _text(command, ORDER_PARAMETER)}
    headers.append((cloudevents.HTTP_METHOD, b"GET"))
    headers.append((cloudevents.HTTP_QUERY, orjson.dumps(query)))
    headers.append((cloudevents.HTTP_HEADERS, b"{}"))
    source = command.order_key.partition(":")[0]
    key = command.order_key.encode()
    return (Output(topics.webhooks(source), key, answer.body, with_receipt(headers, command.receipt)),)


def ref(answer: Answer) -> str | None:
    """None: the order is Quickbutik's own."""
    return None


def _text(command: Command, name: str) -> str:
    value = command.data.get(name)
    if not isinstance(value, str) or not value:
        raise Unprocessable(f"data.{name} is missing")
    return value
