"""The webhook: what is sent, where it may go, and that nobody learns its URL."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from connectors.alerts.agents import agents
from connectors.alerts.hook import Hook, NotSent, way_of
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from connectors.sandbox.slack import SlackApi
from streams.cli.config import render
from streams.settings import SettingsError
from streams.settings.model import Settings
from tests.connectors.alerts.make import alerts
from tests.connectors.api import lines, serving

SECRET = "B0000-verysecret"


@asynccontextmanager
async def slack(**given: Any) -> AsyncIterator[tuple[SlackApi, str]]:
    api = SlackApi(SECRET, Faults(), messages_max=2, clock=lambda: 0.0)
    async with serving(application([api])) as url:
        yield api, url


@asynccontextmanager
async def hook(url: str, **given: Any) -> AsyncIterator[Hook]:
    made = Hook(way_of(alerts(**given), {"ALERTS_URL": url}))
    try:
        yield made
    finally:
        await made.close()


async def test_a_message_is_sent_as_slack_takes_it() -> None:
    """`{"text"}`, and the answer `ok`; past its rate it says when to come again."""
    async with slack() as (api, url), hook(f"{url}/services/{SECRET}") as made:
        await made.send("first ✓")
        await made.send("second")
        with pytest.raises(NotSent) as told:
            await made.send("third")
        assert ([each.text for each in api.messages], told.value.retry_after_s) == (["first ✓", "second"], 1)


@pytest.mark.parametrize("path", ["/services/other", "/nowhere", f"/services/{SECRET}?x=1#y"])
async def test_a_refusal_says_its_status_and_not_the_url(path: str) -> None:
    """Whoever reads the log must not be able to write to the channel."""
    async with slack() as (api, url):
        api._window.wait_s(0.0, 2, 1.0)
        api._window.wait_s(0.0, 2, 1.0)
        async with hook(f"{url}{path.partition('#')[0]}") as made:
            with pytest.raises(NotSent) as told:
                await made.send("x")
    assert str(told.value) in ("HTTP 403", "HTTP 404", "HTTP 429")


async def test_a_redirect_is_not_followed() -> None:
    """It could lead anywhere, with what we say."""
    reached: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(status=302, headers={"Location": "/services/elsewhere"})

    app = web.Application()
    app.router.add_post("/{tail:.*}", redirect)
    async with serving(app) as url, hook(f"{url}/services/{SECRET}") as made:
        with pytest.raises(NotSent, match="HTTP 302"):
            await made.send("x")
    assert reached == [f"/services/{SECRET}"]


async def test_nobody_there_and_nobody_answering_end_within_the_deadline_without_the_url() -> None:
    """An alert that waits for ever is none."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{tail:.*}", hang)
    async with serving(app) as url, hook(f"{url}/services/{SECRET}", timeout_s=0.2) as made:
        with pytest.raises(NotSent, match=r"no answer within 0\.2 s"):
            await made.send("x")
    async with hook(f"http://127.0.0.1:9/services/{SECRET}") as made:
        with pytest.raises(NotSent) as told:
            await made.send("x")
    assert SECRET not in str(told.value)
    assert "services" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "env:ALERTS_URL"),
        (SECRET, "is not an http or https URL"),
        (f"ftp://hooks.example/{SECRET}", "is not an http or https URL"),
        (f"https://me:{SECRET}@hooks.example/x", "must hold no credentials"),
        (f"http://hooks.example/services/{SECRET}", "must be https"),
        (f"https://10.0.0.1/services/{SECRET}", "10.0.0.1 is not public"),
        (f"https://169.254.169.254/{SECRET}", "never connected to"),
    ],
)
def test_a_url_that_will_not_do_is_refused_at_the_start_without_being_shown(url: str, said: str) -> None:
    """Found with the first alert it would be found by nobody."""
    with pytest.raises(SettingsError) as refusal:
        way_of(alerts(), {"ALERTS_URL": url})
    assert said in str(refusal.value)
    assert SECRET not in str(refusal.value)


async def test_a_name_that_leads_into_a_private_network_is_refused_when_it_is_connected_to() -> None:
    """Also where DNS has changed since the start."""
    async with slack() as (api, url):
        port = url.rpartition(":")[2]
        named = f"https://localhost.localdomain:{port}/services/{SECRET}"
        async with hook(named) as made:
            with pytest.raises(NotSent) as told:
                await made.send("x")
    assert (SECRET in str(told.value), list(api.messages)) == (False, [])


def test_settings_show_where_the_url_is_and_never_the_url() -> None:
    """`orderlog config` is pasted into tickets."""
    settings = Settings(alerts=alerts())
    shown = render(settings, {"ALERTS_URL": f"https://hooks.example/{SECRET}"})
    assert 'url = "env:ALERTS_URL"' in shown
    assert SECRET not in shown
    assert agents(Settings()) == ()


async def test_the_command_offers_slack_where_its_token_is_given(tmp_path: Path) -> None:
    """`orderlog sandbox`, as the page says: 400 without a text, 403 for another token."""
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "sandbox", "--port", "0", "--port-file", str(port_file)),
        env={**os.environ, "EXTERNAL_API_TOKEN": "token", "SLACK_WEBHOOK_TOKEN": SECRET},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        async with aiohttp.ClientSession() as session:
            for token, body, status in ((SECRET, b'{"text":"hi"}', 200), ("other", b"{}", 403)):
                async with session.post(f"{url}/services/{token}", data=body) as answer:
                    assert answer.status == status
            async with session.get(f"{url}/_sandbox/slack/messages") as answer:
                assert [each["text"] for each in lines(await answer.read())] == ["hi"]
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text":""}', b'{"text":1}'])
async def test_the_stand_in_takes_nothing_without_a_text(body: bytes) -> None:
    """As Slack's: a client that sends anything else must be found out."""
    async with slack() as (api, url), aiohttp.ClientSession() as session:
        async with session.post(f"{url}/services/{SECRET}", data=body) as answer:
            assert answer.status == 400
        assert list(api.messages) == []
