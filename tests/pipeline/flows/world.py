"""The roles, the stand-ins behind them, and what a test asks of both."""

import json
import signal
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from connectors.sandbox.commerceos.admin import ORDER
from connectors.sandbox.commerceos.api import CommerceOSApi
from connectors.sandbox.commerceos.model import Order as Record
from connectors.sandbox.commerceos.query import project
from connectors.sandbox.commerceos.read import moment_text
from connectors.sandbox.commerceos.views import order_view
from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from streams.vocabulary import OrderStatus
from tests.connectors.api import TOKEN, lines
from tests.ingest.support import TOKEN as URL_TOKEN
from tests.pipeline.flows import setting, store
from tests.pipeline.roles import Pipeline, pipeline

NAMESPACE = setting.IDENTIFIERS["order"]
SAME = (
    *("identifiers", "supplier", "customer", "sellers", "currency", "status"),
    *("deliveryAddresses", "invoiceAddresses"),
)
STATUS_MAP = {"orderId": f"identifiers/{NAMESPACE}", "status": "status", "timestamp": "timestamp"}
SHIPMENT_MAP = {
    "shipmentId": "identifiers/key",
    "orderId": f"orders/0/identifiers/{NAMESPACE}",
    "status": "status",
    "trackingUrl": "carriersTrackingUrl",
}


@dataclass
class World:
    """`kills`: the role, and how many requests for a change CommerceOS had seen by then. `partly`: what the order's
    status was as its parts were sent."""

    line: Pipeline
    api: CommerceOSApi
    shop: QuickbutikApi
    kills: list[tuple[str, int]] = field(default_factory=list)
    partly: list[OrderStatus] = field(default_factory=list)

    def send(self, source: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        answer = self.line.send(f"/webhooks/{source}", body, headers)
        assert 200 == answer.status, answer.body

    def sell(self, *webhooks: bytes) -> None:
        """What the store sends."""
        for body in webhooks:
            self.send(store.NAME, body, store.headers(body))

    def ping(self, word: str, id: str) -> None:
        path = f"/webhooks/quickbutik/{URL_TOKEN}?event_type={word}&order_id={id}"
        assert 200 == self.line.send(path, method="GET").status

    def tell(self, event: str, key: str, **data: Any) -> None:
        """What the external system says."""
        body = json.dumps({"event_type": event, "order_id": key, "data": data}).encode()
        self.send("external-system", body, {"Authorization": f"Bearer {TOKEN}"})

    def kill(self, role: str) -> None:
        """SIGKILL, and the role again."""
        self.kills.append((role, len(self.api.journal.entries)))
        self.line.stop(role, signal.SIGKILL)
        self.line.start(role)

    def calm(self) -> None:
        """No more faults."""
        self.api.door.faults = self.shop.door.faults = Faults()

    def until(self, ask: Callable[[], object], what: str) -> None:
        self.line.until(lambda: bool(ask()), what)

    def found(self, key: str) -> Record | None:
        return self.api.store.orders.find(f"{NAMESPACE}={key}")

    def record(self, key: str) -> dict[str, Any]:
        """CommerceOS' record of the order as its API shows it, without its own keys, prices and times."""
        found = self.found(key)
        assert found is not None, f"{key} is not there"
        shown = project(order_view(found), ORDER)
        return {
            **{name: plain(shown[name]) for name in SAME},
            "items": [_item(each) for each in shown["items"]],
            "payments": [_payment(each) for each in shown["payments"]],
            "shipments": [status for each in shown["shipments"] for status in each["status"]],
        }

    def is_(self, key: str, *statuses: str) -> bool:
        found = self.found(key)
        return found is not None and tuple(found.statuses) == statuses

    def street(self, key: str) -> str | None:
        """Where CommerceOS has it delivered."""
        found = self.found(key)
        return found.delivery_address["line1"] if found and found.delivery_address else None

    def paid_at(self, key: str) -> list[str]:
        """The times of the payments in CommerceOS' record."""
        found = self.found(key)
        return [moment_text(payment.timestamp) for payment in found.payments] if found else []

    def effects(self, key: str) -> Counter[str]:
        """What was done for the order: action → how often. Repeats that changed nothing are not counted."""
        record = self.found(key)
        path, shipments = f"/v1/trade-orders/{NAMESPACE}={key}", record.shipments if record else ()
        paths = {path, f"{path}/actions", *(f"/v1/shipment-orders/{each.key}/actions" for each in shipments)}
        done = [each for each in lines(b"\n".join(self.api.journal.entries)) if each["outcome"] in ("done", "doubled")]
        return Counter(each["action"] for each in done if unquote(each["path"]) in paths)

    def push(self, url: str, **more: Any) -> None:
        """A run of one of CommerceOS' sync webhooks, to our ingest."""
        port = self.line.settings.ingest.port
        auth = {"authorizationHeader": f"Bearer {TOKEN}"}
        out = {"url": f"http://127.0.0.1:{port}/webhooks/commerceos", "auth": auth}
        answer = self.admin("push", {"in": {"url": f"api/v1/{url}"}, "out": out, **more})
        assert {200} == {each["status"] for each in answer["answers"]}, answer

    def refusals(self, *kinds: str) -> set[tuple[str, str]]:
        """Of these kinds: the API's code, and what it was about, from the order's key on."""
        entries = [each for each in lines(b"\n".join(self.api.journal.entries)) if each.get("why") in kinds]
        return {(each["code"], unquote(each["path"]).rpartition(f"{NAMESPACE}=")[2]) for each in entries}

    def stats(self) -> Any:
        """What the stand-in for CommerceOS has counted."""
        base = self.line.settings.target("commerceos").base_url
        with urllib.request.urlopen(f"{base}/_sandbox/commerceos/stats", timeout=30) as answer:
            return json.load(answer)

    def admin(self, what: str, body: Mapping[str, Any]) -> Any:
        """What the stand-in's warehouse, carrier or schedule does."""
        base = self.line.settings.target("commerceos").base_url
        request = urllib.request.Request(f"{base}/_sandbox/commerceos/{what}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _item(item: Mapping[str, Any]) -> tuple[str, dict[str, str], list[Any]]:
    """SKU, how many units are where, instances."""
    units = {each["status"]: each["quantity"] for each in item["statusDetails"]}
    return item["product"]["identifiers"][setting.IDENTIFIERS["sku"]], units, item["instances"]


def _payment(payment: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Transaction, amount, currency, method."""
    currency, method = payment["currency"]["identifiers"]["currencyCode"], payment["method"]["identifiers"]["methodId"]
    return payment["transactionId"], payment["amount"], currency, method


def plain(value: Any) -> Any:
    """Without `key`, CommerceOS' own word for a thing."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name != "key"}
    return [plain(each) for each in value] if isinstance(value, list) else value


def named(kind: str, id: str) -> dict[str, Any]:
    """`{"identifiers": {"com.acme.…": id}}`."""
    return {"identifiers": {setting.IDENTIFIERS[kind]: id}}


@contextmanager
def world(bootstrap: str, folder: Path) -> Iterator[World]:
    api, shop = setting.commerceos(), setting.quickbutik()
    with pipeline(bootstrap, folder, setting.settings(), setting.ENVIRON, [api, shop]) as line:
        shop.webhook_url = f"http://127.0.0.1:{line.settings.ingest.port}/webhooks/quickbutik/{URL_TOKEN}"
        yield World(line, api, shop)
