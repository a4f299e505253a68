"""Shared secrets that travel: bearer, basic, token; and the secrets that are not there."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter

from ingest.auth import AuthError, Presented, Verifier, verifier_of
from streams.settings import SettingsError
from streams.settings.auth import SourceAuth

ENVIRON = {"OLD": "the-old-token", "NEW": "the-new-tökén", "USER": "shop:pass:word"}
BOTH = ["env:NEW", "env:OLD"]


def verifier(auth: Mapping[str, Any]) -> Verifier:
    scheme: SourceAuth = TypeAdapter(SourceAuth).validate_python(auth)
    return verifier_of(scheme, ENVIRON, "shop")


def outcome(
    auth: Mapping[str, Any],
    headers: Mapping[str, Sequence[str]] | None = None,
    query: Mapping[str, Sequence[str]] | None = None,
    path_token: str | None = None,
) -> str:
    """`believed`, or the reason of the refusal."""
    try:
        verifier(auth).check(Presented(b"", headers or {}, query or {}, path_token), 0.0)
    except AuthError as error:
        return error.reason
    return "believed"


def basic(credentials: str) -> dict[str, list[str]]:
    return {"authorization": ["Basic " + base64.b64encode(credentials.encode()).decode()]}


BEARER = {"scheme": "bearer", "secrets": BOTH}
BASIC = {"scheme": "basic", "secrets": ["env:USER"]}
ANYWHERE = {"scheme": "token", "secrets": BOTH}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Bearer the-old-token"], "believed"),
        (["bearer the-new-tökén"], "believed"),
        (["Bearer the-old-toke"], "token-mismatch"),
        (["Bearer the-old-token "], "believed"),
        (["Bearer"], "token-malformed"),
        (["Basic the-old-token"], "token-malformed"),
        (["the-old-token"], "token-malformed"),
        (["Bearer the-old-token", "Bearer x"], "token-malformed"),
        ([], "token-missing"),
    ],
)
def test_bearer_believes_either_secret_and_nothing_else(values: list[str], expected: str) -> None:
    """`Authorization: Bearer` of RFC 6750."""
    assert outcome(BEARER, {"authorization": values} if values else {}) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (basic("shop:pass:word"), "believed"),
        (basic("shop:pass"), "credentials-mismatch"),
        (basic(":"), "credentials-mismatch"),
        ({"authorization": ["Basic !!"]}, "credentials-malformed"),
        ({"authorization": ["Basic é"]}, "credentials-malformed"),
        ({"authorization": ["Bearer x"]}, "credentials-malformed"),
        ({}, "credentials-missing"),
    ],
)
def test_basic_believes_the_whole_pair_only(headers: Mapping[str, Sequence[str]], expected: str) -> None:
    """User and password are one secret; a colon in the password is part of it."""
    assert outcome(BASIC, headers) == expected


@pytest.mark.parametrize("token", ["the-old-token", "the-new-tökén"])
def test_a_token_without_a_place_is_taken_from_any(token: str) -> None:
    """Path, query or header: wherever the platform lets its user put it."""
    assert outcome(ANYWHERE, path_token=token) == "believed"
    assert outcome(ANYWHERE, query={"token": [token]}) == "believed"
    assert outcome(ANYWHERE, headers={"x-orderlog-token": [token]}) == "believed"


def test_a_wrong_missing_or_empty_token_is_refused() -> None:
    """Absent and empty are the same: nothing was presented."""
    assert outcome(ANYWHERE) == "token-missing"
    assert outcome(ANYWHERE, path_token="", query={"token": [""]}) == "token-missing"
    assert outcome(ANYWHERE, path_token="the-old-tokem") == "token-mismatch"
    assert outcome(ANYWHERE, query={"token": ["x"] * 9}) == "token-malformed"


@pytest.mark.parametrize("place", [{"header": "X-Key"}, {"query": "key"}, {"path": True}])
def test_a_token_with_a_place_is_taken_from_there_only(place: Mapping[str, Any]) -> None:
    """A configured place closes the others."""
    auth = {"scheme": "token", "secrets": BOTH, **place}
    right = "the-old-token"
    assert outcome(auth, {"x-key": [right]}) == ("believed" if "header" in place else "token-missing")
    assert outcome(auth, query={"key": [right]}) == ("believed" if "query" in place else "token-missing")
    assert outcome(auth, path_token=right) == ("believed" if "path" in place else "token-missing")
    assert outcome(auth, {"x-orderlog-token": [right]}, {"token": [right]}) == "token-missing"


def test_a_verifier_names_every_place_of_its_credentials() -> None:
    """What the record leaves out is decided here, next to what is read."""
    assert verifier(BEARER).credential_headers == {"authorization"}
    assert verifier({**ANYWHERE, "header": "X-Key"}).credential_headers == {"x-key"}
    assert verifier({**ANYWHERE, "query": "key"}).credential_query == {"key"}
    assert verifier(ANYWHERE).reads_path
    assert not verifier({**ANYWHERE, "query": "key"}).reads_path


def test_a_verifier_does_not_show_its_secrets() -> None:
    """A verifier in a log line or a traceback gives nothing away."""
    assert "the-old-token" not in repr(verifier(ANYWHERE))


@pytest.mark.parametrize(
    ("auth", "named"),
    [
        ({"scheme": "bearer", "secrets": ["env:NOT_SET"]}, "env:NOT_SET"),
        ({"scheme": "token", "secrets": ["env:OLD", "file:not/there"]}, "file:not/there"),
        ({"scheme": "standard-webhooks", "secrets": ["env:NEW"]}, "env:NEW"),
        ({"scheme": "duda-hmac", "secrets": ["env:NEW"], "key_encoding": "base64"}, "env:NEW"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_and_nothing_starts(auth: Mapping[str, Any], named: str) -> None:
    """Failing closed: without its secret a source is not served at all, and the message shows no value."""
    with pytest.raises(SettingsError, match=named) as raised:
        verifier(auth)
    assert ENVIRON["NEW"] not in str(raised.value)
