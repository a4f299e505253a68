"""One request for a page: bounds, deadlines, no redirects; and no secret in what is said of a failure."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from connectors.pollers.client import Answer, ListClient, PollError, told
from streams.settings.auth import TargetBearer
from streams.settings.poll import Poll
from tests.connectors.api import serving

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "a-token-of-ours"
PATH = "/api/orders/"


async def ask(handler: Handler, **given: Any) -> Answer:
    """One request to a server that answers with `handler`."""
    app = web.Application()
    app.router.add_get(PATH, handler)
    auth = TargetBearer(scheme="bearer", token="env:TOKEN")
    async with serving(app) as url:
        poll = Poll(base_url=f"{url}/", path=PATH, auth=auth, **({"timeout_s": 2} | given))
        client = ListClient(poll, lambda: datetime.now(UTC))
        try:
            asking = client.get({"page": "1", "ordered_on__gt": "2026-03-01T12:00:00Z"}, f"Bearer {SECRET}")
            return await told(asking, poll.timeout_s, lambda: frozenset({SECRET}))
        finally:
            await client.close()


async def failure(handler: Handler, **given: Any) -> PollError:
    with pytest.raises(PollError) as error:
        await ask(handler, **given)
    assert SECRET not in str(error.value)
    return error.value


async def test_the_request_is_what_the_api_expects() -> None:
    """A parameter that is escaped wrongly is another question."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=b"{}")

    assert await ask(answer) == Answer(200, b"{}")
    (request,) = seen
    assert dict(request.query) == {"page": "1", "ordered_on__gt": "2026-03-01T12:00:00Z"}
    assert (request.headers["Authorization"], request.headers["Accept-Encoding"]) == (f"Bearer {SECRET}", "identity")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_error(status: int) -> None:
    """The token would go to whoever the answer names."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{request.url.origin()}/elsewhere"})

    error = await failure(answer)
    assert (error.reason, "redirects are not followed" in str(error)) == ("status", True)


@pytest.mark.parametrize(
    ("status", "headers", "reason", "retry_after_s"),
    [
        (429, {"Retry-After": "7"}, "rate-limited", 7),
        (429, {}, "rate-limited", None),
        (503, {"Retry-After": "3"}, "status", 3),
        (500, {}, "status", None),
        (403, {}, "status", None),
        (400, {}, "status", None),
    ],
)
async def test_a_refusal_is_an_error_with_its_reason(
    status: int, headers: dict[str, str], reason: str, retry_after_s: float | None
) -> None:
    """What the API asks for must reach whoever decides when to try again; its text must not reach the log."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, text=f"order of Erika, {SECRET}")

    error = await failure(answer)
    assert (error.reason, error.retry_after_s, "Erika" in str(error)) == (reason, retry_after_s, False)


async def test_an_answer_that_is_too_long_is_an_error() -> None:
    """Cut short and taken for whole, a page would lose orders; without a bound, it would fill the memory."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b" " * 5000)

    assert (await failure(answer, response_bytes_max=1024)).reason == "too-large"
    assert len((await ask(answer, response_bytes_max=5000)).body) == 5000


async def test_an_answer_that_does_not_come_is_an_error() -> None:
    """A server that hangs must not hang us."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(10)
        return web.Response()

    assert (await failure(answer, timeout_s=0.2)).reason == "timeout"


async def test_a_connection_that_breaks_is_an_error() -> None:
    """Half an answer is none."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"results": [')
        assert request.transport is not None
        request.transport.abort()
        return response

    assert (await failure(answer)).reason == "network"
