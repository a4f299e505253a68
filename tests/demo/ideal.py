"""A run in which nothing went wrong, made by hand: what the checker must be content with, and what tests then spoil."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from streams import topics
from streams.demo.evidence import Effect, Evidence, Fulfilment, Place, Sent, arrived, is_fetched, place_of
from streams.demo.model import Expected, expected, read, stock
from streams.demo.told import Body, Told
from streams.demo.traffic import plan
from streams.demo.webhook import APICBASE, QUICKBUTIK, STORE, Kind, Put, Webhook
from streams.record import Record
from streams.vocabulary import (
    Command,
    CommandType,
    EventType,
    Movement,
    Order,
    OrderEvent,
    OrderFacts,
    OrderStatus,
    Origin,
    Outcome,
    OutcomeResult,
    PaymentStatus,
    Product,
    Shipment,
    Stock,
)

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
TARGET = "external"


@lru_cache
def ideal(events: int = 400, seed: int = 7) -> Evidence:
    """The evidence of a run of that size that went perfectly."""
    run, planned = _Run(), plan(events, seed, NOW)
    for webhook in planned.webhooks:
        for put in planned.puts.get(webhook.number, ()):
            run.put(put)
        run.arrive(webhook)
    return Evidence(
        sent=run.sent,
        raw=run.raw,
        quarantine=run.aside,
        events=run.events,
        states=run.states(),
        commands=run.commands,
        outcomes=run.outcomes,
        deadletters=[],
        effects=run.effects,
        movements=run.movements,
        stock=run.stock(),
        puts=run.puts,
        fulfilment=run.fulfilment(),
    )


@dataclass
class _Run:
    sent: list[Sent] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    raw: list[Record] = field(default_factory=list)
    aside: list[Record] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    outcomes: list[tuple[Place, Outcome]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    told: dict[str, list[Told]] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)

    def put(self, put: Put) -> None:
        """A poller asks without end; a shop's API waits until a ping has us ask it."""
        self.puts.append(put)
        if put.source == APICBASE:
            self._take(self._record(APICBASE, f"/pollers/{APICBASE}", f"polled-{put.order_id}", put.document))
        else:
            self.shown[put.order_id] = put.document

    def arrive(self, webhook: Webhook) -> None:
        if webhook.kind.is_refused:
            status = 422 if webhook.kind is Kind.INVALID else 401
            self.sent.append(Sent(webhook, 1, status, None, 0.0))
            return
        receipt, request = f"receipt-{webhook.number}", webhook.request
        self.sent.append(Sent(webhook, 1, 200, receipt, float(webhook.number)))
        path, query = f"/webhooks/{webhook.source}", dict(request.query)
        self._take(self._record(webhook.source, path, receipt, request.body, request.method, query))

    def _record(
        self, source: str, path: str, id: str, body: bytes, method: str = "GET", query: dict[str, str] | None = None
    ) -> Record:
        headers = [
            ("ce_id", id.encode()),
            ("ce_source", path.encode()),
            ("http_method", method.encode()),
            ("http_query", orjson.dumps(query or {})),
        ]
        return Record(topics.webhooks(source), 0, len(self.raw), 0, None, body, headers)

    def _take(self, record: Record) -> None:
        self.raw.append(record)
        reading = read(arrived(record))
        if reading.is_bad:
            self._set_aside(record)
        for number, told in enumerate(reading.told):
            is_ping = record.topic == topics.webhooks(QUICKBUTIK) and not is_fetched(record)
            same = record.offset if is_ping else record.value  # two equal pings are two things to look after
            self._happen(told, place_of(record), hashlib.sha256(f"{same!r}{number}".encode()).hexdigest())
            if is_ping:
                self._fetch(told.order_key, arrived(record).query)

    def _set_aside(self, record: Record) -> None:
        names = ("topic", "partition", "offset")
        place = place_of(record)
        origin = [(f"origin_{name}", f"{value}".encode()) for name, value in zip(names, place, strict=True)]
        self.aside.append(Record(topics.QUARANTINE, 0, len(self.aside), 0, None, record.value, origin))

    def _fetch(self, key: str, query: Any) -> None:
        command = self._command(CommandType.FETCH_ORDER, key, "ping", {}, QUICKBUTIK)
        document = self.shown[query["order_id"]]
        self._take(self._record(QUICKBUTIK, "/targets/quickbutik", command.id, b"[" + document + b"]", query=query))

    def _happen(self, told: Told, at: Place, id: str) -> None:
        self.events.append(_event(told.order_key, EventType.CHANGED, at, id))
        known = self.told.setdefault(told.order_key, [])
        before = stock(known)
        known.append(told)
        self._move(told.order_key, before, stock(known))
        commanded = [one for one in self.commands if one.order_key == told.order_key and one.target == TARGET]
        wanted = expected(known)[told.order_key]
        if wanted.body is None or (not commanded and not wanted.must):
            return
        document = _document(told.order_key, wanted.body)
        if not commanded:
            self._have(CommandType.CREATE_ORDER, told.order_key, id, document)
        elif commanded[-1].data["order"] != document:
            self._have(CommandType.UPDATE_ORDER, told.order_key, id, document)

    def _have(self, type: CommandType, key: str, cause: str, document: dict[str, Any]) -> None:
        command = self._command(type, key, cause, document, TARGET)
        number = len(self.effects)
        self.effects.append(Effect(number, 1000.0 + number, command.id, document["external_order_id"], document))

    def _command(self, type: CommandType, key: str, cause: str, document: dict[str, Any], target: str) -> Command:
        number = len(self.commands)
        command = Command(
            id=f"command-{number}",
            type=type,
            target=target,
            order_key=key,
            data={"order": document},
            caused_by=cause,
            created_at=NOW,
        )
        self.commands.append(command)
        outcome = Outcome(
            command_id=command.id,
            type=type,
            target=target,
            order_key=key,
            result=OutcomeResult.DELIVERED,
            attempts=1,
            at=NOW,
        )
        at = (topics.OUTCOMES, 0, number)
        self.outcomes.append((at, outcome))
        self.events.append(_event(key, EventType.DELIVERY_SUCCEEDED, at, f"delivery-{number}"))
        return command

    def _move(self, order_key: str, before: Any, after: Any) -> None:
        for product, level in after.items():
            delta = level - before.get(product, Decimal(0))
            if delta:
                self.movements.append(
                    Movement(
                        id=f"movement-{len(self.movements)}",
                        product_key=product,
                        product=Product(),
                        order_key=order_key,
                        source="s",
                        delta=delta,
                        held=-level,
                        caused_by="e",
                        at=NOW,
                    )
                )

    def stock(self) -> dict[str, Stock]:
        levels: dict[str, Decimal] = {}
        for movement in self.movements:
            levels[movement.product_key] = levels.get(movement.product_key, Decimal(0)) + movement.delta
        return {
            key: Stock(product_key=key, product=Product(), source="s", level=level, updated_at=NOW)
            for key, level in levels.items()
        }

    def fulfilment(self) -> Fulfilment:
        """What a CommerceOS that was told everything in time has."""
        orders = []
        for key, known in self.told.items():
            wanted = expected(known)[key]
            if key.startswith(f"{STORE}:") and wanted.may:
                orders.append(_fulfilled(key, wanted))
        return Fulfilment(orders=orders, refused={"repeat": 3}, busiest=40)

    def states(self) -> dict[str, Order]:
        ids: dict[str, set[str]] = {}
        for event in self.events:
            ids.setdefault(event.order_key, set()).add(event.id)
        return {key: self._state(key, len(seen)) for key, seen in ids.items()}

    def _state(self, key: str, version: int) -> Order:
        wanted = expected(self.told[key])[key]
        parcels = [Shipment(id=number, tracking_number=number) for number in sorted(wanted.tracking)]
        return Order(
            key=key,
            source="s",
            platform="p",
            status=OrderStatus(wanted.status),
            payment_status=PaymentStatus(wanted.money),
            shipments=tuple(parcels),
            version=version,
        )


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


def _fulfilled(key: str, wanted: Expected) -> dict[str, Any]:
    is_sent = wanted.must and bool(wanted.payments) and wanted.status in ("shipped", "delivered")
    return {
        "identifiers": {"com.acme.order-id": key},
        "status": ["New"] if not wanted.payments else ["Committed" if wanted.must else "Cancelled"],
        "items": [
            {"product": {"identifiers": {"com.acme.sku": sku}}, "quantity": str(count)}
            for sku, count in wanted.pieces.items()
        ],
        "payments": [{"transactionId": id, "amount": str(amount)} for id, amount in wanted.payments.items()],
        "deliveryAddresses": [{"line1": wanted.streets[-1]}],
        "shipments": [{"status": "Released"}] if is_sent else [],
    }


def _document(key: str, body: Body) -> dict[str, Any]:
    items: Sequence[Any] = [{"quantity": quantity, "price": price} for quantity, price in body.items]
    return {
        "external_order_id": key,
        "customer_email": body.email,
        "total_amount": body.total,
        "currency": body.currency,
        "items": items,
    }


def first(evidence: Evidence, kind: Kind) -> int:
    """The place in `sent` of the first webhook of that kind."""
    return next(at for at, sent in enumerate(evidence.sent) if sent.webhook.kind is kind)
