"""Platforms as strict or as thin as any can be, for what ingest owes to each of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from streams.platforms import BadItem, Identity, Problem, RawWebhook
from streams.vocabulary import EventType, OrderEvent


class Strict:
    """Shows its customer what is wrong: one problem for each of the names in the body's `wrong`."""

    NAME = "strict"
    METHODS: Sequence[str] = ("POST",)
    EVENTS: Mapping[str, tuple[EventType, int]] = {"ordered": (EventType.PLACED, 0)}

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        return Identity("1001", "ordered")

    def validate(self, body: bytes, query: Mapping[str, str]) -> Sequence[Problem]:
        """A bug for the body `bug`."""
        if body == b"bug":
            raise ZeroDivisionError("of a customer named Erika")
        wrong: Mapping[str, Any] = json.loads(body)["wrong"] | ({"query": query["wrong"]} if "wrong" in query else {})
        return [Problem(field, message) for field, message in wrong.items()]

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent | BadItem]:
        return ()


class Thin(Strict):
    """Names order and event in the query alone, by GET or POST; or another source's order by its whole key."""

    NAME = "thin"
    METHODS: Sequence[str] = ("GET", "POST")

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        return Identity(query.get("order_id"), query.get("event_type"), query.get("order_key"))

    def validate(self, body: bytes, query: Mapping[str, str]) -> Sequence[Problem]:
        return ()
