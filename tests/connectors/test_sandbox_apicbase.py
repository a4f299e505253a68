"""The stand-in for Apicbase: one that forgives what the vendor would not makes every test of the poller worthless."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from connectors.sandbox.apicbase import ADMIN, LIST_PATH, SIGNATURE_HEADER, TOKEN_PATH, Account, ApicbaseApi, signature
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from tests.connectors.api import serving
from tests.connectors.pollers.harness import order

ACCOUNT = replace(Account(), page_size=2)
CLIENT = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Client:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url, self.token = session, url, ""

    async def grant(self, **form: str) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}{TOKEN_PATH}", data=CLIENT | form) as response:
            answer = orjson.loads(await response.read())
        self.token = answer.get("access_token", self.token)
        return response.status, answer

    async def first(self) -> Any:
        return (await self.grant(grant_type="refresh_token", refresh_token=ACCOUNT.refresh_token))[1]

    async def listed(self, **query: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.get(f"{self.url}{LIST_PATH}", params=query, headers=headers) as response:
            return response.status, orjson.loads(await response.read())

    async def ids(self, **query: str) -> list[str]:
        status, answer = await self.listed(**query)
        assert status == 200
        return [each["id"] for each in answer["results"]]


@asynccontextmanager
async def stand_in(account: Account = ACCOUNT, orders: int = 0) -> AsyncIterator[tuple[ApicbaseApi, Client]]:
    api = ApicbaseApi(account, Faults())
    for number in range(orders):
        api.put(order(f"o-{number}", START + timedelta(seconds=number)))
    async with serving(application([api])) as url, aiohttp.ClientSession() as session:
        yield api, Client(session, url)


async def test_the_code_is_good_for_one_time() -> None:
    """As the vendor's: whoever replays it gets nothing."""
    async with stand_in() as (_, client):
        form = {"grant_type": "authorization_code", "code": ACCOUNT.code}
        (first, _), (again, told) = await client.grant(**form), await client.grant(**form)
    assert (first, again, told) == (200, 400, {"error": "invalid_grant"})


async def test_a_refresh_token_is_good_for_one_time_and_ends_the_access_token_of_before() -> None:
    """The hardest of servers: a poller that loses the new token, or uses the old one twice, is out."""
    async with stand_in() as (_, client):
        first = await client.first()
        before = client.token
        assert (await client.listed())[0] == 200
        status, second = await client.grant(grant_type="refresh_token", refresh_token=first["refresh_token"])
        again, _ = await client.grant(grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert (status, again, second["refresh_token"] != first["refresh_token"]) == (200, 400, True)
        client.token = before
        assert (await client.listed())[0] == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_wrong_grant_is_refused(form: dict[str, str], status: int, error: str) -> None:
    """A stand-in that takes anything tests nothing."""
    async with stand_in() as (api, client):
        given = {"grant_type": "refresh_token", "refresh_token": ACCOUNT.refresh_token} | form
        assert (status, {"error": error}) == await client.grant(**given)
        assert api.grants.given == 0


async def test_a_token_ends_after_its_time() -> None:
    """Tokens of a second let a test see a week go by."""
    now = [START]
    api = ApicbaseApi(replace(ACCOUNT, token_ttl_s=10), Faults(), lambda: now[0])
    async with serving(application([api])) as url, aiohttp.ClientSession() as session:
        client = Client(session, url)
        assert (await client.first())["expires_in"] == 10
        assert (await client.listed())[0] == 200
        now[0] += timedelta(seconds=10)
        assert (await client.listed())[0] == 401


async def test_pages_are_cut_from_the_newest_order_on() -> None:
    """A new order moves all others: what a poller must be able to live with."""
    async with stand_in(orders=5) as (api, client):
        await client.first()
        assert [["o-4", "o-3"], ["o-2", "o-1"], ["o-0"]] == [await client.ids(page=str(n)) for n in (1, 2, 3)]
        assert [(await client.listed(page=n))[0] for n in ("0", "4", "x")] == [404, 404, 400]
        assert [bool((await client.listed(page=str(n)))[1]["next"]) for n in (1, 2, 3)] == [True, True, False]
        api.put(order("o-5", START + timedelta(seconds=5)))
        assert await client.ids(page="2") == ["o-3", "o-2"]


async def test_the_filters_cut_off_what_they_say() -> None:
    """`ordered_on__gt` is greater than, not from: an order of that very time is not shown."""
    async with stand_in(orders=3) as (api, client):
        await client.first()
        api.put(order("o-2", START + timedelta(seconds=2), status="DELIVERED"))
        assert await client.ids(status="ORDERED") == ["o-1", "o-0"]
        assert await client.ids(status="DELIVERED") == ["o-2"]
        assert await client.ids(ordered_on__gt="2026-03-01T12:00:01Z") == ["o-2"]


async def test_an_order_is_listed_byte_for_byte() -> None:
    """What the poller has kept is compared with what was put in."""
    body = b'{"id": "1", "status":"ORDERED","ordered_on":"2026-03-01T12:00:00Z","n":1.10}'
    async with stand_in() as (_, client):
        await client.first()
        async with client.session.post(f"{client.url}{ADMIN}/orders", data=body) as response:
            assert response.status == 201
        async with client.session.post(f"{client.url}{ADMIN}/orders", data=b"{}") as response:
            assert response.status == 422
        headers = {"Authorization": f"Bearer {client.token}"}
        async with client.session.get(f"{client.url}{LIST_PATH}", headers=headers) as response:
            assert body in await response.read()


async def test_the_rate_limit_holds_in_its_window() -> None:
    """100 a minute, and how long to wait: a poller that does not is told so."""
    now = [START]
    api = ApicbaseApi(replace(ACCOUNT, requests_max=3, window_s=60), Faults(), lambda: now[0])
    async with serving(application([api])) as url, aiohttp.ClientSession() as session:
        client = Client(session, url)
        await client.first()
        assert [(await client.listed())[0] for _ in range(4)] == [200, 200, 200, 429]
        headers = {"Authorization": f"Bearer {client.token}"}
        async with session.get(f"{url}{LIST_PATH}", headers=headers) as response:
            assert response.headers["Retry-After"] == "61"
        now[0] += timedelta(seconds=60)
        assert (await client.listed())[0] == 200


async def test_it_posts_an_order_signed_and_tells_the_answer() -> None:
    """What the vendor's webhook does: the raw bytes, one header, no second try."""
    seen: list[tuple[bytes, str]] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers[SIGNATURE_HEADER]))
        return web.Response(status=422, text="Package 1: …")

    app = web.Application()
    app.router.add_post("/webhooks/apicbase", receive)
    async with stand_in(orders=1) as (api, client), serving(app) as target:
        asked = {"id": "o-0", "url": f"{target}/webhooks/apicbase"}
        async with client.session.post(f"{client.url}{ADMIN}/webhook", json=asked) as response:
            assert {"status": 422, "body": "Package 1: …"} == orjson.loads(await response.read())
        body = api.orders["o-0"].body
        assert [(body, signature(body, ACCOUNT))] == seen
        async with client.session.post(f"{client.url}{ADMIN}/webhook", json={"id": "x"}) as response:
            assert response.status == 422
