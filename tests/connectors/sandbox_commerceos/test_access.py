"""Who may ask: a fixed token, or one that was fetched, is still good, and has the scope."""

import asyncio
import base64
from typing import Any

import orjson
import pytest

from connectors.auth import ClientCredentials
from connectors.sandbox.commerceos.tokens import Client, GrantError, Tokens
from streams.settings.auth import TargetOAuth2
from tests.connectors.sandbox_commerceos.shop import ORDER, SECRET, Shop, order, shop

CLIENT = Client(client_id="orderlog", client_secret=SECRET)
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
ASK = f"grant_type=client_credentials&client_id=orderlog&client_secret={SECRET}"


async def fetch(api: Shop, form: str = ASK, **headers: str) -> tuple[int, Any]:
    status, body, _ = await api.raw("POST", "/oauth2/token", form.encode(), token=None, **FORM, **headers)
    return status, orjson.loads(body)


@pytest.mark.parametrize("token", [None, "", "other", "sandbox-client"])
async def test_without_a_good_token_nothing_is_done(token: str | None) -> None:
    """A stand-in that lets anyone in would not see a target without its credential."""
    async with shop() as api:
        status, _, headers = await api.raw("PUT", ORDER, orjson.dumps(order()), token=token)
        assert (status, headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
        assert (await api.lines("effects"), (await api.stats())["unauthorised"]) == ([], 1)


async def test_a_token_is_fetched_and_opens_what_its_scopes_say() -> None:
    """read:orders reads, write:orders writes, and neither sees payment orders."""
    async with shop(CLIENT) as api:
        status, granted = await fetch(api, f"{ASK}&scope=read:orders")
        assert (status, granted["token_type"], granted["expires_in"], granted["scope"]) == (
            *(200, "Bearer", 60, "read:orders"),
        )
        reader = granted["access_token"]
        writer = (await fetch(api, f"{ASK}&scope=write:orders+read:orders"))[1]["access_token"]
        assert (await api.raw("GET", "/v1/trade-orders", token=reader))[0] == 200
        assert (await api.raw("PUT", ORDER, orjson.dumps(order()), token=reader))[0] == 403
        assert (await api.raw("PUT", ORDER, orjson.dumps(order()), token=writer))[0] == 201
        assert (await api.raw("GET", "/v1/shipment-orders", token=writer))[0] == 200
        assert (await api.raw("GET", "/v1/payment-methods", token=writer))[0] == 403


async def test_a_token_by_basic_and_with_every_scope() -> None:
    """RFC 6749 prefers Basic; a request without a scope gets all that the client may have."""
    async with shop(CLIENT) as api:
        basic = base64.b64encode(f"orderlog:{SECRET}".encode()).decode()
        status, granted = await fetch(api, "grant_type=client_credentials", Authorization=f"Basic {basic}")
        assert status == 200
        assert {"read:payments", "write:orders", "write:shipments"} <= set(granted["scope"].split())


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (ASK.replace(SECRET, "wrong"), 401, "invalid_client"),
        (ASK.replace("orderlog", "other"), 401, "invalid_client"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        (ASK.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (f"{ASK}&scope=read:everything", 400, "invalid_scope"),
    ],
)
async def test_a_request_for_a_token_that_is_wrong_gets_none(form: str, status: int, error: str) -> None:
    """With the codes of RFC 6749, which a client must not take for an outage."""
    async with shop(CLIENT) as api:
        assert await fetch(api, form) == (status, {"error": error})


async def test_no_client_is_known_where_no_secret_is_set() -> None:
    """An empty secret must not match the one that there is not."""
    async with shop() as api:
        assert (await fetch(api, "grant_type=client_credentials&client_id=sandbox-client&client_secret="))[0] == 401


def test_a_token_ends_when_its_time_is_over() -> None:
    """Short lives are what makes a client renew before the end."""
    tokens = Tokens(Client(client_secret=SECRET, token_ttl_s=5))
    token = tokens.grant(ASK.replace("orderlog", "sandbox-client").encode(), "", 100.0)["access_token"]
    assert tokens.scopes_of(f"Bearer {token}", 104.9)
    assert tokens.scopes_of(f"Bearer {token}", 105.0) is None
    with pytest.raises(GrantError):
        tokens.grant(b"", "Basic ???", 100.0)


async def test_tokens_can_be_ended_before_their_time() -> None:
    """401 in the middle of things: a client fetches another one, once, and goes on."""
    async with shop(CLIENT) as api:
        token = (await fetch(api))[1]["access_token"]
        await api.admin("POST", "tokens/expire")
        assert (await api.raw("GET", "/v1/trade-orders", token=token))[0] == 401
        token = (await fetch(api))[1]["access_token"]
        assert (await api.raw("GET", "/v1/trade-orders", token=token))[0] == 200
        assert (await api.stats())["tokens"] == 2


async def test_a_body_that_is_not_said_to_be_json_is_refused() -> None:
    """A client that forgets the content type must be found out."""
    async with shop() as api:
        status, _, _ = await api.raw("PUT", ORDER, orjson.dumps(order()), Content_Type="text/plain")
        assert (status, await api.lines("effects")) == (415, [])


async def test_tokens_are_fetched_side_by_side() -> None:
    """Each request has a token of its own; none ends another's."""
    async with shop(CLIENT) as api:
        granted = await asyncio.gather(*(fetch(api) for _ in range(20)))
        tokens = {answer["access_token"] for _, answer in granted}
        statuses = {(await api.raw("GET", "/v1/trade-orders~count", token=token))[0] for token in tokens}
    assert (len(tokens), statuses) == (20, {200})


async def test_the_credential_of_our_connectors_is_taken_and_renewed() -> None:
    """What our targets send is what it understands: Basic, a scope, and another token after a 401."""
    async with shop(CLIENT) as api:
        settings = TargetOAuth2(
            scheme="oauth2",
            token_url=f"{api.url}/oauth2/token",
            client_id="orderlog",
            client_secret="env:SECRET",
            scope="read:orders write:orders",
        )
        ours = ClientCredentials(settings, {"SECRET": SECRET})
        first = str(await ours.header(api.session))
        assert (await api.raw("GET", "/v1/trade-orders", token=first.partition(" ")[2]))[0] == 200
        await api.admin("POST", "tokens/expire")
        assert await ours.renew(api.session, first)
        second = str(await ours.header(api.session))
        assert (await api.raw("GET", "/v1/trade-orders", token=second.partition(" ")[2]))[0] == 200
