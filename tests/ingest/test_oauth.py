"""The token endpoint as a sender uses it (RFC 6749 section 4.4), and the tokens it issues."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from ingest.auth import access_token
from ingest.oauth.endpoint import BODY_BYTES_MAX
from ingest.oauth.rate import BURST
from streams.settings import Settings
from tests.ingest.support import ORDER, Running, reason_of, running, session, status_of
from tests.kafka import unique_name

SECRET, NEXT = "client secret: with/odd&signs+é", "the-next-secret"
ENVIRON = {"OLD": SECRET, "NEW": NEXT, "OTHER": "of the other source"}
FORM = {"grant_type": "client_credentials", "client_id": "com.acme", "client_secret": SECRET}
Answer = tuple[int, Mapping[str, Any], Mapping[str, str]]


def settings_of(bootstrap: str, secrets: tuple[str, ...] = ("env:OLD",), **auth: Any) -> Settings:
    """Two sources, each with a client."""
    first = {"scheme": "oauth2", "client_id": "com.acme", "secrets": secrets, **auth}
    other = {"scheme": "oauth2", "client_id": "other", "secrets": ["env:OTHER"]}
    sources = [
        {"name": unique_name(name), "platform": "selldone", "auth": each}
        for name, each in (("first", first), ("other", other))
    ]
    return Settings.model_validate({"kafka": {"bootstrap": bootstrap}, "ingest": {"port": 0}, "sources": sources})


async def fetch(up: Running, form: Mapping[str, str] = FORM, **headers: str) -> Answer:
    """Status, JSON and headers of the endpoint's answer."""
    async with session() as client, client.post(up.base + "/oauth/token", data=form, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None), dict(answer.headers)


async def send(up: Running, token: str, source: str | None = None) -> tuple[int, str, str | None]:
    """Status, reason (or `stored`) and challenge of a webhook that bears the token."""
    url = f"{up.base}/webhooks/{source or up.source}"
    headers = {"Authorization": f"Bearer {token}"}
    async with session() as client, client.post(url, data=ORDER, headers=headers) as answer:
        problem = await answer.json(content_type=None)
        return answer.status, problem.get("reason", "stored"), answer.headers.get("WWW-Authenticate")


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


async def test_a_sender_fetches_a_token_and_its_webhook_is_stored(kafka: str) -> None:
    """The main line, as CommerceOS's client-credentials mode does it (seed 002): one token, many webhooks."""
    async with running(settings_of(kafka), ENVIRON) as up:
        status, answer, headers = await fetch(up)
        assert (status, sorted(answer)) == (200, ["access_token", "expires_in", "token_type"])
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
        assert (headers["Cache-Control"], headers["Pragma"]) == ("no-store", "no-cache")
        for _ in range(2):
            assert await send(up, answer["access_token"]) == (200, "stored", None)
        records = await up.records()
    assert [record.value for record in records] == [ORDER, ORDER]
    kept = b"".join(value for record in records for _, value in record.headers)
    assert answer["access_token"].encode() not in kept


async def test_a_token_outlives_the_process_that_issued_it(kafka: str) -> None:
    """Nothing is remembered: another process, or the same after a restart, verifies it."""
    settings = settings_of(kafka)
    async with running(settings, ENVIRON) as up:
        _, answer, _ = await fetch(up)
    async with running(settings, ENVIRON, with_topics=False) as up:
        assert await send(up, answer["access_token"]) == (200, "stored", None)


@pytest.mark.parametrize(
    "header",
    [basic("com.acme", SECRET), basic(quote_plus("com.acme"), quote_plus(SECRET))],
    ids=["as it is", "encoded"],
)
async def test_the_credentials_may_come_by_http_basic(kafka: str, header: str) -> None:
    """RFC 6749 section 2.3.1 has them form-encoded within the header; many senders leave that out."""
    async with running(settings_of(kafka), ENVIRON) as up:
        status, answer, _ = await fetch(up, {"grant_type": "client_credentials"}, Authorization=header)
        assert status == 200
        assert await send(up, answer["access_token"]) == (200, "stored", None)


async def test_a_token_opens_one_source_only(kafka: str) -> None:
    """Each source has a client of its own; its token is nothing at the next door."""
    settings = settings_of(kafka)
    async with running(settings, ENVIRON) as up:
        _, answer, _ = await fetch(up)
        status, reason, challenge = await send(up, answer["access_token"], settings.sources[1].name)
    assert (status, reason, challenge) == (401, "token-invalid", 'Bearer realm="webhooks", error="invalid_token"')


async def test_an_expired_token_is_stale_and_the_sender_is_told_to_fetch_another(kafka: str) -> None:
    """401 with `invalid_token` is what OAuth2 clients fetch anew upon (RFC 6750 section 3.1); 403 would stop them."""
    async with running(settings_of(kafka), ENVIRON) as up:
        key = access_token.signing_keys([SECRET.encode()])[0]
        stale = access_token.issue(key, up.source, "com.acme", 1_600_000_000)
        challenge = 'Bearer realm="webhooks", error="invalid_token"'
        assert await send(up, stale) == (401, "token-stale", challenge)
        assert await up.records() == []


@pytest.mark.parametrize("secret", [SECRET, NEXT])
async def test_while_a_secret_is_rotated_both_fetch_tokens(kafka: str, secret: str) -> None:
    """The sender changes over when it likes, and the tokens of both are good."""
    async with running(settings_of(kafka, ("env:OLD", "env:NEW")), ENVIRON) as up:
        status, answer, _ = await fetch(up, {**FORM, "client_secret": secret})
        assert status == 200
        assert await send(up, answer["access_token"]) == (200, "stored", None)


async def test_taking_a_secret_out_revokes_its_tokens(kafka: str) -> None:
    """Rotation ends here: what the old secret had issued opens nothing any more."""
    before = settings_of(kafka, ("env:OLD", "env:NEW"))
    async with running(before, ENVIRON) as up:
        _, answer, _ = await fetch(up)
    first = before.sources[0]
    auth = first.auth.model_copy(update={"secrets": ("env:NEW",)})
    after = before.model_copy(update={"sources": (first.model_copy(update={"auth": auth}),)})
    async with running(after, ENVIRON, with_topics=False) as up:
        status, reason, _ = await send(up, answer["access_token"])
    assert (status, reason) == (401, "token-invalid")


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in FORM.items() if key != name}


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({**FORM, "client_secret": "wrong"}, {}, 401, "invalid_client"),
        ({**FORM, "client_id": "nobody"}, {}, 401, "invalid_client"),
        ({**FORM, "client_id": "other"}, {}, 401, "invalid_client"),
        ({**FORM, "client_secret": ""}, {}, 401, "invalid_client"),
        (without("client_secret"), {}, 401, "invalid_client"),
        (without("client_id"), {}, 401, "invalid_client"),
        ({}, {}, 401, "invalid_client"),
        (without("client_secret"), {"Authorization": basic("com.acme", "wrong")}, 401, "invalid_client"),
        (without("client_secret"), {"Authorization": "Basic !"}, 401, "invalid_client"),
        (without("client_secret"), {"Authorization": "Basic"}, 401, "invalid_client"),
        (without("client_secret"), {"Authorization": "Bearer x"}, 401, "invalid_client"),
        (FORM, {"Authorization": basic("com.acme", SECRET)}, 400, "invalid_request"),
        (
            {**without("client_secret"), "client_id": "other"},
            {"Authorization": basic("com.acme", SECRET)},
            400,
            "invalid_request",
        ),
        ({**FORM, "grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        (without("grant_type"), {}, 400, "invalid_request"),
        ({**FORM, "grant_type": ""}, {}, 400, "invalid_request"),
        (FORM, {"Content-Type": "application/json"}, 400, "invalid_request"),
        ({**FORM, **{f"p{number}": "x" for number in range(20)}}, {}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_request_gets_the_error_of_the_standard(
    kafka: str, form: Mapping[str, str], headers: Mapping[str, str], status: int, error: str
) -> None:
    """RFC 6749 section 5.2: senders' libraries know these codes. Nothing of the secret is in the answer."""
    async with running(settings_of(kafka), ENVIRON) as up:
        got, answer, sent = await fetch(up, form, **headers)
    assert (got, answer["error"]) == (status, error)
    assert sent["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in sent) == (status == 401)
    assert SECRET not in json.dumps(answer, ensure_ascii=False)


async def test_a_repeated_parameter_is_refused(kafka: str) -> None:
    """Two secrets leave open which one was checked (RFC 6749 section 3.2)."""
    async with running(settings_of(kafka), ENVIRON) as up, session() as client:
        body = urlencode([*FORM.items(), ("client_secret", "another")])
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with client.post(up.base + "/oauth/token", data=body, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, "orders.write orders.read"),
        ("orders.write", "orders.write"),
        ("orders.read orders.write", "orders.read orders.write"),
        ("orders.write admin", None),
        ("ORDERS.WRITE", None),
    ],
)
async def test_a_scope_is_checked_where_one_is_configured(kafka: str, asked: str | None, granted: str | None) -> None:
    """What was granted is said (RFC 6749 section 5.1); more than may be asked for is `invalid_scope`."""
    async with running(settings_of(kafka, scope="orders.write orders.read"), ENVIRON) as up:
        status, answer, _ = await fetch(up, FORM if asked is None else {**FORM, "scope": asked})
    expected = (400, "invalid_scope", None) if granted is None else (200, None, granted)
    assert (status, answer.get("error"), answer.get("scope")) == expected


async def test_a_scope_is_let_pass_where_none_is_configured(kafka: str) -> None:
    """The seed's example asks for `orders.write`; who has not thought of scopes must not be locked out by one."""
    async with running(settings_of(kafka), ENVIRON) as up:
        status, answer, _ = await fetch(up, {**FORM, "scope": "orders.write"})
    assert (status, "scope" in answer) == (200, False)


async def test_the_endpoint_is_bounded(kafka: str) -> None:
    """In method, size, time and rate, as every door of this server."""
    async with running(settings_of(kafka), ENVIRON) as up, session() as client:
        url = up.base + "/oauth/token"
        async with client.get(url) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        async with client.post(url, data=b"x" * (BODY_BYTES_MAX + 1)) as answer:
            assert answer.status == 413
    slow = settings_of(kafka)
    slow = slow.model_copy(update={"ingest": slow.ingest.model_copy(update={"body_timeout_s": 0.3})})
    async with running(slow, ENVIRON) as up:
        answer_bytes = await up.raw(up.head("Content-Length: 100", path="/oauth/token") + b"grant_type=")
    assert (status_of(answer_bytes), reason_of(answer_bytes)) == (408, "request-timeout")


async def test_a_flood_of_guesses_is_slowed_down(kafka: str) -> None:
    """429 with Retry-After past the burst; guessing at the speed of the line is not offered."""
    async with running(settings_of(kafka), ENVIRON) as up, session() as client:
        statuses = []
        for _ in range(int(BURST) * 2):
            async with client.post(up.base + "/oauth/token", data={**FORM, "client_secret": "guess"}) as answer:
                statuses.append(answer.status)
                if answer.status == 429:
                    assert int(answer.headers["Retry-After"]) >= 1
    assert set(statuses) == {401, 429}
    assert statuses[: int(BURST)] == [401] * int(BURST)


async def test_without_such_a_source_there_is_no_endpoint(kafka: str) -> None:
    """A door that nobody needs is not there."""
    open_only = Settings.model_validate(
        {
            "kafka": {"bootstrap": kafka},
            "ingest": {"port": 0},
            "sources": [{"name": unique_name("open"), "platform": "selldone", "auth": {"scheme": "none"}}],
        }
    )
    async with running(open_only, ENVIRON) as up:
        status, answer, _ = await fetch(up)
    assert (status, answer["reason"]) == (404, "not-found")


async def test_no_secret_and_no_token_is_logged(
    kafka: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Issued or refused: which source and why, and nothing of what was sent or given."""
    async with running(settings_of(kafka), ENVIRON) as up, session() as client:
        _, answer, _ = await fetch(up)
        await fetch(up, {**FORM, "client_secret": "guessed-secret"})
        await fetch(up, {"grant_type": "client_credentials"}, Authorization=basic("com.acme", "guessed-secret"))
        await send(up, answer["access_token"])
        async with client.get(up.base + "/metrics") as scraped:
            metrics = (await scraped.text()).splitlines()
    written = caplog.text + "".join(capfd.readouterr())
    assert "access token issued" in written
    assert "invalid_client" in written
    token = answer["access_token"]
    private = (SECRET, "guessed-secret", token, token.partition(".")[2], basic("com.acme", "guessed-secret")[6:])
    assert [word for word in private if word in written] == []
    for outcome, count in (("issued", 1), ("invalid_client", 2)):
        assert f'orderlog_ingest_tokens_total{{outcome="{outcome}",source="{up.source}"}} {count}.0' in metrics
