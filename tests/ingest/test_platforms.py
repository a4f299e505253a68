"""Each platform's own example as it really comes: its method, its proof, its answer, and the record that it leaves."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from streams.normalise import raw_webhook
from streams.settings import Settings
from tests.ingest.support import ENVIRON, TOKEN, TOKEN_AUTH, Running, running, session, settings_of
from tests.kafka import unique_name

PAYLOADS = Path(__file__).parents[1] / "payloads"
PURCHASE = (PAYLOADS / "apicbase" / "purchase-order.json").read_bytes()
APICBASE_AUTH = {"scheme": "apicbase-hmac", "secrets": ["env:TEST_TOKEN"]}


def signed(body: bytes) -> Mapping[str, str]:
    """As Apicbase signs."""
    return {"X-APIC-WEBHOOK-SIGNATURE": hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()}


async def post(up: Running, body: bytes, headers: Mapping[str, str], source: str = "") -> tuple[int, Mapping[str, Any]]:
    """Status and JSON of the answer."""
    url = f"{up.base}/webhooks/{source or up.source}"
    async with session() as client, client.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize("over", ["the raw body", "the re-dump"])
async def test_apicbase_is_believed_over_either_and_stored_as_it_came(kafka: str, over: str) -> None:
    """Seed 001 signs `json.dumps(request.data)`, its text says the raw body; the record has the raw body either way."""
    redump = json.dumps(json.loads(PURCHASE)).encode()
    assert redump != PURCHASE
    async with running(settings_of(kafka, APICBASE_AUTH, "apicbase")) as up:
        status, _ = await post(up, PURCHASE, signed(PURCHASE if over == "the raw body" else redump))
        (record,) = await up.records()
    assert (status, record.value) == (200, PURCHASE)
    assert record.key == f"{up.source}:5f0c2a9e7b1d4c0012ab34cd".encode()


async def test_apicbase_hears_403_for_another_signature(kafka: str) -> None:
    """The seed's own answer; the order is refused whoever reads it, valid or not."""
    async with running(settings_of(kafka, APICBASE_AUTH, "apicbase")) as up:
        status, problem = await post(up, b'{"id": ""}', signed(PURCHASE))
        assert (status, problem["reason"]) == (403, "signature-mismatch")
        assert await up.records() == []


async def test_apicbase_s_customer_reads_which_package_is_wrong_and_why(kafka: str) -> None:
    """422 before anything is stored: a 2xx would mark the order as sent, and it could not be taken back (seed 001)."""
    order = json.loads(PURCHASE)
    order["packages"][1]["quantity_ordered"] = 0
    body = json.dumps(order, ensure_ascii=False).encode()
    async with running(settings_of(kafka, APICBASE_AUTH, "apicbase")) as up:
        status, problem = await post(up, body, signed(body))
        assert await up.records() == []
    (field,) = problem["fields"]
    assert (status, field["field"]) == (422, "packages[1].quantity_ordered")
    assert "Tomates cœur de bœuf" in problem["detail"]


async def test_an_order_of_apicbase_that_cannot_be_read_is_told_in_words(kafka: str) -> None:
    """Authentic rubbish is refused here, as the customer is still there to send the order again."""
    async with running(settings_of(kafka, APICBASE_AUTH, "apicbase")) as up:
        for body in (b"", b"\xff", b"[" * 5000, b"NaN"):
            status, problem = await post(up, body, signed(body))
            assert (status, problem["reason"]) == (422, "invalid-order")
            assert problem["detail"]
        assert await up.records() == []


async def test_commerceos_fetches_its_token_and_its_status_lies_by_its_order(kafka: str) -> None:
    """Seed 002: `clientCredentials` with our `/oauth/token`, and `orderId` is our own key: that order's partition."""
    shop, name = unique_name("duda"), unique_name("commerceos")
    oauth = {"scheme": "oauth2", "client_id": "acme", "secrets": ["env:TEST_TOKEN"], "scope": "orders.write"}
    sources = [
        {"name": name, "platform": "commerceos", "auth": oauth, "orders_of": shop},
        {"name": shop, "platform": "duda", "auth": TOKEN_AUTH},
    ]
    settings = Settings.model_validate({"kafka": {"bootstrap": kafka}, "ingest": {"port": 0}, "sources": sources})
    status_push = json.loads((PAYLOADS / "commerceos" / "order-status.json").read_bytes())
    snapshots = [{**status_push, "orderId": f"{shop}:site/1"}, {**status_push, "orderId": "site/1"}]
    form = {"grant_type": "client_credentials", "client_id": "acme", "client_secret": TOKEN, "scope": "orders.write"}
    async with running(settings, ENVIRON) as up, session() as client:
        async with client.post(f"{up.base}/oauth/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        for snapshot in snapshots:
            body = json.dumps(snapshot).encode()
            assert (await post(up, body, {"Authorization": f"Bearer {token}"}))[0] == 200
        assert (await post(up, b"{}", {"Authorization": f"Bearer {token}"}, shop))[0] == 401
        keys = [record.key for record in await up.records()]
    assert keys == [f"{shop}:site/1".encode()] * 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_quickbutik_s_ping_is_kept_by_either_method(kafka: str, method: str) -> None:
    """Seed 000 shows POST, the vendor's page says GET; no body, everything in the query."""
    settings = settings_of(kafka, platform="quickbutik")
    async with running(settings) as up, session() as client:
        url = f"{up.url}?event_type=order.new&order_id=10241"
        async with client.request(method, url) as answer:
            assert answer.status == 200
        (record,) = await up.records()
    assert (record.key, record.value) == (f"{up.source}:10241".encode(), b"")
    webhook = raw_webhook(record)
    assert (webhook.method, webhook.query) == (method, {"event_type": "order.new", "order_id": "10241"})
    assert record.header("ce_type") == b"webhook.quickbutik.order.new"


@pytest.mark.parametrize("event", ["order-shipped", "order-payment-confirmed", "order-cancelled"])
async def test_the_external_system_s_messages_are_stored_byte_for_byte(kafka: str, event: str) -> None:
    """Seed 000, part 3, with a bearer token."""
    body = (PAYLOADS / "external-system" / f"{event}.json").read_bytes()
    auth = {"scheme": "bearer", "secrets": ["env:TEST_TOKEN"]}
    async with running(settings_of(kafka, auth, "external-system")) as up:
        status, _ = await post(up, body, {"Authorization": f"Bearer {TOKEN}"})
        (record,) = await up.records()
    assert (status, record.value) == (200, body)
    assert record.key == f"{up.source}:{json.loads(body)['order_id']}".encode()


@pytest.mark.parametrize("event", ["checkout-order", "payment-order"])
async def test_selldone_hears_exactly_200(kafka: str, event: str) -> None:
    """Any other 2xx is a failure to it, and it sends again (seed 004)."""
    body = (PAYLOADS / "selldone" / f"{event}.json").read_bytes()
    async with running(settings_of(kafka)) as up:
        status, answer = await post(up, body, {"X-Orderlog-Token": TOKEN})
        assert (status, answer["status"]) == (200, "accepted")
        assert [record.value for record in await up.records()] == [body]
