"""Its sync webhooks: the guide's own, mapped or not, to a receiver that sees what ours would see."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
import pytest
from aiohttp import web

from ingest.auth.access_token import signing_keys
from ingest.oauth import grant as oauth
from ingest.oauth.clients import Client
from streams.platforms import PLATFORMS, BadItem
from tests.connectors.api import serving
from tests.connectors.sandbox_commerceos.shop import Shop, shop
from tests.streams.platforms.samples import webhook

STATUS_MAP = {"orderId": "identifiers/com.acme.order-id", "status": "status", "timestamp": "timestamp"}
SHIPMENT_MAP = {
    "shipmentId": "identifiers/key",
    "orderId": "orders/0/identifiers/com.acme.order-id",
    "status": "status",
    "trackingUrl": "carriersTrackingUrl",
}
COMMITTED = {"url": "api/v1/trade-orders~where(status=Committed)~with(status,identifiers)~take(50)"}
SECRETS = (b"hook-secret",)
OURS = Client("commerceos", "commerceos", SECRETS, signing_keys(SECRETS), ("orders.write",), 60)


@dataclass
class Hook:
    """A receiver. `seen`: body and `Authorization` of each push; `answer`: what it gives."""

    url: str = ""
    answer: int = 200
    seen: list[tuple[bytes, str | None]] = field(default_factory=list)


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    """Beside a token endpoint that is the one of ours."""
    found = Hook()

    async def receive(request: web.Request) -> web.Response:
        found.seen.append((await request.read(), request.headers.get("Authorization")))
        return web.Response(status=found.answer)

    async def token(request: web.Request) -> web.Response:
        body, kind = await request.read(), request.headers["Content-Type"]
        try:
            granted = oauth.grant(
                {"commerceos": OURS}, kind, body, request.headers.getall("Authorization", []), time.time()
            )
        except oauth.GrantError as error:
            return web.json_response({"error": error.error}, status=error.status)
        return web.json_response({"access_token": granted.access_token, "expires_in": granted.expires_in_s})

    app = web.Application()
    app.router.add_post("/hook", receive)
    app.router.add_post("/oauth/token", token)
    async with serving(app) as url:
        found.url = url
        yield found


async def two_committed(api: Shop) -> None:
    for id in ("O-1", "O-2", "O-3"):
        await api.put(id)
    for id in ("O-1", "O-2"):
        await api.act(id, tryApprove=True)


async def test_order_statuses_are_pushed_in_one_list_and_again() -> None:
    """The same snapshot comes every minute, byte for byte: our side must take it once."""
    async with hook() as receiver, shop() as api:
        await two_committed(api)
        out = {"url": f"{receiver.url}/hook", "auth": {"authorizationHeader": "Bearer hook-secret"}}
        status, pushed = await api.admin("POST", "push", {"in": COMMITTED, "map": STATUS_MAP, "out": out, "times": 2})
    assert (status, pushed["items"], [each["status"] for each in pushed["answers"]]) == (200, 2, [200, 200])
    (first, authorization), (again, _) = receiver.seen
    assert (first, authorization) == (again, "Bearer hook-secret")
    assert [(each["orderId"], each["status"]) for each in orjson.loads(first)] == [
        ("O-1", ["Committed"]),
        ("O-2", ["Committed"]),
    ]


@pytest.mark.parametrize(("form", "bodies"), [("list", 1), ("single", 3), ("ndjson", 1)])
async def test_what_is_pushed_is_what_our_platform_reads(form: str, bodies: int) -> None:
    """New orders unmapped, in every form: each becomes one event, and none is set aside."""
    async with hook() as receiver, shop() as api:
        for id in ("O-1", "O-2", "O-3"):
            await api.put(id)
        fields = "items,customer,deliveryAddresses,status,totalAmount,currency,timestamp"
        query = {"url": f"api/v1/trade-orders~where(status=New)~with({fields})~take(50)"}
        await api.admin("POST", "push", {"in": query, "out": {"url": f"{receiver.url}/hook"}, "form": form})
    platform = PLATFORMS["commerceos"]
    events = [event for body, _ in receiver.seen for event in platform.normalise(webhook("commerceos", body))]
    assert (len(receiver.seen), [event for event in events if isinstance(event, BadItem)]) == (bodies, [])
    assert [(event.order_key, event.data.total) for event in events if not isinstance(event, BadItem)] == [
        (f"commerceos:O-{number}", Decimal("497.50")) for number in (1, 2, 3)
    ]


async def test_shipments_are_pushed_with_their_order_and_tracking() -> None:
    """`orders/0/identifiers/…` leads from a shipment to its order."""
    async with hook() as receiver, shop() as api:
        await two_committed(api)
        await api.act("O-1", createShipment=True)
        (key,) = [each["identifiers"]["key"] for each in await api.lines("shipments")]
        await api.admin("POST", "move", {"shipment": key, "to": "Transiting", "trackingUrl": "https://t.example/1"})
        query = {"url": "api/v1/shipment-orders~where(identifiers/com.acme.seen=null)~with(orders,status)~take(50)"}
        run = {
            "in": query,
            "map": SHIPMENT_MAP,
            "out": {"url": f"{receiver.url}/hook"},
            "set": {"com.acme.seen": "true"},
        }
        assert [(await api.admin("POST", "push", run))[1]["items"] for _ in range(2)] == [1, 0]
    assert orjson.loads(receiver.seen[0][0]) == [
        {"shipmentId": key, "orderId": "O-1", "status": ["Transiting"], "trackingUrl": "https://t.example/1"}
    ]


async def test_a_token_of_our_own_endpoint_is_fetched_and_sent() -> None:
    """The way of client credentials, against the grant that ingest uses."""
    async with hook() as receiver, shop() as api:
        await two_committed(api)
        client = {"tokenUrl": f"{receiver.url}/oauth/token", "client_id": "commerceos", "client_secret": "hook-secret"}
        out: dict[str, Any] = {
            "url": f"{receiver.url}/hook",
            "auth": {"clientCredentials": {**client, "scope": "orders.write"}},
        }
        await api.admin("POST", "push", {"in": COMMITTED, "map": STATUS_MAP, "out": out})
        out["auth"]["clientCredentials"]["client_secret"] = "wrong"
        _, refused = await api.admin("POST", "push", {"in": COMMITTED, "map": STATUS_MAP, "out": out})
    ((_, authorization),) = receiver.seen
    assert str(authorization).startswith("Bearer ")
    assert [each["status"] for each in refused["answers"]] == [0]


async def test_an_answer_that_is_no_2xx_ends_the_run() -> None:
    """As its reference says: what would have come after is not sent, and nothing is marked as sent."""
    async with hook() as receiver, shop() as api:
        await two_committed(api)
        receiver.answer = 503
        run = {
            "in": COMMITTED,
            "out": {"url": f"{receiver.url}/hook"},
            "form": "single",
            "set": {"com.acme.seen": "true"},
        }
        _, pushed = await api.admin("POST", "push", run)
        assert ([each["status"] for each in pushed["answers"]], len(receiver.seen)) == ([503], 1)
        assert await api.get("/v1/trade-orders~where(identifiers/com.acme.seen=true)~count") == 0


async def test_a_sync_webhook_that_was_put_runs_as_it_was_put() -> None:
    """The guide's three steps: a mapped type, its key, a webhook that names it by that key."""
    type = {"identifiers": {"com.acme.mapped-type": "status"}, "active": True, "body": STATUS_MAP}
    async with hook() as receiver, shop() as api:
        await two_committed(api)
        path = "/v1/mapped-types/com.acme.mapped-type=status"
        assert [(await api.call("PUT", path, type))[0] for _ in range(2)] == [201, 200]
        key = (await api.get(f"{path}~just(identifiers)"))["identifiers"]["key"]
        hooked = {
            "identifiers": {"com.acme.sync-id": "push"},
            "name": "Push",
            "when": "api/v1/now/+=0:1:0",
            "in": COMMITTED,
            "map": {"identifiers": {"key": key}},
            "out": {"method": "POST", "url": f"{receiver.url}/hook"},
            "then": {"set": {"identifiers": {"com.acme.status-synced": "true"}}},
        }
        inline = {**hooked, "map": {"body": STATUS_MAP}}
        sync = "/v1/sync-webhooks/com.acme.sync-id=push"
        assert (await api.call("PUT", sync, inline))[1]["code"] == "MappedTypeNotFound"
        assert (await api.call("PUT", sync, hooked))[0] == 201
        assert (await api.admin("POST", "push", {"webhook": "com.acme.sync-id=push"}))[1]["items"] == 2
        assert await api.get("/v1/trade-orders~where(identifiers/com.acme.status-synced=true)~count") == 2
    assert [each["orderId"] for each in orjson.loads(receiver.seen[0][0])] == ["O-1", "O-2"]


@pytest.mark.parametrize(
    ("run", "status"),
    [
        ({}, 422),
        ({"webhook": "com.acme.sync-id=none"}, 404),
        ({"in": {"url": "trade-orders"}, "out": {"url": "http://127.0.0.1:1/"}}, 422),
        ({"in": {"url": "api/v1/trade-orders~count"}, "out": {"url": "http://127.0.0.1:1/"}}, 422),
        ({"in": COMMITTED, "out": {"url": "http://127.0.0.1:1/"}, "form": "pigeon"}, 422),
    ],
)
async def test_a_run_that_cannot_be_is_refused(run: dict[str, Any], status: int) -> None:
    """A test that pushes nothing must not look as if it had."""
    async with shop() as api:
        await api.put()
        assert (await api.admin("POST", "push", run))[0] == status
