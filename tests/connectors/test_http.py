"""The client against real HTTP servers that misbehave."""

import asyncio
import shutil
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.auth import auth_of
from connectors.exchange import Attempt, Request
from connectors.http import TargetClient
from streams.settings import SettingsError
from streams.settings.auth import NoAuth, TargetAuth, TargetBasic, TargetBearer, TargetOAuth2
from tests.connectors.api import serving
from tests.connectors.make import START, target

REQUEST = Request("POST", "/api/orders", {"Content-Type": "application/json", "Idempotency-Key": "k"}, b'{"a":1}')
Handler = Callable[[web.Request], Any]
NO_AUTH = NoAuth(scheme="none")


def app_of(handler: Handler, token: Handler | None = None) -> web.Application:
    app = web.Application()
    app.router.add_post("/api/orders", handler)
    if token is not None:
        app.router.add_post("/token", token)
    return app


async def attempts(
    url: str, count: int = 1, auth: TargetAuth = NO_AUTH, environ: dict[str, str] | None = None, **given: Any
) -> list[Attempt]:
    """`count` attempts at the same time."""
    client = TargetClient(target(base_url=url, auth=auth, **given), auth_of(auth, environ or {}), lambda: START)
    try:
        return await asyncio.gather(*(client.attempt(REQUEST) for _ in range(count)))
    finally:
        await client.close()


async def one(handler: Handler, **given: Any) -> Attempt:
    async with serving(app_of(handler)) as url:
        return (await attempts(url, **given))[0]


async def test_what_is_sent_is_exactly_the_request() -> None:
    """Bytes, method and headers of the target module, and nothing re-serialised."""
    seen = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(body=await request.read(), headers=dict(request.headers))
        return web.Response(status=201, body=b"ok", headers={"X-Id": "7"})

    attempt = await one(handler)
    assert seen["body"] == REQUEST.body
    assert seen["headers"]["Idempotency-Key"] == "k"
    assert "Authorization" not in seen["headers"]
    assert attempt.answer is not None
    assert (attempt.status, attempt.answer.body, attempt.answer.headers["x-id"]) == (201, b"ok", "7")


async def test_a_target_that_never_answers_costs_no_more_than_the_deadline() -> None:
    """Without one, a hanging API would hold its slots for ever."""

    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    started = time.monotonic()
    attempt = await one(handler, timeout_s=0.3)
    assert (attempt.status, attempt.error) == (None, "no answer within 0.3 s")
    assert time.monotonic() - started < 15


async def test_a_body_that_drips_is_cut_off_by_the_same_deadline() -> None:
    """A deadline per read would let a slow body take for ever."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    started = time.monotonic()
    attempt = await one(handler, timeout_s=0.4)
    assert (attempt.status, time.monotonic() - started < 8) == (None, True)


async def test_a_large_answer_is_cut_and_still_counts() -> None:
    """A 2xx is a 2xx; its gigabyte of body is not kept in memory."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=200, body=b"x" * 5_000_000)

    attempt = await one(handler, response_bytes_max=1000)
    assert attempt.answer is not None
    assert (attempt.status, len(attempt.answer.body)) == (200, 1000)


async def test_a_compressed_answer_is_not_blown_up() -> None:
    """A few kilobytes of gzip may hold a gigabyte."""

    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        response = web.Response(body=b"x" * 1_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        response._compression_force = web.ContentCoding.gzip
        return response

    attempt = await one(handler)
    assert attempt.answer is not None
    assert len(attempt.answer.body) < 10_000


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """Followed, it would carry the token and the order to wherever the answer points."""
    visited = []

    async def handler(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    assert ((await one(handler)).status, visited) == (307, ["/api/orders"])


async def test_a_refused_connection_is_a_failed_attempt_and_no_exception() -> None:
    """An API that is down must not end the worker."""
    async with serving(web.Application()) as url:
        pass
    (attempt,) = await attempts(url)
    assert attempt.status is None
    assert attempt.error is not None
    assert attempt.error.startswith("ClientConnectorError")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    """TLS that is not verified is no TLS: the token and the order would go to whoever answers."""
    visited = []

    async def handler(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response()

    async with serving(app_of(handler), self_signed(tmp_path)) as url:
        (attempt,) = await attempts(url.replace("127.0.0.1", "localhost"))
    assert (attempt.status, visited) == (None, [])
    assert "CERTIFICATE_VERIFY_FAILED" in (attempt.error or "")


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for localhost that nobody vouches for."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "1"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *made, *named], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_an_address_that_cannot_be_is_a_failed_attempt() -> None:
    """A slip in the configuration must be told in the dead letter, not by a crash loop."""
    (attempt,) = await attempts("http://127.0.0.1:99999")
    assert attempt.status is None
    assert attempt.error


async def test_basic_sends_user_and_password() -> None:
    """Quickbutik's API takes its key as both."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        return web.Response()

    auth = TargetBasic(scheme="basic", user="ada", password="env:P")
    await one(handler, auth=auth, environ={"P": "pässword"})
    assert seen == ["Basic " + b64encode("ada:pässword".encode()).decode()]


async def test_a_rotated_bearer_token_is_picked_up_at_the_first_401(tmp_path: Path) -> None:
    """Rotation must not need a restart, nor turn orders into dead letters."""
    file, seen = tmp_path / "token", list[str]()
    file.write_text("old-token\n")

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        file.write_text("new-token\n")
        return web.Response(status=200 if seen[-1] == "Bearer new-token" else 401)

    attempt = await one(handler, auth=TargetBearer(scheme="bearer", token=f"file:{file}"))
    assert (attempt.status, seen) == (200, ["Bearer old-token", "Bearer new-token"])


async def test_a_401_that_no_new_token_can_mend_is_not_asked_twice() -> None:
    """The same credential again would only lock the account."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        return web.Response(status=401)

    attempt = await one(handler, auth=TargetBearer(scheme="bearer", token="env:T"), environ={"T": "wrong-token"})
    assert (attempt.status, len(seen)) == (401, 1)


def test_a_missing_secret_is_told_at_the_start() -> None:
    """A worker that starts without its credential would dead-letter everything."""
    with pytest.raises(SettingsError, match="NO_SUCH"):
        auth_of(TargetBearer(scheme="bearer", token="env:NO_SUCH"), {})


class TokenServer:
    """An OAuth2 token endpoint and an API that takes only its newest token."""

    def __init__(self, expires_in: float = 3600, status: int = 200) -> None:
        self.fetched, self.forms, self.expires_in, self.status = 0, list[Any](), expires_in, status

    async def token(self, request: web.Request) -> web.Response:
        self.forms.append((dict(await request.post()), request.headers["Authorization"]))
        await asyncio.sleep(0.05)
        self.fetched += 1
        answer = {"access_token": f"token-{self.fetched}", "expires_in": self.expires_in, "token_type": "Bearer"}
        return web.json_response(answer, status=self.status)

    async def order(self, request: web.Request) -> web.Response:
        return web.Response(status=200 if request.headers["Authorization"] == f"Bearer token-{self.fetched}" else 401)

    async def attempts(
        self, count: int, rounds: int = 1, between: Callable[[], None] = lambda: None
    ) -> list[int | None]:
        async with serving(app_of(self.order, self.token)) as url:
            auth = TargetOAuth2(
                scheme="oauth2", token_url=f"{url}/token", client_id="me", client_secret="env:S", scope="write:orders"
            )
            client = TargetClient(target(base_url=url, auth=auth), auth_of(auth, {"S": "client-secret"}), lambda: START)
            statuses: list[int | None] = []
            for number in range(rounds):
                if number:
                    between()
                made = await asyncio.gather(*(client.attempt(REQUEST) for _ in range(count)))
                statuses += [each.status for each in made]
                self.errors = [each.error for each in made]
                self.masker = client.masker
            await client.close()
            return statuses


async def test_many_attempts_share_one_token() -> None:
    """32 in flight at the start must not fetch 32 tokens."""
    server = TokenServer()
    assert await server.attempts(20, rounds=2) == [200] * 40
    assert server.fetched == 1
    basic = "Basic " + b64encode(b"me:client-secret").decode()
    assert server.forms == [({"grant_type": "client_credentials", "scope": "write:orders"}, basic)]


async def test_a_revoked_token_is_refreshed_once_for_all_in_flight() -> None:
    """Each 401 fetching a token of its own would make the others' tokens old at once."""
    server = TokenServer()

    def revoke() -> None:
        server.fetched += 1

    assert await server.attempts(20, rounds=2, between=revoke) == [200] * 40
    assert len(server.forms) == 2


async def test_a_token_is_renewed_before_it_ends() -> None:
    """A token that runs out on the way costs a 401 for each order in flight."""
    server = TokenServer(expires_in=0)
    assert await server.attempts(1, rounds=3) == [200] * 3
    assert server.fetched == 3


async def test_a_token_that_comes_in_pieces_is_whole() -> None:
    """Half an answer is what one read gives where the network cuts it in two."""

    async def token(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b'{"access_', b'token": "t1"}'):
            await response.write(part)
            await asyncio.sleep(0.1)
        return response

    async def orders(request: web.Request) -> web.Response:
        return web.Response(status=201 if request.headers["Authorization"] == "Bearer t1" else 401)

    async with serving(app_of(orders, token)) as url:
        oauth = TargetOAuth2(scheme="oauth2", token_url=f"{url}/token", client_id="c", client_secret="env:S")
        (attempt,) = await attempts(url, auth=oauth, environ={"S": "secret"})
    assert (attempt.status, attempt.error) == (201, None)


async def test_a_token_endpoint_that_fails_is_a_failed_attempt_without_the_secret() -> None:
    """It speaks of the target: the breaker takes care, no order is given up for it."""
    server = TokenServer(status=503)
    assert await server.attempts(2) == [None, None]
    assert server.errors == ["AuthError: the token endpoint answered 503"] * 2
    assert server.masker.text("client-secret") == "***"
