"""The sender keeps at it as platforms do, and stops where an answer is final."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from streams.demo import apis, send
from streams.demo.apis import ApiFailed, Apis
from streams.demo.evidence import Sent
from streams.demo.send import Sender
from streams.demo.traffic import Plan
from streams.demo.webhook import APICBASE, COMMERCEOS, QUICKBUTIK, SELLDONE, Kind, Put, Request, Webhook

SECRETS = {SELLDONE: b"token", QUICKBUTIK: b"token", COMMERCEOS: b"client-secret"}
CUT = 0


@asynccontextmanager
async def platform_target(statuses: Sequence[int], heard: list[str] | None = None) -> AsyncIterator[str]:
    """Answers with these statuses in turn, the last for ever; `CUT` cuts the connection instead.

    `heard`: what was asked of it, in order, with the body.
    """
    left = list(statuses)
    seen = [] if heard is None else heard

    async def answer(request: web.Request) -> web.Response:
        seen.append(f"{request.method} {request.path_qs} {await request.text()}".rstrip())
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == CUT:
            assert request.transport is not None
            request.transport.abort()
        body = {"status": "accepted", "receipt": "r1"} if status == 200 else {"reason": "x"}
        return web.json_response(body, status=status or 500)

    app = web.Application()

    async def token(request: web.Request) -> web.Response:
        form = dict(await request.post())
        seen.append(f"{request.headers['authorization']} {form['grant_type']!s}")
        return web.json_response({"access_token": f"token-{len(seen)}"})

    app.router.add_post("/oauth/token", token)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def one(
    statuses: Sequence[int],
    source: str = SELLDONE,
    request: Request = Request(b"{}"),  # noqa: B008 - frozen
    puts: Sequence[Put] = (),
    heard: list[str] | None = None,
) -> Sent:
    """What became of one webhook."""
    async with platform_target(statuses, heard) as url:
        sender = Sender(url, SECRETS, Apis(url), clock=lambda: 12.5)
        await sender.run(Plan([Webhook(0, source, Kind.ORDER, request)], {0: puts}), 1000, lambda done: None)
        assert list(puts) == sender.puts
    (sent,) = sender.sent
    return sent


@pytest.mark.parametrize("bad", [CUT, 500, 503, 429])
async def test_what_may_be_better_later_is_tried_again(bad: int) -> None:
    """A webhook that got no answer, or a 5xx, is not lost: platforms send it again."""
    sent = await one([bad, bad, 200])
    assert (3, 200, "r1", 12.5) == (sent.attempts, sent.status, sent.receipt, sent.answered_at_s)


@pytest.mark.parametrize("status", [401, 403, 404, 413, 422])
async def test_a_refusal_is_final(status: int) -> None:
    """Sent again it would be refused again."""
    sent = await one([status])
    assert (1, status, True) == (sent.attempts, sent.status, sent.is_rejected)


async def test_it_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded: a run against an ingest that never comes back ends, and says that there was no answer."""
    monkeypatch.setattr(send, "GIVE_UP_AFTER_S", 0.2)
    sent = await one([503])
    assert (None, False, False) == (sent.status, sent.is_accepted, sent.is_as_hoped)


async def test_every_webhook_is_sent_and_counted() -> None:
    """At a rate, side by side, each once."""
    seen: list[int] = []
    async with platform_target([200]) as url:
        sender = Sender(url, SECRETS, Apis(url))
        webhooks = [Webhook(number, SELLDONE, Kind.ORDER, Request(b"%d" % number)) for number in range(50)]
        await sender.run(Plan(webhooks, {}), 1000, seen.append)
    assert list(range(50)) == sorted(sent.webhook.number for sent in sender.sent)
    assert 50 == max(seen)


async def test_a_ping_is_sent_by_its_method_with_its_query() -> None:
    """Quickbutik's pings have nothing but a query; the token is a part of it."""
    heard: list[str] = []
    await one([200], QUICKBUTIK, Request(b"", "GET", (("event_type", "order.new"), ("order_id", "7"))), heard=heard)
    assert ["GET /webhooks/quickbutik?event_type=order.new&order_id=7&token=token"] == heard


async def test_an_api_knows_of_an_order_before_its_webhook_is_sent() -> None:
    """Else whoever is pinged looks, and finds nothing."""
    heard: list[str] = []
    puts = [Put(QUICKBUTIK, "7", b'{"order_id":"7"}'), Put(APICBASE, "a", b'{"id":"a"}')]
    await one([200], puts=puts, heard=heard)
    assert [
        'PUT /_sandbox/quickbutik/orders [{"order_id":"7"}]',
        'POST /_sandbox/apicbase/orders {"id":"a"}',
        "POST /webhooks/selldone {}",
    ] == heard


async def test_an_api_that_takes_no_order_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does not hold would be missed at the end, and nobody would know why."""
    monkeypatch.setattr(apis, "GIVE_UP_AFTER_S", 0.1)
    with pytest.raises(ApiFailed, match="HTTP 500"):
        await one([500], puts=[Put(QUICKBUTIK, "7", b"{}")])


async def test_a_token_is_fetched_and_renewed_where_it_is_refused() -> None:
    """A sender with client credentials asks our own endpoint, and asks again when the token has expired."""
    heard: list[str] = []
    sent = await one([200], COMMERCEOS, heard=heard)
    assert (1, 200) == (sent.attempts, sent.status)
    basic = "Basic Y29tbWVyY2Vvcy1kZW1vOmNsaWVudC1zZWNyZXQ= client_credentials"
    assert [basic, "POST /webhooks/commerceos {}"] == heard
    heard.clear()
    sent = await one([401, 200], COMMERCEOS, heard=heard)
    assert (2, 200) == (sent.attempts, sent.status)
    assert [basic, "POST /webhooks/commerceos {}"] * 2 == heard
