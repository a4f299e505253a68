"""What `PUT /v1/orders` does at the stand-in for Quickbutik, with its rules: one update of a list at a time.

A status is set: the same again changes nothing and writes to nobody. An order that is done cannot be paid or unpaid
again, one that is cancelled is over; the vendor documents neither, and a wrong order of commands must show. Flags are
the words "true" and "false"; whom the buyer hears from: `email_confirmation` of done, `skip_email_confirmation` of
paid.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

REMEMBERED_MAX = 100_000
# The status's word, how an answer shows it, and the word of its ping. The vendor documents neither a number for
# cancelled nor a word for paid, only that there is a ping; and none for unpaid.
STATUSES: Mapping[str, tuple[str, str | None]] = {
    "unpaid": ("-1", None),
    "paid": ("1", "order.new"),
    "done": ("2", "order.done"),
    "cancelled": ("cancelled", "order.cancelled"),
}
# From where an order gets no further, but for what is named.
OVER: Mapping[str, tuple[str, frozenset[str]]] = {
    "2": ("the order is done", frozenset({"done", "cancelled"})),
    "cancelled": ("the order is cancelled", frozenset({"cancelled"})),
}
FLAGS = ("email_confirmation", "skip_email_confirmation", "paymethod_activate", "skip_webhook")


@dataclass(frozen=True, slots=True)
class Update:
    """One that was taken. `mailed`: the buyer was written to. `repeated`: it changed nothing."""

    at: datetime
    order_id: str
    status: str
    shipping_info: Mapping[str, Any] | None
    mailed: bool
    repeated: bool

    def to_json(self) -> bytes:
        return orjson.dumps(self)


class Updates:
    """Of `orders`, which it changes. `taken`: the last ones that were."""

    def __init__(self, orders: dict[str, dict[str, Any]]) -> None:
        self._orders = orders
        self.taken: deque[Update] = deque(maxlen=REMEMBERED_MAX)
        self._counts = {"updates": 0, "repeats": 0, "mails": 0, "refused": 0}

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the start."""
        return self._counts

    def apply(self, asked: Mapping[str, Any], at: datetime) -> tuple[dict[str, object], str | None]:
        """The item of the answer, and the word of the ping that is due."""
        id, status = str(asked.get("order_id")), asked.get("status")
        if (error := self._error(id, status, asked)) is not None:
            self._counts["refused"] += 1
            return {"order_id": id, "error": error}, None
        number, word = STATUSES[str(status)]
        before = self._orders[id]
        shipping = asked.get("shipping_info")
        after = {**before, "status": number} | ({} if shipping is None else {"shipping_info": shipping})
        repeated = after == before
        mailed = not repeated and _mails(str(status), asked)
        self._orders[id] = after
        self.taken.append(Update(at, id, str(status), shipping, mailed, repeated))
        self._counts["updates"] += not repeated
        self._counts["repeats"] += repeated
        self._counts["mails"] += mailed
        return {"order_id": id, "success": 1}, None if asked.get("skip_webhook") == "true" else word

    def _error(self, id: str, status: object, asked: Mapping[str, Any]) -> str | None:
        if id not in self._orders:
            return "no such order"
        if not isinstance(status, str) or status not in STATUSES:
            return "no such status"
        for flag in FLAGS:
            if asked.get(flag, "true") not in ("true", "false"):
                return f"{flag} is neither true nor false"
        shipping = asked.get("shipping_info", {})
        if not isinstance(shipping, Mapping) or not all(isinstance(value, str) for value in shipping.values()):
            return "shipping_info is not an object of texts"
        error, allowed = OVER.get(str(self._orders[id].get("status")), ("", STATUSES.keys()))
        return None if status in allowed else error


def _mails(status: str, asked: Mapping[str, Any]) -> bool:
    if status == "done":
        return bool(asked.get("email_confirmation") == "true")
    return status == "paid" and asked.get("skip_email_confirmation") != "true"
