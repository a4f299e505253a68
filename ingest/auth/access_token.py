"""Access tokens that nobody has to remember: `<expiry>.<MAC>`, verifiable by every process that knows the secret. Pure.

The MAC is over the source, the client and the expiry (seconds since the epoch), under a key that is derived from the
client's secret: a token opens one source until one moment, before and after any restart. Taking the secret out of the
configuration revokes what was issued under it.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

from ingest.auth.compare import any_mac
from ingest.auth.presented import AuthError, Check, Presented
from ingest.auth.tokens import bearer_token

_LABEL = b"orderlog access token 1"
_MAC_BYTES = 32
_MAC_CHARS = 43
EXPIRY_DIGITS_MAX = 12


def signing_keys(secrets: Sequence[bytes]) -> tuple[bytes, ...]:
    """One key for each secret. The secret itself signs nothing."""
    return tuple(hmac.digest(secret, _LABEL, "sha256") for secret in secrets)


def issue(key: bytes, source: str, client_id: str, expiry_s: int) -> str:
    """A token that is good until `expiry_s`."""
    mac = hmac.digest(key, _signed(source, client_id, str(expiry_s)), "sha256")
    return f"{expiry_s}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def oauth2(secrets: Sequence[bytes], source: str, client_id: str) -> Check:
    """`Authorization: Bearer` with a token that was issued for this source and has not expired.

    `token-stale` is said of authentic tokens only.
    """
    keys = signing_keys(secrets)

    def check(presented: Presented, now_s: float) -> None:
        expiry, mac = parse(bearer_token(presented))
        if not any_mac(keys, _signed(source, client_id, expiry), "sha256", (mac,)):
            raise AuthError("token-invalid")
        if now_s >= int(expiry):
            raise AuthError("token-stale")

    return check


def parse(token: str) -> tuple[str, bytes]:
    """Expiry and MAC as the token says. Raises `AuthError("token-malformed")`."""
    expiry, _, encoded = token.partition(".")
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) <= EXPIRY_DIGITS_MAX and len(encoded) == _MAC_CHARS):
        raise AuthError("token-malformed")
    try:
        mac = base64.b64decode(f"{encoded}=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise AuthError("token-malformed") from None
    if len(mac) != _MAC_BYTES:
        raise AuthError("token-malformed")
    return expiry, mac


def _signed(source: str, client_id: str, expiry: str) -> bytes:
    """No part can run into the next: a source's name and an expiry hold no line break."""
    return f"{source}\n{expiry}\n{client_id}".encode("utf-8", "surrogatepass")
