"""Apicbase (seed 001): the purchase order that its webhook posts and its API lists, which are the same document.

The webhook comes with `ORDERED` only. `DELIVERED` is from the vendor's API reference (the list of a supplier's purchase
orders): the customer has registered a delivery. An order has no currency, so that is a setting of the source.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from streams.platforms.apicbase.problems import AGAIN, ORDERED, problems
from streams.platforms.canonical import canonical
from streams.platforms.config import InvalidOptions, SourceConfig
from streams.platforms.facts import Statement, event_of, flagged, number_lines
from streams.platforms.fields import (
    ABSENT,
    Object,
    Table,
    amount,
    child,
    children,
    identifier,
    moment,
    pick,
    text,
    word,
)
from streams.platforms.json import Document, decode, peek
from streams.platforms.webhook import Identity, Problem, RawWebhook, Undecodable
from streams.vocabulary import EventType, OrderEvent, OrderStatus

NAME = "apicbase"

DELIVERED = "DELIVERED"
# A total is not required (seed 001), but a target may wait for one: a person is to know why.
NO_TOTAL = "no-total"
EVENTS: Mapping[str, tuple[EventType, int]] = {
    ORDERED: (EventType.PLACED, 0),
    DELIVERED: (EventType.DELIVERED, 1),
}
_UNKNOWN = (EventType.OBSERVED, 0)
STATUSES: Mapping[str, OrderStatus] = {ORDERED: OrderStatus.PENDING, DELIVERED: OrderStatus.DELIVERED}

CURRENCY = re.compile(r"[A-Z]{3}")

_ORDER_FIELDS: Table = {
    "order_id": ("id", text),
    "order_number": ("order_number", text),
    "platform_status": ("status", text),
    "placed_at": ("ordered_on", moment),
    "expected_at": ("expected_delivery_date", moment),
    "total": ("theoretical_price", amount),
    "note": ("order_remarks", text),
}


@dataclass(frozen=True, slots=True)
class Apicbase:
    """`currency`: of all amounts, as ISO 4217 has it; None: the events state none."""

    currency: str | None = None

    NAME: ClassVar[str] = NAME
    METHODS: ClassVar[Sequence[str]] = ("POST",)
    EVENTS: ClassVar[Mapping[str, tuple[EventType, int]]] = EVENTS

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """Which order, and its status: that is all that tells one document of an order from another."""
        return peek(body, _identity)

    def validate(self, body: bytes, query: Mapping[str, str]) -> Sequence[Problem]:
        """What is wrong with the order, in words for the customer who placed it."""
        try:
            return problems(decode(body), is_placing=True)
        except Undecodable as error:
            return (Problem("", f"The order cannot be read: {error}. {AGAIN}"),)

    def normalise(self, webhook: RawWebhook) -> tuple[OrderEvent, ...]:
        """One event. Raises `Undecodable`: the reasons of `streams.platforms.json`, `no-order-id`, `invalid-order`.

        A webhook was validated before it was answered; an order that was polled is validated here, in the same words,
        whatever its status.
        """
        document = decode(webhook.body)
        identity = _identity(document)
        if identity.native_id is None:
            raise Undecodable("no-order-id", "; ".join(problem.message for problem in problems(document)))
        if wrong := problems(document):
            raise Undecodable("invalid-order", "; ".join(problem.message for problem in wrong))
        assert identity.event is not None
        type, rank = EVENTS.get(identity.event, _UNKNOWN)
        said = Statement(
            native_id=identity.native_id,
            type=type,
            platform_event=identity.event,
            rank=rank,
            # Only the time of the order is told. What became of it later is known from when we learn it.
            occurred_at=moment(document["ordered_on"]) if identity.event == ORDERED else ABSENT,
            facts=self._facts(document, identity.event),
            # Webhook and API do not write the same document the same way.
            content=canonical(document),
        )
        return (event_of(NAME, webhook, said),)

    def _facts(self, document: Document, event: str) -> dict[str, Any]:
        facts = pick(document, _ORDER_FIELDS) | {"platform_status": event}
        if event in STATUSES:
            facts["status"] = STATUSES[event]
        if event == DELIVERED:
            facts["is_placed"] = True
        if self.currency is not None:
            facts["currency"] = self.currency
        facts["customer"] = _customer(document)
        facts["lines"] = number_lines([_line(package) for package in children(document, "packages") or ()])
        return facts if facts.get("total") is not None else flagged(facts, NO_TOTAL)


def configure(config: SourceConfig) -> Apicbase:
    """The platform with the options of `config`. Raises `InvalidOptions`."""
    wrong: list[tuple[tuple[str | int, ...], str, str]] = [
        ((name,), "no such setting", "the platform apicbase knows the option currency")
        for name in config.options
        if name != "currency"
    ]
    currency = config.options.get("currency")
    if currency is not None and not (isinstance(currency, str) and CURRENCY.fullmatch(currency)):
        wrong.append((("currency",), "is not a currency", 'three capital letters as ISO 4217 has them, such as "EUR"'))
    if wrong:
        raise InvalidOptions(wrong)
    return Apicbase(currency)


def _identity(document: Document) -> Identity:
    status = document.get("status")
    return Identity(identifier(document.get("id")), ORDERED if status is None else word(status))


def _customer(document: Document) -> dict[str, Any]:
    customer: dict[str, Any] = {"id": identifier(document.get("supplier_customer_number"))}
    owner = document.get("owned_by", ABSENT)
    if owner is None:
        return customer | {"name": None}
    return customer | (pick(owner, {"name": ("username", text)}) if isinstance(owner, dict) else {})


def _line(package: Object) -> dict[str, Any]:
    supplied = child(package, "supplier_package")
    article = identifier(supplied.get("supplier_article_number"))
    return {
        "id": article,
        "sku": article,
        "quantity": package.get("quantity_ordered"),
        **pick(child(package, "stock_item"), {"name": ("name", text)}),
        **pick(supplied, {"unit_price": ("theoretical_price_per_package", amount)}),
        **pick(package, {"total": ("total_theoretical_price", amount)}),
    }
