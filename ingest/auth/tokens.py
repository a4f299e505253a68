"""Shared secrets that travel with each request: `bearer`, `basic`, `token`. Pure."""

import base64
import binascii
from collections.abc import Sequence

from ingest.auth.compare import any_secret
from ingest.auth.presented import AuthError, Check, Presented

AUTHORIZATION = "authorization"
TOKEN_HEADER = "x-orderlog-token"  # noqa: S105 - a header's name
TOKEN_QUERY = "token"  # noqa: S105 - a parameter's name
CANDIDATES_MAX = 8


def bearer(secrets: Sequence[bytes]) -> Check:
    """`Authorization: Bearer <token>` (RFC 6750)."""

    def check(presented: Presented, now_s: float) -> None:
        if not any_secret(secrets, (bearer_token(presented),)):
            raise AuthError("token-mismatch")

    return check


def bearer_token(presented: Presented) -> str:
    """What `Authorization: Bearer` holds. Raises `AuthError`."""
    return _credentials(presented, "bearer", "token")


def basic(secrets: Sequence[bytes]) -> Check:
    """`Authorization: Basic <base64 of user:password>` (RFC 7617)."""

    def check(presented: Presented, now_s: float) -> None:
        encoded = _credentials(presented, "basic", "credentials")
        try:
            given = base64.b64decode(encoded, validate=True).decode("utf-8", "surrogateescape")
        except (ValueError, binascii.Error):
            raise AuthError("credentials-malformed") from None
        if not any_secret(secrets, (given,)):
            raise AuthError("credentials-mismatch")

    return check


def token(secrets: Sequence[bytes], header: str | None, query: str | None, path: bool) -> Check:
    """A token in each of the named places that is read; one right one is enough."""
    header_name = None if header is None else header.lower()

    def check(presented: Presented, now_s: float) -> None:
        given: list[str] = []
        if path and presented.path_token:
            given.append(presented.path_token)
        if query is not None:
            given += presented.query.get(query, ())
        if header_name is not None:
            given += presented.headers.get(header_name, ())
        given = [text for text in given if text]
        if not given:
            raise AuthError("token-missing")
        if len(given) > CANDIDATES_MAX:
            raise AuthError("token-malformed")
        if not any_secret(secrets, given):
            raise AuthError("token-mismatch")

    return check


def _credentials(presented: Presented, scheme: str, what: str) -> str:
    name, _, rest = presented.one(AUTHORIZATION, what).partition(" ")
    if name.lower() != scheme or not rest.strip():
        raise AuthError(f"{what}-malformed")
    return rest.strip()
