"""Tokens in a topic that many may read: sealed with keys derived from the client secret, which the topic never holds.

Fernet (AES-128-CBC and HMAC-SHA256) under HKDF-SHA256 of the secret. Whoever has the secret needs no token of ours.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SEALING, _MARKING = b"orderlog poll tokens: seal", b"orderlog poll tokens: mark"


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a token endpoint gave. `until`: when the access token ends (UTC)."""

    access: str
    until: datetime
    refresh: str


class Seal:
    """`secret`: the client secret."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(urlsafe_b64encode(_derived(secret, _SEALING)))
        self._marking = _derived(secret, _MARKING)

    def close(self, tokens: Tokens) -> str:
        """The tokens as text for a record; a different one every time."""
        content = orjson.dumps({"access": tokens.access, "until": tokens.until, "refresh": tokens.refresh})
        return self._fernet.encrypt(content).decode()

    def open(self, sealed: str) -> Tokens | None:
        """None where it was sealed with another secret, or is no seal."""
        try:
            content = orjson.loads(self._fernet.decrypt(sealed.encode()))
            return Tokens(content["access"], datetime.fromisoformat(content["until"]), content["refresh"])
        except (InvalidToken, ValueError, KeyError, TypeError):
            return None

    def mark(self, token: str) -> str:
        """What tells one token from another and says nothing of either."""
        return hmac.digest(self._marking, token.encode(), sha256).hex()[:32]


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
