"""The client-credentials grant: a form and an `Authorization` header in, a token or an error of RFC 6749 out. Pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from ingest.auth.access_token import issue
from ingest.auth.compare import any_secret
from ingest.oauth.clients import Client

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 20
# Nobody knows it: an unknown client takes the time that a wrong secret takes.
_NOBODY = (b"",)

Form = Mapping[str, str]


class GrantError(Exception):
    """No token. `error` is a code of RFC 6749 section 5.2, `description` tells nothing that the sender has not sent.

    `source`: whose client it is, where that is known.
    """

    def __init__(self, error: str, description: str, source: str | None = None) -> None:
        super().__init__(error)
        self.error, self.description, self.source = error, description, source

    @property
    def status(self) -> int:
        return 401 if self.error == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and whose. `scope` is None where the settings limit none."""

    source: str
    access_token: str
    expires_in_s: int
    scope: str | None


def grant(
    clients: Mapping[str, Client], content_type: str, body: bytes, authorization: Sequence[str], now_s: float
) -> Granted:
    """The answer to one request. Raises `GrantError`."""
    form = read_form(content_type, body)
    client, number = _authenticated(clients, form, authorization)
    if form.get("grant_type") != "client_credentials":
        error = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise GrantError(error, "grant_type must be client_credentials", client.source)
    scope = _scope(client, form.get("scope"))
    expiry_s = int(now_s) + client.token_ttl_s
    token = issue(client.keys[number], client.source, client.client_id, expiry_s)
    return Granted(client.source, token, client.token_ttl_s, scope)


def read_form(content_type: str, body: bytes) -> Form:
    """The parameters; one without a value counts as left out (RFC 6749 section 3.2). Raises `GrantError`."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise GrantError("invalid_request", f"send a form: Content-Type must be {FORM}")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise GrantError("invalid_request", "the form cannot be read, or has too many parameters") from None
    form = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) != len(pairs):
        raise GrantError("invalid_request", "a parameter is repeated")
    return form


def _authenticated(clients: Mapping[str, Client], form: Form, authorization: Sequence[str]) -> tuple[Client, int]:
    """The client, and the place of the secret that it knows."""
    if not authorization:
        offered: Sequence[tuple[str | None, str | None]] = [(form.get("client_id"), form.get("client_secret"))]
    elif len(authorization) > 1 or "client_secret" in form:
        raise GrantError("invalid_request", "send the client's credentials once, in one place")
    else:
        offered = _basic(authorization[0])
        if form.get("client_id") not in (None, *(name for name, _ in offered)):
            raise GrantError("invalid_request", "client_id is not that of the Authorization header")
    return _known(clients, offered)


def _known(clients: Mapping[str, Client], offered: Sequence[tuple[str | None, str | None]]) -> tuple[Client, int]:
    source = None
    for client_id, secret in offered:
        if not client_id or not secret:
            raise GrantError("invalid_client", "client_id or client_secret is missing")
        client = clients.get(client_id)
        source = source if client is None else client.source
        secrets = client.secrets if client is not None else _NOBODY
        right = [any_secret((known,), (secret,)) for known in secrets]
        if client is not None and any(right):
            return client, right.index(True)
    raise GrantError("invalid_client", "the client or its secret is not known", source)


def _basic(value: str) -> list[tuple[str | None, str | None]]:
    """Id and secret as they stand, and decoded as RFC 6749 section 2.3.1 has them written: senders do either."""
    name, _, encoded = value.partition(" ")
    if name.lower() != "basic":
        raise GrantError("invalid_client", "authenticate by HTTP Basic, or in the form")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        raise GrantError("invalid_client", "the Authorization header cannot be read") from None
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise GrantError("invalid_client", "the Authorization header cannot be read")
    return list(dict.fromkeys([(client_id, secret), (unquote_plus(client_id), unquote_plus(secret))]))


def _scope(client: Client, asked: str | None) -> str | None:
    """What is granted: what was asked for, or all that the settings name (RFC 6749 section 3.3)."""
    if client.scope is None:
        return None
    words = dict.fromkeys((asked or "").split())
    if any(word not in client.scope for word in words):
        raise GrantError("invalid_scope", "a scope was asked for that this client may not have", client.source)
    return " ".join(words or client.scope)
