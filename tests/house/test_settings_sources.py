"""Settings of a source that its platform has no use for, or that no request could meet, are told at the start."""

from pathlib import Path

import pytest

from streams.settings import SettingsError, load

TOKEN = '{ scheme = "token", secrets = ["env:T"] }'
SHOP_API = """
[[targets]]
name = "api"
kind = "quickbutik"
base_url = "http://127.0.0.1:1"
auth = { scheme = "basic", password = "env:T" }
"""
POLL = '[sources.poll]\nbase_url = "http://127.0.0.1:1"\nauth = { scheme = "bearer", token = "env:T" }\n'
MAPPED = 'options = { event = "e", order_id = "o"'


def source(platform: str, more: str = "", auth: str = TOKEN) -> str:
    return f'[[sources]]\nname = "a"\nplatform = {platform}\nauth = {auth}\n{more}\n'


def mistakes(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "orderlog.toml"
    file.write_text(text)
    try:
        load(file, {})
    except SettingsError as error:
        return [str(mistake).replace(str(file), "file") for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (source('"duda"', 'orders_of = "a"'), "file:5: sources[0].orders_of: its webhooks speak of no other source's"),
        (
            source('"mapping"', f'{MAPPED} }}\norders_of = "a"'),
            "file:6: sources[0].orders_of: its webhooks speak of no",
        ),
        (source('"selldone"', 'fetch_from = "api"') + SHOP_API, "file:5: sources[0].fetch_from: its webhooks hold the"),
        (source('"duda"', POLL), "file:5: sources[0].poll: the platform duda reads webhooks, and not what an API"),
        (source('["duda"]'), "file:3: sources[0].platform: should be a valid string"),
        (source("{ a = 1 }", 'fetch_from = "api"') + SHOP_API, "file:3: sources[0].platform: should be a valid string"),
        (
            source('"duda"', auth='{ scheme = "hmac", secrets = ["env:T"], header = "X-Sig:" }'),
            "file:4: sources[0].auth.header: is no name of an HTTP header",
        ),
        (
            source('"duda"', auth='{ scheme = "token", secrets = ["env:T"], header = "" }'),
            "file:4: sources[0].auth.header: is no name of an HTTP header",
        ),
    ],
)
def test_setting_that_cannot_work_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """Else webhooks are refused for ever, or orders stay away, and nobody is told why."""
    found = mistakes(tmp_path, text)
    assert [True] == [line.startswith(said) for line in found if line.split(": ")[1] == said.split(": ")[1]]


@pytest.mark.parametrize(
    "text",
    [
        source('"commerceos"', f'orders_of = "a"\n{POLL}'),
        source('"external-system"', 'orders_of = "a"'),
        source('"mapping"', f'{MAPPED}, refers = true }}\norders_of = "a"'),
        source('"apicbase"', POLL),
        source('"quickbutik"', 'fetch_from = "api"') + SHOP_API,
        source('"duda"', auth='{ scheme = "hmac", secrets = ["env:T"], header = "X-Sig_1" }'),
    ],
)
def test_setting_that_works_is_let_pass(tmp_path: Path, text: str) -> None:
    """A check that refuses what the pages say would keep the product from starting."""
    assert [] == mistakes(tmp_path, text)
