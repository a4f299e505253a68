"""From a source's `auth` in the configuration, and its secrets, to its verifier."""

import base64
import binascii
from collections.abc import Mapping, Sequence

from ingest.auth import access_token, duda, signatures, standard_webhooks, tokens
from ingest.auth.presented import Presented, Verifier
from streams.settings import auth as schemes
from streams.settings.errors import Mistake, SettingsError
from streams.settings.secrets import resolve

BEARER = 'Bearer realm="webhooks"'
BASIC = 'Basic realm="webhooks", charset="UTF-8"'
AUTHORIZATION = frozenset((tokens.AUTHORIZATION,))


def verifier_of(auth: schemes.SourceAuth, environ: Mapping[str, str], source: str) -> Verifier:
    """The check of this scheme, its secrets looked up now, so that a missing one is found at the start.

    `source`: the name of the one it guards; an access token opens no other.
    Raises `SettingsError`, which names the reference of a secret that is not there or cannot be a key.
    """
    match auth:
        case schemes.NoAuth():
            return Verifier(_anyone)
        case schemes.ApicbaseHmac():
            return Verifier(signatures.apicbase(_plain(auth.secrets, environ)))
        case schemes.DudaHmac():
            keys = (_base64 if auth.key_encoding == "base64" else _plain)(auth.secrets, environ)
            return Verifier(duda.duda(keys, auth.tolerance_s))
        case schemes.StandardWebhooks():
            keys = _base64(auth.secrets, environ, standard_webhooks.SECRET_PREFIX)
            check = standard_webhooks.standard_webhooks(keys, auth.tolerance_s)
            return Verifier(check, message_id=standard_webhooks.ID)
        case schemes.Hmac():
            keys = _plain(auth.secrets, environ)
            return Verifier(signatures.plain_hmac(keys, auth.header, auth.algorithm, auth.encoding, auth.prefix))
        case schemes.Bearer():
            secrets = _plain(auth.secrets, environ)
            return Verifier(tokens.bearer(secrets), AUTHORIZATION, travelling=_texts(secrets), challenge=BEARER)
        case schemes.Basic():
            secrets = _plain(auth.secrets, environ)
            return Verifier(tokens.basic(secrets), AUTHORIZATION, travelling=_texts(secrets), challenge=BASIC)
        case schemes.OAuth2():
            check = access_token.oauth2(_plain(auth.secrets, environ), source, auth.client_id)
            return Verifier(check, AUTHORIZATION, challenge=BEARER)
        case schemes.Token():
            return _token(auth, environ)


def _anyone(presented: Presented, now_s: float) -> None:
    """`none`: everyone is believed (the settings refuse it off loopback unless it is asked for twice)."""


def _token(auth: schemes.Token, environ: Mapping[str, str]) -> Verifier:
    header, query, path = auth.header, auth.query, auth.path
    if header is None and query is None and not path:
        header, query, path = tokens.TOKEN_HEADER, tokens.TOKEN_QUERY, True
    secrets = _plain(auth.secrets, environ)
    return Verifier(
        tokens.token(secrets, header, query, path),
        credential_headers=frozenset(() if header is None else (header.lower(),)),
        credential_query=frozenset(() if query is None else (query,)),
        reads_path=path,
        travelling=_texts(secrets),
    )


def _texts(secrets: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(secret.decode("utf-8", "backslashreplace") for secret in secrets)


def _plain(refs: Sequence[str], environ: Mapping[str, str]) -> tuple[bytes, ...]:
    return tuple(resolve(ref, environ) for ref in refs)


def _base64(refs: Sequence[str], environ: Mapping[str, str], prefix: bytes = b"") -> tuple[bytes, ...]:
    return tuple(_decoded(ref, resolve(ref, environ).removeprefix(prefix)) for ref in refs)


def _decoded(ref: str, secret: bytes) -> bytes:
    try:
        key = base64.b64decode(secret, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not key:
        raise SettingsError([Mistake("", ref, "the secret is not base64", "paste it whole, as the platform shows it")])
    return key
