"""A run in which nothing went wrong, made by hand: what the checker must be content with, and what tests then spoil."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streams import topics
from streams.demo.evidence import Effect, Evidence, Place, Sent, place_of
from streams.demo.model import Told, read
from streams.demo.traffic import plan
from streams.demo.webhook import Kind, Webhook
from streams.record import Record
from streams.vocabulary import (
    Command,
    CommandType,
    EventType,
    Order,
    OrderEvent,
    OrderFacts,
    Origin,
    Outcome,
    OutcomeResult,
)

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
TARGET = "external"


def ideal(events: int = 150, seed: int = 7) -> Evidence:
    """The evidence of a run of that size that went perfectly."""
    run = _Run()
    for webhook in plan(events, seed, NOW):
        run.arrive(webhook)
    return Evidence(run.sent, run.raw, run.aside, run.events, run.states(), run.commands, run.outcomes, [], run.effects)


@dataclass
class _Run:
    sent: list[Sent] = field(default_factory=list)
    raw: list[Record] = field(default_factory=list)
    aside: list[Record] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    outcomes: list[tuple[Place, Outcome]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    told: dict[str, list[Told]] = field(default_factory=dict)

    def arrive(self, webhook: Webhook) -> None:
        if webhook.kind.is_hostile:
            self.sent.append(Sent(webhook, 1, 401, None, 0.0))
            return
        receipt = f"receipt-{webhook.number}"
        self.sent.append(Sent(webhook, 1, 200, receipt, float(webhook.number)))
        at = (topics.webhooks(webhook.source), 0, webhook.number)
        self.raw.append(Record(*at, 0, None, webhook.body, (("ce_id", receipt.encode()),)))
        told = read(webhook.source, webhook.body)
        if told is None:
            self._set_aside(self.raw[-1])
        else:
            self._happen(told, at, hashlib.sha256(webhook.body).hexdigest())

    def _set_aside(self, record: Record) -> None:
        names = ("topic", "partition", "offset")
        place = place_of(record)
        origin = [(f"origin_{name}", f"{value}".encode()) for name, value in zip(names, place, strict=True)]
        self.aside.append(Record(topics.QUARANTINE, 0, len(self.aside), 0, None, record.value, origin))

    def _happen(self, told: Told, at: Place, id: str) -> None:
        self.events.append(_event(told.order_key, EventType.CHANGED, at, id))
        known = self.told.setdefault(told.order_key, [])
        known.append(told)
        commanded = [command for command in self.commands if command.order_key == told.order_key]
        can_create = any(one.is_placing for one in known) and not any(one.is_cancelling for one in known)
        if not commanded and not can_create:
            return
        last = max(known, key=lambda one: one.at)
        document = _document(told.order_key, last)
        if not commanded:
            self._command(CommandType.CREATE_ORDER, told.order_key, id, document)
        elif commanded[-1].data["order"] != document:
            self._command(CommandType.UPDATE_ORDER, told.order_key, id, document)

    def _command(self, type: CommandType, key: str, cause: str, document: dict[str, Any]) -> None:
        number = len(self.commands)
        command = Command(
            id=f"command-{number}",
            type=type,
            target=TARGET,
            order_key=key,
            data={"order": document},
            caused_by=cause,
            created_at=NOW,
        )
        self.commands.append(command)
        self.effects.append(Effect(number, 1000.0 + number, command.id, document["external_order_id"], document))
        outcome = Outcome(
            command_id=command.id,
            type=type,
            target=TARGET,
            order_key=key,
            result=OutcomeResult.DELIVERED,
            attempts=1,
            at=NOW,
        )
        at = (topics.OUTCOMES, 0, number)
        self.outcomes.append((at, outcome))
        self.events.append(_event(key, EventType.DELIVERY_SUCCEEDED, at, f"delivery-{number}"))

    def states(self) -> dict[str, Order]:
        ids: dict[str, set[str]] = {}
        for event in self.events:
            ids.setdefault(event.order_key, set()).add(event.id)
        return {key: Order(key=key, source="s", platform="p", version=len(seen)) for key, seen in ids.items()}


def _event(key: str, type: EventType, at: Place, id: str) -> OrderEvent:
    topic, partition, offset = at
    return OrderEvent(
        id=id,
        type=type,
        order_key=key,
        source="s",
        platform="p",
        occurred_at=NOW,
        received_at=NOW,
        origin=Origin(topic=topic, partition=partition, offset=offset),
        data=OrderFacts(),
    )


def _document(key: str, told: Told) -> dict[str, Any]:
    items: Sequence[Any] = [{"quantity": quantity, "price": price} for quantity, price in told.body.items]
    return {
        "external_order_id": key.partition(":")[2],
        "customer_email": told.body.email,
        "total_amount": told.body.total,
        "currency": told.body.currency,
        "items": items,
    }


def first(evidence: Evidence, kind: Kind) -> int:
    """The place in `sent` of the first webhook of that kind."""
    return next(at for at, sent in enumerate(evidence.sent) if sent.webhook.kind is kind)
