"""The sender keeps at it as platforms do, and stops where an answer is final."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from streams.demo import send
from streams.demo.evidence import Sent
from streams.demo.send import Sender
from streams.demo.webhook import SELLDONE, Kind, Webhook

SECRETS = {SELLDONE: b"token"}
CUT = 0


@asynccontextmanager
async def platform_target(statuses: Sequence[int]) -> AsyncIterator[str]:
    """Answers with these statuses in turn, the last for ever; `CUT` cuts the connection instead."""
    left = list(statuses)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == CUT:
            assert request.transport is not None
            request.transport.abort()
        body = {"status": "accepted", "receipt": "r1"} if status == 200 else {"reason": "x"}
        return web.json_response(body, status=status or 500)

    app = web.Application()
    app.router.add_post("/webhooks/{source}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def one(statuses: Sequence[int]) -> Sent:
    """What became of one webhook."""
    async with platform_target(statuses) as url:
        sender = Sender(url, SECRETS, clock=lambda: 12.5)
        await sender.run([Webhook(0, SELLDONE, Kind.ORDER, b"{}")], 1000, lambda done: None)
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
        sender = Sender(url, SECRETS)
        webhooks = [Webhook(number, SELLDONE, Kind.ORDER, b"%d" % number) for number in range(50)]
        await sender.run(webhooks, 1000, seen.append)
    assert list(range(50)) == sorted(sent.webhook.number for sent in sender.sent)
    assert 50 == max(seen)
