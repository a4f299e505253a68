"""Reads of a target's API over real HTTP: who we are, how often, how much, and what is said where nothing comes."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from connectors.pollers.client import PollError
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.tokens import Client
from connectors.status import reading
from connectors.status.queries import Listing
from connectors.status.reading import Reading, pace_of
from streams.settings.model import Target
from tests.connectors.api import serving
from tests.connectors.sandbox_commerceos.shop import SECRET, TOKEN, shop

PATH = Listing("com.acme.channel", "web/shop~1", "New").path("status,identifiers", 0, 100)
OAUTH = {"scheme": "oauth2", "client_id": "sandbox-client", "client_secret": "env:SECRET", "scope": "read:orders"}
NAMES = ("order", "channel", "sku", "company", "customer", "store")


@asynccontextmanager
async def reads(url: str, reads_per_second: float = 1000, **given: Any) -> AsyncIterator[Reading]:
    mapping = {"company": "A", "sellers": ["S"], "payment_methods": {"*": "m"}, "reads_per_second": reads_per_second}
    target = Target.model_validate(
        {
            "name": "site",
            "kind": "commerceos",
            "base_url": f"{url}/",
            "auth": given.pop("auth", {"scheme": "bearer", "token": "env:TOKEN"}),
            "identifiers": {name: f"com.acme.{name}" for name in NAMES},
            "commerceos": mapping,
            **given,
        }
    )
    made = Reading(target, {"TOKEN": TOKEN, "SECRET": SECRET}, pace_of(target), lambda: datetime.now(UTC))
    try:
        yield made
    finally:
        await made.close()


async def failure(handler: Callable[[web.Request], Any], **given: Any) -> PollError:
    """What becomes of an answer of the handler's."""

    async def handled(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        return answer

    app = web.Application()
    app.router.add_get("/{path:.*}", handled)
    async with serving(app) as url, reads(url, **given) as made:
        with pytest.raises(PollError) as error:
            await made.page(PATH)
    assert TOKEN not in str(error.value)
    return error.value


async def test_a_path_goes_out_as_it_is_written() -> None:
    """A client that decodes what is escaped would make an operator of a source's name."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(status=404)

    assert "HTTP 404" in str(await failure(answer))
    assert [PATH] == seen


async def test_a_token_that_ends_is_fetched_again_and_the_read_repeated() -> None:
    """Once: a token that is refused for good must not be asked for without end."""
    client = Client(client_secret=SECRET, scopes=frozenset({"read:orders"}))
    async with shop(client) as api, reads(api.url, auth=OAUTH | {"token_url": f"{api.url}/oauth2/token"}) as made:
        assert b"[]" == await made.page(PATH)
        api.api.tokens.expire()
        assert b"[]" == await made.page(PATH)
        assert 2 == (await stats(api))["tokens"]
        with pytest.raises(PollError, match="HTTP 403"):
            await made.page("/v1/payment-methods")


async def stats(api: Any) -> dict[str, Any]:
    async with api.session.get(f"{api.url}/_sandbox/commerceos/stats") as response:
        found: dict[str, Any] = await response.json()
        return found


async def test_a_token_that_is_refused_is_told() -> None:
    """With the setting to look at."""
    async with shop(Client(fixed_token="another")) as api, reads(api.url) as made:
        with pytest.raises(PollError, match=r"HTTP 401: see targets\.site\.auth") as error:
            await made.page(PATH)
    assert "unauthorised" == error.value.reason


async def test_no_second_has_more_reads_than_are_set_aside() -> None:
    """Delivery leaves so many of the target's limit, and no more."""
    async with shop(rules=Rules(requests_max=100_000, window_s=0.5)) as api, reads(api.url, 20) as made:
        started = time.monotonic()
        for _ in range(14):
            await made.page(PATH)
        assert time.monotonic() - started >= 13 / 20 * 0.95
        assert api.api.window.busiest <= 0.5 * 20 + 2


async def test_an_answer_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a reason of its own, so that smaller pages are asked for."""
    monkeypatch.setattr(reading, "ANSWER_BYTES_MAX", 1000)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 2000)

    assert "too-large" == (await failure(answer)).reason


@pytest.mark.parametrize(
    ("status", "headers", "reason", "retry_after_s"),
    [
        (302, {"Location": "http://169.254.169.254/"}, "status", None),
        (429, {"Retry-After": "7"}, "rate-limited", 7),
        (503, {"Retry-After": "9"}, "status", 9),
        (400, {}, "status", None),
    ],
)
async def test_what_is_no_list_has_a_reason(
    status: int, headers: dict[str, str], reason: str, retry_after_s: float | None
) -> None:
    """For the metric and the wait; redirects are not followed, as the token would go along."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    error = await failure(answer)
    assert (reason, retry_after_s) == (error.reason, error.retry_after_s)
