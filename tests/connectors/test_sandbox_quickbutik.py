"""The stand-in for Quickbutik's API itself: one that lets anything in, or never pings, would prove nothing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import application
from tests.connectors.api import lines, serving

KEY = "sk_test"
ORDER = {"order_id": "7", "status": "1", "total_amount": "10.00"}


@asynccontextmanager
async def shop(**faults: Any) -> AsyncIterator[tuple[QuickbutikApi, str]]:
    """The stand-in with one order, beside the external system."""
    api = QuickbutikApi(KEY, Faults(**faults))
    api.orders["7"] = dict(ORDER)
    async with serving(application([ExternalApi("token", Faults()), api])) as url:
        yield api, url


async def call(
    url: str,
    path: str = "/v1/orders",
    *,
    method: str = "GET",
    key: str | None = KEY,
    body: object = None,
    password: str = "",
) -> tuple[int, Any, Any]:
    headers = {} if key is None else {"Authorization": aiohttp.encode_basic_auth(key, password or key)}
    data = None if body is None else orjson.dumps(body)
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{url}{path}", data=data) as response,
    ):
        text = await response.read()
        return response.status, lines(text) if "x-ndjson" in response.content_type else orjson.loads(text), response


async def test_it_answers_lists_and_an_empty_one_for_an_order_that_it_does_not_know() -> None:
    """As the vendor's: a 404 here would test a branch that life never takes."""
    async with shop() as (_, url):
        assert (await call(url, "/v1/orders?order_id=7"))[:2] == (200, [ORDER])
        assert (await call(url, "/v1/orders?order_id=8"))[:2] == (200, [])
        assert (await call(url, "/v1/orders?limit=5"))[:2] == (200, [ORDER])
        assert (await call(url, "/v1/orders?limit=0"))[0] == 400


@pytest.mark.parametrize("key", [None, "sk_other", ""])
async def test_it_demands_the_key_as_user_and_as_password(key: str | None) -> None:
    """A stand-in that lets anyone in would not see a target without its credential."""
    async with shop() as (_, url):
        assert (await call(url, key=key))[0] == 401
        assert (await call(url, password="other"))[0] == 401


async def test_it_limits_the_rate_and_says_when_to_come_again() -> None:
    """429 with Retry-After is what a client must be seen to obey."""
    async with shop(rate_limit_rate=1, retry_after_s=7) as (api, url):
        status, _, response = await call(url, "/v1/orders?order_id=7")
        assert (status, response.headers["Retry-After"]) == (429, "7")
        api.door.faults = Faults()
        assert (await call(url, "/v1/orders?order_id=7"))[0] == 200


async def test_an_update_of_status_changes_the_order_and_pings_unless_it_says_not_to() -> None:
    """The ping for our own update is the echo that must not loop."""
    pinged: list[dict[str, str]] = []

    async def receive(request: web.Request) -> web.Response:
        pinged.append(dict(request.query))
        return web.Response()

    hooks = web.Application()
    hooks.router.add_get("/hook", receive)
    async with serving(hooks) as hook, shop() as (api, url):
        await call(url, "/_sandbox/quickbutik/webhook", method="PUT", body={"url": f"{hook}/hook"})
        quiet = {"order_id": "7", "status": "paid", "skip_webhook": "true"}
        loud = {"order_id": "7", "status": "done", "shipping_info": {"trackingnumber": "1", "company": "DHL"}}
        unknown = {"order_id": "8", "status": "done"}
        status, answer, _ = await call(url, method="PUT", body=[quiet, loud, unknown, {**loud, "status": "lost"}])
        for _ in range(100):
            if pinged:
                break
            await asyncio.sleep(0.02)
    assert (status, [sorted(result) for result in answer["results"]]) == (
        200,
        [["order_id", "success"], ["order_id", "success"], ["error", "order_id"], ["error", "order_id"]],
    )
    assert api.orders["7"] == {**ORDER, "status": "2", "shipping_info": loud["shipping_info"]}
    assert pinged == [{"event_type": "order.done", "order_id": "7"}]


@pytest.mark.parametrize(
    ("status", "given", "error"),
    [
        ("2", {"status": "paid"}, "the order is done"),
        ("2", {"status": "unpaid"}, "the order is done"),
        ("cancelled", {"status": "done"}, "the order is cancelled"),
        ("cancelled", {"status": "paid"}, "the order is cancelled"),
        ("1", {"status": "sent"}, "no such status"),
        ("1", {"status": "done", "email_confirmation": True}, "email_confirmation is neither true nor false"),
        ("1", {"status": "done", "shipping_info": "1Z"}, "shipping_info is not an object of texts"),
        ("1", {"status": "done", "shipping_info": {"trackingnumber": 1}}, "shipping_info is not an object of texts"),
    ],
)
async def test_an_update_against_the_rules_changes_nothing(status: str, given: dict[str, Any], error: str) -> None:
    """Commands in a wrong order must show up as a failure, and the rest of the list is taken all the same."""
    async with shop() as (api, url):
        api.orders["7"]["status"] = status
        api.orders["8"] = {**ORDER, "order_id": "8"}
        before = dict(api.orders["7"])
        asked = [{"order_id": "7", **given}, {"order_id": "8", "status": "done"}]
        answered, answer, _ = await call(url, method="PUT", body=asked)
        stats = (await call(url, "/_sandbox/quickbutik/stats"))[1]
    assert (answered, answer["results"]) == (200, [{"order_id": "7", "error": error}, {"order_id": "8", "success": 1}])
    assert (api.orders["7"], stats["updates"], stats["refused"]) == (before, 1, 1)


async def test_a_repeated_update_changes_nothing_and_writes_to_nobody() -> None:
    """Its record tells an effect from the repeat of one, and whom the buyer has heard from."""
    done = {"order_id": "7", "status": "done", "email_confirmation": "true"}
    paid = {"order_id": "7", "status": "paid", "skip_email_confirmation": "true"}
    async with shop() as (api, url):
        api.orders["7"]["status"] = "-1"
        await call(url, method="PUT", body=[paid, done, done])
        stats = (await call(url, "/_sandbox/quickbutik/stats"))[1]
        updates = (await call(url, "/_sandbox/quickbutik/updates"))[1]
    assert [(each["status"], each["mailed"], each["repeated"]) for each in updates] == [
        ("paid", False, False),
        ("done", True, False),
        ("done", False, True),
    ]
    assert (stats["updates"], stats["repeats"], stats["mails"], stats["refused"]) == (2, 1, 1, 0)


@pytest.mark.parametrize("body", [{"order_id": "7"}, "x", [1], None])
async def test_an_update_that_is_no_list_is_refused(body: object) -> None:
    """The vendor takes a list even of one: a client that sends an object must be found out."""
    async with shop() as (_, url):
        assert (await call(url, method="PUT", body=body))[0] == 400


async def test_its_admin_puts_orders_in_and_tells_what_was_asked() -> None:
    """What a test or the demo needs of it, beside the other API's admin."""
    async with shop() as (_, url):
        assert (await call(url, "/_sandbox/quickbutik/orders", method="PUT", body=[{"order_id": 9}]))[1] == {
            "orders": 2
        }
        assert (await call(url, "/_sandbox/quickbutik/orders", method="PUT", body={"order_id": 9}))[0] == 422
        await call(url, "/v1/orders?order_id=9&apps_load=true")
        (asked,) = (await call(url, "/_sandbox/quickbutik/requests"))[1]
        stats = (await call(url, "/_sandbox/quickbutik/stats"))[1]
        assert (await call(url, "/_sandbox/stats"))[1]["requests"] == 0
    assert (asked["method"], asked["query"], asked["status"]) == ("GET", {"order_id": "9", "apps_load": "true"}, 200)
    assert (stats["requests"], stats["orders"], stats["pings"]) == (1, 2, 0)


async def test_the_command_offers_it_where_its_key_is_given(tmp_path: Path) -> None:
    """`orderlog demo` and whoever tries the page start it so; the key comes by variable."""
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "sandbox", "--port", "0", "--port-file", str(port_file)),
        env={**os.environ, "EXTERNAL_API_TOKEN": "token", "QUICKBUTIK_API_KEY": KEY},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert (await call(url, "/v1/orders?order_id=7"))[:2] == (200, [])
    finally:
        process.kill()
        await process.wait()
