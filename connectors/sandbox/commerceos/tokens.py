"""Who may ask: a fixed Bearer token, or tokens of the client-credentials grant, which live briefly and have scopes."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

FIELDS_MAX = 20
SCOPES = frozenset(
    f"{verb}:{thing}" for verb in ("read", "write") for thing in ("orders", "payments", "shipments", "webhooks")
)
TOKENS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Client:
    """Who may fetch tokens. `fixed_token`: a Bearer token that is always good, for every scope."""

    client_id: str = "sandbox-client"
    client_secret: str | None = None
    fixed_token: str | None = None
    token_ttl_s: float = 60.0
    scopes: frozenset[str] = SCOPES


class GrantError(Exception):
    """`status`, and a code of RFC 6749 section 5.2 as its text."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status


class Tokens:
    """Times in monotonic seconds."""

    def __init__(self, client: Client) -> None:
        self.client, self.given = client, 0
        self._good: dict[str, tuple[float, frozenset[str]]] = {}

    def grant(self, body: bytes, authorization: str, now: float) -> Mapping[str, object]:
        """The answer to a request for a token. Raises `GrantError`."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=FIELDS_MAX))
        offered = _basic(authorization) if authorization else (form.get("client_id"), form.get("client_secret"))
        if not self._is_client(*offered):
            raise GrantError(401, "invalid_client")
        if form.get("grant_type") != "client_credentials":
            raise GrantError(400, "unsupported_grant_type")
        scopes = frozenset(form.get("scope", "").split()) or self.client.scopes
        if not scopes <= self.client.scopes:
            raise GrantError(400, "invalid_scope")
        return self._issue(scopes, now)

    def scopes_of(self, authorization: str, now: float) -> frozenset[str] | None:
        """What the header's token may do; None where it is none, or its time is over."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        fixed = self.client.fixed_token
        if fixed is not None and _same(token, fixed):
            return SCOPES
        until, scopes = self._good.get(token, (now, frozenset()))
        return scopes if until > now else None

    def expire(self) -> None:
        """Every token that was fetched ends now, whatever was promised."""
        self._good.clear()

    def _is_client(self, id: str | None, secret: str | None) -> bool:
        known = self.client.client_secret
        return known is not None and _same(id or "", self.client.client_id) and _same(secret or "", known)

    def _issue(self, scopes: frozenset[str], now: float) -> Mapping[str, object]:
        self._good = {token: each for token, each in list(self._good.items())[-TOKENS_MAX:] if each[0] > now}
        token = secrets.token_urlsafe(24)
        self._good[token] = (now + self.client.token_ttl_s, scopes)
        self.given += 1
        ttl_s = self.client.token_ttl_s
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(ttl_s) if ttl_s == int(ttl_s) else ttl_s,
            "scope": " ".join(sorted(scopes)),
        }


def _basic(authorization: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (unquote_plus(name), unquote_plus(secret)) if scheme.lower() == "basic" else (None, None)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())
