"""TLS with certificates of our own making: who is trusted, who we are, and what a rotated certificate changes."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization

from connectors.agents import agents
from connectors.auth import auth_of
from connectors.exchange import Attempt, Request
from connectors.http import TargetClient
from streams.settings import SettingsError, check_secrets, load
from streams.settings.auth import TargetOAuth2
from streams.settings.outbound import Tls
from tests.connectors.api import serving
from tests.connectors.egress.names import Names
from tests.connectors.egress.pki import Authority, Pair
from tests.connectors.make import START, target

REQUEST = Request("POST", "/api/orders", {}, b"{}")
NAME = "api.example"


class Api:
    """Remembers which client certificates it was shown."""

    def __init__(self) -> None:
        self.shown: list[str | None] = []

    async def order(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        found = request.transport.get_extra_info("peercert") or {}
        names = [value for part in found.get("subject", ()) for key, value in part if key == "commonName"]
        self.shown.append(names[0] if names else None)
        response = web.json_response({"access_token": "t"})
        response.force_close()
        return response


@asynccontextmanager
async def api(context: ssl.SSLContext) -> AsyncIterator[tuple[Api, str]]:
    """An API over TLS; its URL has a name."""
    stand_in = Api()
    app = web.Application()
    app.router.add_post("/api/orders", stand_in.order)
    app.router.add_post("/token", stand_in.order)
    async with serving(app, context) as url:
        yield stand_in, url.replace("127.0.0.1", NAME)


def client_of(url: str, tls: Tls | None, **given: Any) -> TargetClient:
    made = target(base_url=url, tls=tls, allow_private=True, timeout_s=5, **given)
    names = Names(api_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    return TargetClient(made, auth_of(made.auth, {"S": "secret"}), lambda: START, names)


async def attempt(url: str, tls: Tls | None, **given: Any) -> Attempt:
    client = client_of(url, tls, **given)
    try:
        return await client.attempt(REQUEST)
    finally:
        await client.close()


async def test_an_authority_of_one_s_own_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    """Internal APIs have certificates that no public authority vouches for."""
    authority = Authority("ours")
    async with api(authority.server(tmp_path, NAME)) as (stand_in, url):
        assert (await attempt(url, Tls(ca=authority.write(tmp_path)))).status == 200
        unnamed = await attempt(url, None)
    assert (unnamed.status, "CERTIFICATE_VERIFY_FAILED" in (unnamed.error or "")) == (None, True)
    assert stand_in.shown == [None]


async def test_only_the_named_authority_is_trusted(tmp_path: Path) -> None:
    """`ca` narrows: another authority, however good, vouches for nothing here."""
    async with api(Authority("others").server(tmp_path, NAME)) as (stand_in, url):
        made = await attempt(url, Tls(ca=Authority("ours").write(tmp_path)))
    assert (made.status, stand_in.shown) == (None, [])
    assert "CERTIFICATE_VERIFY_FAILED" in (made.error or "")


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """Whoever has any certificate of that authority could answer for everyone."""
    authority = Authority("ours")
    async with api(authority.server(tmp_path, NAME)) as (stand_in, url):
        made = await attempt(url.replace(NAME, "other.example"), Tls(ca=authority.write(tmp_path)))
    assert (made.status, stand_in.shown) == (None, [])
    assert "Hostname mismatch" in (made.error or "")


async def test_our_certificate_is_shown_to_who_asks_for_it(tmp_path: Path) -> None:
    """mTLS: without it the API takes nothing from us, and nothing is what it got."""
    authority = Authority("ours")
    certificate, key = authority.issue("orderlog", client=True).write(tmp_path, "client")
    ca = authority.write(tmp_path)
    async with api(authority.server(tmp_path, NAME, clients=authority)) as (stand_in, url):
        assert (await attempt(url, Tls(ca=ca, client_cert=certificate, client_key=key))).status == 200
        assert (await attempt(url, Tls(ca=ca))).status is None
    assert stand_in.shown == ["orderlog"]


async def test_the_token_endpoint_is_shown_it_too(tmp_path: Path) -> None:
    """The same session: what guards the API guards the way to its token."""
    authority = Authority("ours")
    certificate, key = authority.issue("orderlog", client=True).write(tmp_path, "client")
    tls = Tls(ca=authority.write(tmp_path), client_cert=certificate, client_key=key)
    async with api(authority.server(tmp_path, NAME, clients=authority)) as (stand_in, url):
        auth = TargetOAuth2(scheme="oauth2", token_url=f"{url}/token", client_id="me", client_secret="env:S")
        assert (await attempt(url, tls, auth=auth)).status == 200
    assert stand_in.shown == ["orderlog", "orderlog"]


async def test_a_rotated_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    """Short-lived certificates are replaced every day; a pair that is half replaced must not break what works."""
    authority = Authority("ours")
    old, new = (authority.issue(name, client=True) for name in ("old", "new"))
    certificate, key = old.write(tmp_path, "client")
    tls = Tls(ca=authority.write(tmp_path), client_cert=certificate, client_key=key)
    async with api(authority.server(tmp_path, NAME, clients=authority)) as (stand_in, url):
        client = client_of(url, tls)
        statuses = [(await client.attempt(REQUEST)).status]
        (tmp_path / "client.pem").write_bytes(new.certificate)
        statuses.append((await client.attempt(REQUEST)).status)
        (tmp_path / "client.key").write_bytes(new.key)
        statuses.append((await client.attempt(REQUEST)).status)
        await client.close()
    assert (statuses, stand_in.shown) == ([200] * 3, ["old", "old", "new"])


def settings(tmp_path: Path, tls: str) -> Path:
    file = tmp_path / "orderlog.toml"
    file.write_text(f"""[[targets]]
name = "api"
kind = "external"
base_url = "https://api.example"
auth = {{ scheme = "none" }}
tls = {tls}
""")
    return file


def test_files_that_belong_together_are_taken(tmp_path: Path) -> None:
    """The checks below refuse what is wrong, not everything."""
    authority = Authority("ours")
    certificate, key = authority.issue("orderlog", client=True).write(tmp_path, "client")
    tls = f'{{ ca = "{authority.write(tmp_path)}", client_cert = "{certificate}", client_key = "{key}" }}'
    (found,) = check_secrets(settings(tmp_path, tls), {}).targets
    assert found.tls is not None
    assert len(list(agents(load(settings(tmp_path, tls), {})))) == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("key", None, "tls.client_key: file:key cannot be read (No such file or directory); check the path"),
        ("cert", None, "tls.client_cert: file:cert cannot be read (No such file or directory); check the path"),
        ("ca", None, "tls.ca: file:ca cannot be read (No such file or directory); check the path"),
        ("ca", b"no certificate", "tls.ca: file:ca holds no certificate"),
        ("cert", b"no certificate", "tls.client_cert: file:cert holds no certificate"),
        ("key", b"no key", "tls.client_key: file:key holds no private key"),
        ("key", "another", "tls.client_key: file:key is not the key of file:cert"),
        ("key", "encrypted", "tls.client_key: file:key is encrypted"),
        ("cert", b"-----BEGIN CERTIFICATE-----\nrubbish", "tls.client_cert: file:cert and file:key cannot be used"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_the_start(
    tmp_path: Path, name: str, content: bytes | str | None, says: str
) -> None:
    """A worker without its certificate is turned away order by order; one that asks for a password waits for ever."""
    authority = Authority("ours")
    pair = authority.issue("orderlog", client=True)
    files: dict[str, bytes | None] = {"ca": authority.pem, "cert": pair.certificate, "key": pair.key}
    made = {"another": authority.issue("x", client=True).key, "encrypted": encrypted(pair)}
    files[name] = made[content] if isinstance(content, str) else content
    for each, written in files.items():
        if written is not None:
            (tmp_path / each).write_bytes(written)
    refs = {each: f"file:{tmp_path / each}" for each in files}
    tls = f'{{ ca = "{refs["ca"]}", client_cert = "{refs["cert"]}", client_key = "{refs["key"]}" }}'
    file = settings(tmp_path, tls)
    for start in (lambda: agents(load(file, {})), lambda: check_secrets(file, {})):
        with pytest.raises(SettingsError) as caught:
            start()
        assert says in str(caught.value).replace(f"{tmp_path}/", "")
    assert "orderlog.toml:6: targets[0]." in str(caught.value)


def encrypted(pair: Pair) -> bytes:
    """Its key under a password."""
    key = serialization.load_pem_private_key(pair.key, None)
    how = serialization.BestAvailableEncryption(b"password")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
