"""Tokens and credentials: missing, misplaced, nearly right, expired; told without showing any of them."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ingest.auth.access_token import issue, signing_keys
from ingest.verify import show
from ingest.verify.given import Given
from ingest.verify.verdict import Verdict, judge
from streams.settings import Settings

NOW_S = 1_700_000_000.0
TOKEN, PAIR, OTHER = "s3cret Token/ä", "shop:pass:word", "of the other client"
ENVIRON = {"TOKEN": TOKEN, "SPACED": f"{TOKEN}\n", "PAIR": PAIR, "OTHER": OTHER}
BEARER = {"scheme": "bearer", "secrets": ["env:TOKEN"]}
BASIC = {"scheme": "basic", "secrets": ["env:PAIR"]}
ANYWHERE = {"scheme": "token", "secrets": ["env:TOKEN"]}
BY_HEADER = {**ANYWHERE, "header": "X-Key"}
OAUTH = {"scheme": "oauth2", "client_id": "acme", "secrets": ["env:TOKEN"]}
ELSEWHERE = {"scheme": "oauth2", "client_id": "other", "secrets": ["env:OTHER"]}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def access(expiry_s: int, source: str = "shop", client: str = "acme", secret: str = TOKEN) -> str:
    return "Bearer " + issue(signing_keys([secret.encode()])[0], source, client, expiry_s)


def verdict(
    auth: Mapping[str, Any], headers: Mapping[str, str], query: str = "", path: str = "/webhooks/shop"
) -> Verdict:
    """The verdict on one request; nothing that came with it is printed."""
    sources = [{"name": name, "platform": "duda", "auth": each} for name, each in (("shop", auth), ("next", ELSEWHERE))]
    configured = Settings.model_validate({"sources": sources})
    given = Given({name.lower(): [value] for name, value in headers.items()}, b"{}", "POST", path, query)
    found = judge(configured.sources[0], configured, ENVIRON, given, NOW_S)
    printed = "\n".join(show.lines(configured.sources[0], given, found, NOW_S))
    assert [secret for secret in (TOKEN, PAIR, OTHER, *headers.values()) if len(secret) > 9 and secret in printed] == []
    return found


def told(found: Verdict) -> str:
    return "\n".join(f"{finding.why} | {finding.do}" for finding in found.findings)


WRONG: Mapping[str, tuple[Sequence[Any], str, Sequence[str]]] = {
    "nothing": ((BY_HEADER, {}), "token-missing", ["nothing stands where this source reads: the header x-key"]),
    "nothing anywhere": (
        (ANYWHERE, {}),
        "token-missing",
        ["the header x-orderlog-token or the query parameter token or the last segment of the path"],
    ),
    "in another header": (
        (BY_HEADER, {"X-Api-Key": TOKEN}),
        "token-missing",
        ["in the wrong place: the header x-api-key", "send it as the header x-key"],
    ),
    "as Bearer": (
        (BY_HEADER, {"Authorization": f"Bearer {TOKEN}"}),
        "token-missing",
        ["place: Authorization: Bearer …"],
    ),
    "in the query": (
        (BY_HEADER, {}, "token=s3cret%20Token/%C3%A4"),
        "token-missing",
        ["in the wrong place: the query parameter token"],
    ),
    "in the body's header as it is": (
        (BEARER, {"Authorization": TOKEN}),
        "token-malformed",
        ["in the wrong place: Authorization without Bearer or Basic"],
    ),
    "as Basic": (
        (BEARER, {"Authorization": f"Basic {b64(TOKEN)}"}),
        "token-malformed",
        ["place: Authorization: Basic …"],
    ),
    "encoded": ((BY_HEADER, {"X-Key": "s3cret%20Token/%C3%A4"}), "token-mismatch", ["is right, but percent-encoded"]),
    "quoted": ((BY_HEADER, {"X-Key": f'"{TOKEN}"'}), "token-mismatch", ["is right, but with quotes around it"]),
    "base64": ((BEARER, {"Authorization": f"Bearer {b64(TOKEN)}"}), "token-mismatch", ["is right, but in base64"]),
    "Bearer twice": (
        (BEARER, {"Authorization": f"Bearer Bearer {TOKEN}"}),
        "token-mismatch",
        ["with the word Bearer before it"],
    ),
    "capitals": ((BY_HEADER, {"X-Key": TOKEN.upper()}), "token-mismatch", ["in capital letters only"]),
    "the secret with a line break": (
        ({**BY_HEADER, "secrets": ["env:SPACED"]}, {"X-Key": TOKEN}),
        "token-mismatch",
        ["secrets[0] (env:SPACED) has white space or quotes around it"],
    ),
    "another": (
        (BY_HEADER, {"X-Key": "quite another"}),
        "token-mismatch",
        ["the header x-key is not secrets[0] (env:TOKEN), nor nearly so"],
    ),
    "password wrong": (
        (BASIC, {"Authorization": f"Basic {b64('shop:wrong')}"}),
        "credentials-mismatch",
        ["the user is that of secrets[0] (env:PAIR), the password is not"],
    ),
    "no pair configured": (
        ({**BASIC, "secrets": ["env:TOKEN"]}, {"Authorization": f"Basic {b64('shop:wrong')}"}),
        "credentials-mismatch",
        ["secrets[0] (env:TOKEN) has no colon"],
    ),
    "a signature instead": (
        (BY_HEADER, {"X-Duda-Signature": "x"}),
        "token-missing",
        ['the request has the header x-duda-signature: scheme = "duda-hmac"'],
    ),
    "no access token": ((OAUTH, {}), "token-missing", ["there is no Authorization: Bearer …", "POST /oauth/token"]),
    "the client's secret": (
        (OAUTH, {"Authorization": f"Bearer {TOKEN}"}),
        "token-malformed",
        ["this is the client's secret (secrets[0] (env:TOKEN)), not an access token"],
    ),
    "the client by Basic": (
        (OAUTH, {"Authorization": f"Basic {b64(TOKEN)}"}),
        "token-malformed",
        ["Authorization: Basic … (the client's secret)"],
    ),
    "someone else's token": (
        (OAUTH, {"Authorization": "Bearer ey.x"}),
        "token-malformed",
        ["not an access token of Orderlog"],
    ),
    "expired": (
        (OAUTH, {"Authorization": access(1_699_996_400)}),
        "token-stale",
        ["the token expired 1 h before the time of this check (2023-11-14T21:13:20Z)"],
    ),
    "of the next source": (
        (OAUTH, {"Authorization": access(1_700_000_100, "next", "other", OTHER)}),
        "token-invalid",
        ["the token was issued for the source next"],
    ),
    "of a retired secret": (
        (OAUTH, {"Authorization": access(1_700_000_100, secret="retired")}),
        "token-invalid",
        ["under a secret that is not configured any more"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_its_name(name: str) -> None:
    """The verdict is the verifier's own, and the sentence says what to do."""
    request, reason, words = WRONG[name]
    found = verdict(*request)
    assert found.reason == reason
    assert [word for word in words if word not in told(found)] == []


@pytest.mark.parametrize(
    "request_",
    [
        (BEARER, {"Authorization": f"Bearer {TOKEN}"}),
        (BASIC, {"Authorization": f"Basic {b64(PAIR)}"}),
        (BY_HEADER, {"X-Key": TOKEN}),
        (ANYWHERE, {}, "token=s3cret+Token/%C3%A4"),
        (ANYWHERE, {}, "", "/webhooks/shop/s3cret%20Token%2F%C3%A4"),
        (OAUTH, {"Authorization": access(1_700_000_001)}),
    ],
)
def test_what_is_right_is_ok(request_: Sequence[Any]) -> None:
    """In every place that a source can read, the path of the request line among them."""
    found = verdict(*request_)
    assert (found.reason, told(found)) == (None, "")
    assert (found.secret or "").startswith("secrets[0]")


def test_the_secrets_of_other_sources_need_not_be_there() -> None:
    """Who looks into one source on a laptop has its secret and no other."""
    environ = {"TOKEN": TOKEN}
    sources = [
        {"name": "shop", "platform": "duda", "auth": OAUTH},
        {"name": "next", "platform": "duda", "auth": ELSEWHERE},
    ]
    configured = Settings.model_validate({"sources": sources})
    given = Given({"authorization": [access(1_700_000_001)]}, b"{}")
    assert judge(configured.sources[0], configured, environ, given, NOW_S).reason is None
    late = Given({"authorization": [access(1_600_000_000)]}, b"{}")
    assert judge(configured.sources[0], configured, environ, late, NOW_S).reason == "token-stale"


def test_a_source_without_authentication_believes_everyone() -> None:
    """And no secret is named, as there is none."""
    found = verdict({"scheme": "none"}, {})
    assert (found.reason, found.secret) == (None, None)
