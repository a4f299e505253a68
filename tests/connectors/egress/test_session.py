"""What every session of ours keeps to: deadlines, no proxy, no cookie, no redirect; and that there is no other way."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.auth import TOKEN_BYTES_MAX, auth_of
from connectors.exchange import Attempt, Request
from connectors.http import TargetClient
from connectors.pollers.client import ListClient, PollError, told
from streams.settings.auth import NoAuth, TargetBearer, TargetOAuth2
from streams.settings.poll import Poll
from tests.connectors.api import serving
from tests.connectors.egress.names import listening
from tests.connectors.make import START, target

ROOT = Path(__file__).parents[3]
REQUEST = Request("POST", "/api/orders", {}, b"{}")


async def attempt(url: str, count: int = 1, **given: Any) -> Attempt:
    """The last of so many attempts of one client."""
    made = target(base_url=url, **given)
    client = TargetClient(made, auth_of(NoAuth(scheme="none"), {}), lambda: START)
    try:
        for _ in range(count - 1):
            await client.attempt(REQUEST)
        return await client.attempt(REQUEST)
    finally:
        await client.close()


async def test_a_handshake_that_hangs_costs_no_more_than_the_connect_deadline() -> None:
    """Name, TCP and TLS together: a server that accepts and says nothing must not hold a slot for the whole time."""
    started = time.monotonic()
    async with listening(answer=b"") as seen:
        made = await attempt(f"https://127.0.0.1:{seen.port}", connect_timeout_s=0.3, timeout_s=20)
    assert made.error == "no connection within connect_timeout_s"
    assert time.monotonic() - started < 15


async def test_a_connection_that_is_not_taken_costs_no_more_than_the_connect_deadline() -> None:
    """A firewall that drops answers nothing at all."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        started = time.monotonic()
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        made = await attempt(url, connect_timeout_s=0.3, timeout_s=20)
    assert made.error == "no connection within connect_timeout_s"
    assert time.monotonic() - started < 15


async def test_silence_costs_no_more_than_the_read_deadline() -> None:
    """An API that takes long to begin may be given long, one that stops in between need not be."""
    async with listening(answer=b"") as seen:
        made = await attempt(f"http://127.0.0.1:{seen.port}", read_timeout_s=0.3, timeout_s=20)
    assert (made.error, seen.connections) == ("nothing came for read_timeout_s", 1)


async def test_drops_now_and_then_end_with_the_total_deadline() -> None:
    """Each read in time, and yet no end."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    app = web.Application()
    app.router.add_post("/api/orders", drip)
    async with serving(app) as url:
        made = await attempt(url, read_timeout_s=2, timeout_s=3)
    assert made.error == "no answer within 3 s"


async def test_a_deadline_within_another_is_told_by_its_own_name() -> None:
    """By default connecting may take 5 s; with a shorter total it is the total that ends it."""
    async with listening(answer=b"") as seen:
        made = await attempt(f"https://127.0.0.1:{seen.port}", timeout_s=0.3)
    assert made.error == "no answer within 0.3 s"


async def test_a_poll_s_deadlines_are_told_apart() -> None:
    """The operator must know which setting to look at."""
    auth = TargetBearer(scheme="bearer", token="env:TOKEN")
    async with listening(answer=b"") as seen:
        poll = Poll(base_url=f"http://127.0.0.1:{seen.port}", path="/", auth=auth, read_timeout_s=0.2)
        client = ListClient(poll, lambda: START)
        with pytest.raises(PollError) as error:
            await told(client.get({}, "Bearer t"), 20, frozenset)
        await client.close()
    assert (error.value.reason, str(error.value)) == ("timeout", "nothing came for read_timeout_s")


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would connect to any address for us, and see every order."""
    async with listening() as proxy, listening() as api:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        made = await attempt(f"http://127.0.0.1:{api.port}")
    assert (made.status, proxy.connections, api.connections) == (200, 0, 1)


async def test_cookies_are_not_kept() -> None:
    """One order's session at the API must not be the next one's."""
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n"
    async with listening(cookie) as seen:
        await attempt(f"http://127.0.0.1:{seen.port}", count=2)
    assert (seen.received.count(b"POST "), b"cookie" in bytes(seen.received).lower()) == (2, False)


async def test_a_redirect_to_where_nothing_may_go_is_not_followed() -> None:
    """The usual way from a harmless URL to the metadata service."""
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
    async with listening(moved) as seen:
        made = await attempt(f"http://127.0.0.1:{seen.port}")
    assert (made.status, seen.received.count(b"POST ")) == (307, 1)


async def test_headers_without_end_are_an_error() -> None:
    """Only the body is counted by us; the parser's own bound keeps the rest from filling the memory."""
    async with listening(b"HTTP/1.1 200 OK\r\n" + b"X-Header: value\r\n" * 100_000) as seen:
        made = await attempt(f"http://127.0.0.1:{seen.port}")
    assert (made.status, "Too many headers" in (made.error or "")) == (None, True)


async def test_a_token_that_is_too_long_is_none() -> None:
    """A token endpoint's answer is read whole before it is understood: it has a bound of its own."""

    async def token(request: web.Request) -> web.Response:
        return web.Response(body=b" " * TOKEN_BYTES_MAX + b'{"access_token": "t"}')

    app = web.Application()
    app.router.add_post("/token", token)
    async with serving(app) as url:
        auth = TargetOAuth2(scheme="oauth2", token_url=f"{url}/token", client_id="me", client_secret="env:S")
        client = TargetClient(target(base_url=url, auth=auth), auth_of(auth, {"S": "secret"}), lambda: START)
        made = await client.attempt(REQUEST)
        await client.close()
    assert made.error == "AuthError: the token endpoint's answer has no access_token"


def test_there_is_no_other_way_out() -> None:
    """A session made anywhere else would be checked by nobody; the stand-ins talk to ourselves."""
    made = ("ClientSession(", "TCPConnector(", "aiohttp.request(", "urlopen(", "http.client", "\nimport requests")
    files = [
        path
        for path in (ROOT / "connectors").rglob("*.py")
        if "sandbox" not in path.parts and "egress" not in path.parts
    ]
    assert len(files) > 20
    guilty = {
        f"{path.relative_to(ROOT)}: {word.strip()}" for path in files for word in made if word in path.read_text()
    }
    assert guilty == set()
