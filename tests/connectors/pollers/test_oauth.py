"""Refreshed tokens against a token endpoint that lets each refresh token pass once."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from connectors.auth import AuthError
from connectors.pollers.client import PollError, told
from connectors.pollers.oauth import RefreshChain, RefusedToken
from connectors.pollers.position import Position, TokenChain
from connectors.pollers.seal import Seal, Tokens
from connectors.sandbox.apicbase import TOKEN_PATH, Account, ApicbaseApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from streams.settings.auth import PollOAuth2Refresh
from tests.connectors.api import serving

ACCOUNT = Account()
ENVIRON = {"SECRET": ACCOUNT.client_secret, "REFRESH": ACCOUNT.refresh_token, "OTHER": "another-refresh-token"}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def settings(url: str, **given: str) -> PollOAuth2Refresh:
    fields = {"client_id": ACCOUNT.client_id, "client_secret": "env:SECRET", "refresh_token": "env:REFRESH"} | given
    return PollOAuth2Refresh(scheme="oauth2-refresh", token_url=f"{url}{TOKEN_PATH}", **fields)


@asynccontextmanager
async def endpoint(**account: Any) -> AsyncIterator[tuple[ApicbaseApi, str, aiohttp.ClientSession]]:
    api = ApicbaseApi(replace(ACCOUNT, **account), Faults())
    async with serving(application([api])) as url, aiohttp.ClientSession() as session:
        yield api, url, session


async def test_a_refreshed_token_is_used_until_shortly_before_its_end() -> None:
    """Each refresh risks the chain, and a token that ends on the way is a 401."""
    clock = Clock()
    async with endpoint(token_ttl_s=1000) as (api, url, session):
        chain = RefreshChain(settings(url), ENVIRON, None, clock)
        assert chain.access() is None
        await chain.refresh(session)
        token = chain.access()
        clock.now += timedelta(seconds=960)
        assert (token is not None, chain.access()) == (True, token)
        clock.now += timedelta(seconds=15)
        assert chain.access() is None
        assert api.grants.given == 1


async def test_the_rotated_token_goes_on_in_the_next_process() -> None:
    """The configured refresh token is used up after the first time: what is kept must be enough to go on."""
    clock = Clock()
    async with endpoint(token_ttl_s=1000) as (api, url, session):
        kept = await RefreshChain(settings(url), ENVIRON, None, clock).refresh(session)
        for _ in range(3):
            chain = RefreshChain(settings(url), ENVIRON, kept, clock)
            assert chain.access() is not None  # the access token is kept too: a restart refreshes nothing
            clock.now += timedelta(seconds=1000)
            kept = await chain.refresh(session)
        assert api.grants.given == 4


async def test_a_used_up_token_is_refused_in_words_for_a_person() -> None:
    """Only a person can help, who must be told what to do; and no token is in the message."""
    async with endpoint() as (_, url, session):
        await RefreshChain(settings(url), ENVIRON, None, Clock()).refresh(session)
        with pytest.raises(RefusedToken) as refusal:
            await RefreshChain(settings(url), ENVIRON, None, Clock()).refresh(session)
    assert "invalid_grant" in str(refusal.value)
    assert "authorise the application again" in str(refusal.value)
    assert ACCOUNT.refresh_token not in str(refusal.value)


async def test_another_configured_token_begins_a_new_chain() -> None:
    """After a person has authorised again, the chain of before is worth nothing."""
    async with endpoint() as (api, url, session):
        kept = await RefreshChain(settings(url), ENVIRON, None, Clock()).refresh(session)
        api.grants.refresh = ENVIRON["OTHER"]
        chain = RefreshChain(settings(url, refresh_token="env:OTHER"), ENVIRON, kept, Clock())
        assert chain.access() is None
        await chain.refresh(session)
        assert (chain.access() is not None, api.grants.given) == (True, 2)


async def test_where_the_chain_is_broken_the_configured_token_is_tried() -> None:
    """A crash between the endpoint's answer and the commit loses a token; some endpoints still take the first one."""
    async with endpoint() as (api, url, session):
        chain = RefreshChain(settings(url), ENVIRON, None, Clock())
        kept = await chain.refresh(session)
        api.grants.refresh = ACCOUNT.refresh_token
        again = RefreshChain(settings(url), ENVIRON, kept, Clock())
        again.forget(again.access() or "")
        await again.refresh(session)
        assert again.access() not in (None, chain.access())


async def test_no_reader_of_the_record_learns_a_token() -> None:
    """The position lies in a topic that many may read."""
    async with endpoint() as (api, url, session):
        chain = RefreshChain(settings(url), ENVIRON, None, Clock())
        record = Position().with_tokens(await chain.refresh(session)).to_json().decode()
        for secret in (*chain.secrets, *api.grants.access, api.grants.refresh):
            assert secret not in record
        assert len(chain.secrets) == 4
    assert Seal(b"another secret").open(orjson.loads(record)["tokens"]["sealed"]) is None


def test_a_seal_opens_with_its_secret_only() -> None:
    """What anyone could open or change is no seal."""
    tokens = Tokens("access", NOW, "refresh")
    sealed = Seal(b"secret").close(tokens)
    assert Seal(b"secret").open(sealed) == tokens
    assert [Seal(b"other").open(sealed), Seal(b"secret").open(sealed[:-8]), Seal(b"secret").open("")] == [None] * 3


async def test_a_changed_client_secret_begins_a_new_chain() -> None:
    """What was sealed with the old secret cannot be opened, and must not stop the poller."""
    async with endpoint() as (_, url, session):
        kept = await RefreshChain(settings(url), ENVIRON, None, Clock()).refresh(session)
    chain = RefreshChain(settings(url), ENVIRON | {"SECRET": "rotated"}, kept, Clock())
    assert chain.access() is None


ODD: list[tuple[int, Mapping[str, str], bytes]] = [
    (200, {}, b"{}"),
    (200, {}, b"not json"),
    (200, {}, b'{"access_token": 5}'),
    (200, {}, b'{"access_token": "a", "expires_in": "soon"}'),
    (200, {}, b'{"access_token": "a", "expires_in": -1}'),
    (200, {}, b'{"access_token": "a\\nX-Evil: 1", "expires_in": 10}'),
    (200, {}, b'{"access_token": "' + b"a" * 100_000 + b'"}'),
    (302, {"Location": "http://127.0.0.1:9/"}, b""),
    (500, {}, b"secret"),
]


@pytest.mark.parametrize(("status", "headers", "body"), ODD)
async def test_whatever_the_endpoint_answers_is_an_error_without_its_text(
    status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """A token in an error message is a token in the log; and a redirect would take the client secret with it."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, body=body)

    app = web.Application()
    app.router.add_post(TOKEN_PATH, answer)
    async with serving(app) as url, aiohttp.ClientSession() as session:
        chain = RefreshChain(settings(url), ENVIRON, None, Clock())
        with pytest.raises(AuthError) as error:
            await chain.refresh(session)
    assert ("secret" in str(error.value), "a" * 50 in str(error.value)) == (False, False)
    assert chain.access() is None


def test_a_chain_that_is_no_seal_is_no_chain() -> None:
    """A record that was damaged or written by hand."""
    made = Seal(ACCOUNT.client_secret.encode())
    kept = TokenChain(began_with=made.mark(ACCOUNT.refresh_token), sealed="not a seal")
    assert RefreshChain(settings("http://127.0.0.1:9"), ENVIRON, kept, Clock()).access() is None


async def test_a_token_endpoint_that_wants_to_be_left_alone_is() -> None:
    """Asked again at our own pace it may shut out the application, and only a person can mend that."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "77"})

    app = web.Application()
    app.router.add_post(TOKEN_PATH, answer)
    async with serving(app) as url, aiohttp.ClientSession() as session:
        chain = RefreshChain(settings(url), ENVIRON, None, Clock())
        with pytest.raises(PollError) as error:
            await told(chain.refresh(session), 5, lambda: chain.secrets)
    assert (error.value.reason, error.value.retry_after_s) == ("token", 77)
