"""CommerceOS in process: what is decided, through the connector's requests, against the stand-in's rules, and back."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson

from connectors.exchange import Answer, Request
from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.model import Order as TheirOrder
from connectors.sandbox.commerceos.model import Status
from connectors.sandbox.commerceos.refusal import Refused, Why
from connectors.sandbox.commerceos.routes import Routes
from connectors.sandbox.commerceos.store import Store
from connectors.targets.commerceos import CommerceOSKind
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict
from projections.agents import fold_step
from streams import sources, topics
from streams.outcomes import event_of
from streams.platforms import RawWebhook
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
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

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = "shop:1"
TARGET, SHOP_API = "cos", "shop-api"
AUTH = {"scheme": "token", "secrets": ["env:T"]}
NAMESPACES = {
    name: f"com.acme.{name.replace('_', '-')}-id"
    for name in (
        "order",
        "sku",
        "company",
        "customer",
        "store",
        "supplier",
        "channel",
        "payment_order",
        "shipment_order",
    )
}
MAPPING = {
    "company": "ACME-RETAIL",
    "sellers": ["WAREHOUSE-MAIN"],
    "payment_methods": {"giftcard": "com.heads.store-credit", "*": "com.heads.card"},
    "guest": "GUEST",
}
PRICES = {"WIDGET": "50.00", "GADGET": "25.00", "PHONE": "900.00", "PLAN": "10.00"}
KINDS = {"PHONE": "MobileDevice", "PLAN": "MobilePlan"}
RESULTS = {
    Verdict.DELIVERED: OutcomeResult.DELIVERED,
    Verdict.REJECTED: OutcomeResult.DEAD,
    Verdict.REFUSED: OutcomeResult.REFUSED,
}


def settings(mapping: Mapping[str, Any], platform: str) -> Settings:
    """The shop's orders go to CommerceOS, and where it has an API back to the shop."""
    is_thin = platform == "quickbutik"
    api = {"name": SHOP_API, "kind": "quickbutik", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
    cos = {"name": TARGET, "kind": "commerceos", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
    return Settings.model_validate(
        {
            "sources": [
                {"name": "shop", "platform": platform, "auth": AUTH, **({"fetch_from": SHOP_API} if is_thin else {})},
                {"name": "erp", "platform": "commerceos", "auth": AUTH},
                {"name": "warehouse", "platform": "external-system", "auth": AUTH, "orders_of": "shop"},
            ],
            "targets": [{**cos, "identifiers": NAMESPACES, "commerceos": {**MAPPING, **mapping}}, api],
            "routes": [{"from": ["shop"], "to": [TARGET, SHOP_API] if is_thin else [TARGET]}],
        }
    )


def said(type: EventType, at_s: int = 0, source: str = "shop", **facts: Any) -> OrderEvent:
    """What one webhook says of the order, `at_s` seconds after now."""
    at = NOW + timedelta(seconds=at_s)
    id = orjson.dumps([type, at_s, source, facts], default=str).hex()
    return OrderEvent(
        id=id,
        type=type,
        order_key=KEY,
        source=source,
        platform=source,
        occurred_at=at,
        received_at=at,
        origin=Origin(topic=topics.webhooks(source), partition=0, offset=at_s),
        data=OrderFacts.model_validate(facts),
    )


class World:
    """`wrong`: what was commanded at the wrong time, but for a reservation that is over, since no event tells of that.
    `dead`: dead letters; they hold nothing up here.

    `mapping`: changes of `[targets.commerceos]`. `stock`: of every product; None: never short.
    """

    def __init__(self, mapping: Mapping[str, Any] | None = None, stock: int | None = None, platform: str = "selldone"):
        self.settings, self.now = settings(mapping or {}, platform), NOW
        self.store = Store(lambda: self.now)
        for sku, price in PRICES.items():
            ids = {NAMESPACES["sku"]: sku}
            self.store.products.put(
                {"identifiers": ids, "price": price, "stock": stock, "instanceType": KINDS.get(sku)}
            )
        self.routes = Routes(self.store)
        self.states = Overlay(MemoryStore())
        self.commands: list[Command] = []
        self.told: list[Command] = []
        self.wrong: list[tuple[CommandType, str]] = []
        self.dead: list[Command] = []
        self._step = fold_step(self.settings)
        self._kind = CommerceOSKind(self.settings.target(TARGET))
        self._erp = sources.platforms(self.settings)["erp"]
        self._waiting: deque[Command] = deque()
        self._undecided: deque[Command] = deque()
        self._outcomes: deque[OrderEvent] = deque()
        self._count = 0

    @property
    def order(self) -> Order:
        return Order.from_json(self.states.get(KEY.encode()) or b"")

    @property
    def theirs(self) -> TheirOrder | None:
        return self.store.orders.find(f"{NAMESPACES['order']}={KEY}")

    @property
    def types(self) -> list[str]:
        return [command.type.value for command in self.commands]

    def take(self, *events: OrderEvent) -> None:
        """Folds, and decides."""
        for event in events:
            for output in self._step(Record(topics.EVENTS, 0, 0, 0, KEY.encode(), event.to_json()), self.states):
                command = Command.from_json(output.value or b"")
                (self.commands if command.target == TARGET else self.told).append(command)
                if command.target == TARGET:
                    self._waiting.append(command)

    def deliver(self) -> None:
        """Carries out the next command; what became of it is told later (`hear`)."""
        if not self._waiting:
            return
        command = self._waiting.popleft()
        ruling = self._carried_out(command)
        if ruling.verdict is Verdict.REJECTED:
            self.dead.append(command)
            self._undecided.append(command)
        self._end(command, RESULTS[ruling.verdict], ruling.why)

    def discard(self) -> None:
        """An operator lets the oldest dead letter go, of those that are left."""
        if self._undecided:
            self._end(self._undecided.popleft(), OutcomeResult.DISCARDED, None)

    def _end(self, command: Command, result: OutcomeResult, why: str | None) -> None:
        self._count += 1
        outcome = Outcome(
            command_id=command.id,
            type=command.type,
            target=TARGET,
            order_key=KEY,
            result=result,
            attempts=1,
            error=why,
            at=NOW + timedelta(minutes=self._count),
        )
        record = Record(topics.OUTCOMES, 0, self._count, 0, KEY.encode(), outcome.to_json())
        self._outcomes.append(event_of(record, {"shop": self.settings.source("shop").platform}))

    def wait(self) -> None:
        """Ten minutes go by at CommerceOS."""
        self.now += timedelta(minutes=10)
        self.store.lapse()

    def hear(self) -> None:
        """The next outcome comes back."""
        if self._outcomes:
            self.take(self._outcomes.popleft())

    def echo(self) -> None:
        """CommerceOS shows the order as it is: its status, shipments and payments."""
        if self.theirs is None:
            return
        path = f"/v1/trade-orders/{NAMESPACES['order']}={KEY.replace(':', '%3A')}"
        shown = self.routes.reply(Call("GET", f"{path}~with(status,payments,totalAmount,shipments~with(status))", b""))
        parcels = [{"shipmentId": each.key, "orderId": KEY, "status": [each.status]} for each in self.theirs.shipments]
        body = orjson.dumps([shown.value, *parcels])
        webhook = RawWebhook("erp", body, Origin(topic=topics.webhooks("erp"), partition=0, offset=0), "r", NOW)
        for event in self._erp.normalise(webhook):
            assert isinstance(event, OrderEvent)
            self.take(event)

    def settle(self) -> None:
        """Until nothing happens any more, whatever is shown."""
        for _ in range(50):
            while self._waiting or self._outcomes:
                self.deliver()
                self.hear()
            self.echo()
            if not self._waiting:
                return
        raise AssertionError(f"it never ends: {self.types[-10:]}")

    def run(self, *events: OrderEvent) -> "World":
        """Each event when the one before has had all its effects."""
        for event in events:
            self.take(event)
            self.settle()
        return self

    def payments(self) -> dict[str, str]:
        """What is recorded there, by transaction id."""
        assert self.theirs is not None
        recorded: Sequence[Any] = self.theirs.payments
        return {each.transaction_id: format(each.amount, "f") for each in recorded}

    def data(self, type: CommandType) -> dict[str, Any]:
        """Of the last command of the type."""
        return [command for command in self.commands if command.type is type][-1].data

    def shipments(self) -> list[str]:
        """Of the order, or under its id."""
        return [each.status for each in self.store.shipments]

    def statuses(self) -> list[str]:
        return [status.value for status in self.theirs.statuses] if self.theirs else []

    def _carried_out(self, command: Command) -> Ruling:
        try:
            request = self._kind.request(command)
        except Unprocessable as error:
            return Ruling(Verdict.REJECTED, str(error))
        for _ in range(20):
            judged = self._kind.judge(command, request, self._answer(command, request))
            if isinstance(judged, Ruling):
                assert judged.verdict is not Verdict.RETRY, (command.type, judged)
                return judged
            request = judged
        raise AssertionError("a command takes requests without end")

    def _answer(self, command: Command, request: Request) -> Answer:
        try:
            with read.exact():
                reply = self.routes.reply(Call(request.method, request.path, request.body))
            status, value = reply.status, reply.value
        except Refused as error:
            status, value = error.status, error.document()
            if (
                error.why is Why.ORDER
                and not is_for_a_person(command)
                and Status.UNRESERVED.value not in self.statuses()
            ):
                self.wrong.append((command.type, error.code))
        headers = {"content-type": "application/json", "date": format_datetime(self.now, usegmt=True)}
        return Answer(status, headers, orjson.dumps(value))


def is_for_a_person(command: Command) -> bool:
    """It says itself that it comes too late."""
    return bool(command.data.get("after_approval") or command.data.get("payment", {}).get("after_cancel"))
