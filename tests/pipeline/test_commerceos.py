"""A shop's order, and what CommerceOS and the external system say of it: real HTTP, a real broker, all roles."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.sandbox.commerceos.api import CommerceOSApi
from connectors.sandbox.commerceos.tokens import Client
from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from streams.supervisor import plan
from streams.vocabulary import Order, OrderStatus, PaymentStatus, Shipment
from tests.connectors.api import TOKEN
from tests.ingest.support import ENVIRON, duda_headers
from tests.pipeline.pages import needs_curl, shell
from tests.pipeline.roles import Pipeline, pipeline
from tests.projections.http.serving import serving
from tests.streams.platforms.samples import payload
from tests.streams.platforms.test_pages import blocks
from tests.streams.platforms.test_payloads import SITE

SECRET = "a-client-secret-of-the-tests"
SETTINGS = """
[[sources]]
name = "duda"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:TEST_DUDA"] }
[[sources]]
name = "commerceos"
platform = "commerceos"
auth = { scheme = "oauth2", client_id = "commerceos", secrets = ["env:COMMERCEOS_SECRET"], scope = "orders.write" }
options = { order_identifier = "com.acme.order-id" }
[[sources]]
name = "external-system"
platform = "external-system"
orders_of = "duda"
auth = { scheme = "bearer", secrets = ["env:SANDBOX_TOKEN"] }
[[targets]]
name = "external"
kind = "external"
base_url = "{sandbox}"
auth = { scheme = "bearer", token = "env:SANDBOX_TOKEN" }
[[sources]]
name = "boutique"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:TEST_DUDA"] }
[[targets]]
name = "cos"
kind = "commerceos"
base_url = "{sandbox}"
[targets.auth]
scheme = "oauth2"
token_url = "{sandbox}/oauth2/token"
client_id = "sandbox-client"
client_secret = "env:X"
[targets.identifiers]
order = "com.acme.order-id"
sku = "com.acme.sku"
company = "com.acme.company-id"
customer = "com.acme.customer-id"
store = "com.acme.store-id"
[targets.commerceos]
company = "ACME-RETAIL"
sellers = ["WAREHOUSE-MAIN"]
payment_methods = { "*" = "com.heads.card" }
sku_from = ["sku", "external_product_id"]
[[routes]]
from = ["boutique"]
to = ["cos"]
"""
COMPANY = 'company = "ACME-RETAIL"'
CREATIONS = ("create", "update")
NOBODYS = f"boutique:{SITE}/ECOM-1065"
ORDER = f"duda:{SITE}/ECOM-1065"
STRANGER = "commerceos:WEB-2024-123457"
URL = "https://tracking.example.com/SE1"
COMMITTED = {"orderId": ORDER, "status": ["Committed"], "timestamp": "2024-12-15T14:32:00Z"}
SHIPPED = {"shipmentId": "s-1", "orderId": ORDER, "status": ["Transiting"], "trackingUrl": URL}
EARLIER = {"shipmentId": "s-1", "orderId": ORDER, "status": ["PartiallyReleased"], "trackingUrl": None}
BAD = {"orderId": None, "status": ["Committed"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the settings in it."""
    return tmp_path_factory.mktemp("snapshots")


@pytest.fixture(scope="module")
def cos() -> CommerceOSApi:
    api = CommerceOSApi(Client(client_secret=SECRET), Faults())
    api.store.products.put({"identifiers": {"com.acme.sku": "string"}, "price": "45.00"})
    return api


@pytest.fixture(scope="module")
def line(module_broker: str, folder: Path, cos: CommerceOSApi) -> Iterator[Pipeline]:
    environ = {**ENVIRON, "COMMERCEOS_SECRET": SECRET, "X": SECRET, "SANDBOX_TOKEN": TOKEN}
    api = ExternalApi(TOKEN, Faults())
    with pipeline(module_broker, folder, SETTINGS, environ, [api, cos]) as made:
        body = payload("duda", "order-created")
        assert 200 == made.send("/webhooks/duda", body, duda_headers(body)).status
        made.wait_for_order(ORDER, lambda order: order.total)
        yield made


def push(line: Pipeline, *items: Any, body: bytes | None = None) -> None:
    """As CommerceOS does it: a token from our token URL, then the webhook that bears it."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "commerceos",
        "client_secret": SECRET,
        "scope": "orders.write",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = line.send("/oauth/token", urlencode(form).encode(), headers)
    token = json.loads(answer.body)["access_token"]
    sent = json.dumps(list(items)).encode() if body is None else body
    assert 200 == line.send("/webhooks/commerceos", sent, {"Authorization": f"Bearer {token}"}).status


def has_become(order: Order, status: str) -> bool:
    return "cos" in order.targets and order.targets["cos"].status == status


def parcels(order: Order) -> dict[str, Shipment]:
    """By id; Duda's own payload has one too."""
    return {one.id: one for one in order.shipments}


def test_snapshots_reach_the_shops_order_whatever_else_is_in_their_body(line: Pipeline) -> None:
    """The bad item is set aside once, the stranger's order kept, and a second push changes nothing at all."""
    stranger = json.loads(payload("commerceos", "order-new"))
    push(line, EARLIER, COMMITTED, BAD, SHIPPED, stranger)
    order = line.wait_for_order(ORDER, lambda order: order.status is OrderStatus.SHIPPED)
    order = line.wait_for_order(ORDER, lambda order: len(order.bookkeeping.seen) == 4)
    assert ("duda", "duda", "USD") == (order.source, order.platform, order.currency)
    parcel = Shipment(id="s-1", status="Transiting", tracking_url=URL)
    assert parcel == parcels(order)["s-1"]
    kept = line.wait_for_order(STRANGER, lambda order: order.total)
    assert ("commerceos", PaymentStatus.PAID, 2) == (kept.source, kept.payment_status, len(kept.lines))
    line.until(line.quarantined, "the bad item")
    assert ["invalid-items"] == [reason for reason, _ in line.quarantined()]

    events = len(line.events(ORDER))
    push(line, SHIPPED, stranger, SHIPPED)
    push(line, body=b"\n".join(json.dumps(item).encode() for item in (COMMITTED, [EARLIER, SHIPPED])))
    line.until(lambda: len(line.events(ORDER)) == events + 4, "the second push read")
    push(line, {"shipmentId": "s-2", "orderId": ORDER, "status": ["New"], "trackingUrl": None})
    after = line.wait_for_order(ORDER, lambda order: "s-2" in parcels(order))
    assert order.version + 1 == after.version, "only the second shipment is news"
    assert (OrderStatus.PROCESSING, parcel) == (after.status, parcels(after)["s-1"]), "one of two is not on its way"
    assert kept == line.orders()[STRANGER]
    assert 1 == len(line.quarantined())


def test_external_system_speaks_of_the_shops_order_by_its_key_and_by_its_own_id(line: Pipeline) -> None:
    """We send the key as external_order_id; a system that knows the shop's id says that."""
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    shipped = {"event_type": "order.shipped", "order_id": ORDER, "data": {"tracking_number": "1Z", "carrier": "UPS"}}
    cancelled = {"event_type": "order.cancelled", "order_id": f"{SITE}/ECOM-1065", "data": {"reason": "Out of stock"}}
    for message in (shipped, cancelled):
        assert 200 == line.send("/webhooks/external-system", json.dumps(message).encode(), bearer).status
    order = line.wait_for_order(
        ORDER, lambda order: order.cancel_reason and "1Z" in {one.id for one in order.shipments}
    )
    assert ("Out of stock", OrderStatus.CANCELLED) == (order.cancel_reason, order.status)
    assert "cancelled-and-shipped" in order.flags


async def test_order_whose_creation_is_discarded_once_the_settings_are_mended_is_sent_as_they_make_it(
    line: Pipeline, folder: Path, cos: CommerceOSApi
) -> None:
    """The page tells operators so. The dead letter itself would be the same mistake however often it is redriven."""
    body = payload("duda", "order-created")
    assert 200 == line.send("/webhooks/boutique", body, duda_headers(body)).status
    dead = line.wait_for_order(NOBODYS, lambda order: has_become(order, "dead"))
    error = dead.targets["cos"].last_error or ""
    assert "commerceos.guest" in error and "restart the role streams, and discard this" in error
    line.stop(plan.STREAMS)
    file = folder / "orderlog.toml"
    file.write_text(file.read_text().replace(COMPANY, f'{COMPANY}\nguest = "WALK-IN"'))
    line.start(plan.STREAMS)
    async with serving(line.settings) as operator:
        id = dead.bookkeeping.steps["cos"]["create"].id
        assert 202 == (await operator.post(f"/deadletters/{id}/discard", why="there is a guest now"))[0]
    order = line.wait_for_order(NOBODYS, lambda order: has_become(order, "delivered"))
    assert ("discarded", "delivered") == tuple(order.bookkeeping.steps["cos"][name].status for name in CREATIONS)
    found = cos.store.orders.find(f"com.acme.order-id={NOBODYS}")
    assert found is not None and found.customer == {"com.acme.customer-id": "WALK-IN"}


@needs_curl
def test_commands_of_the_pages_do_what_they_say(line: Pipeline) -> None:
    """Whoever follows a page must see the answer that it promises."""
    environ = {"COMMERCEOS_WEBHOOK_SECRET": SECRET, "EXTERNAL_WEBHOOK_SECRET": TOKEN}
    for page in ("commerceos", "external-system"):
        assert "accepted" in shell(line, blocks(page, "sh")[0], environ)
    order = line.wait_for_order("commerceos:WEB-2024-123456", lambda order: order.version)
    assert OrderStatus.CONFIRMED is order.status
    assert OrderStatus.SHIPPED is line.wait_for_order("duda:12345", lambda order: order.version).status
