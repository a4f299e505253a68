"""Comparing secrets and MACs in constant time. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Literal

from ingest.auth.presented import AuthError

Encoding = Literal["hex", "base64"]


def decode_mac(text: str, encoding: Encoding, size: int) -> bytes:
    """The MAC of `size` bytes that `text` writes. Raises `AuthError("signature-malformed")`."""
    try:
        mac = bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise AuthError("signature-malformed") from None
    if len(mac) != size:
        raise AuthError("signature-malformed")
    return mac


def any_mac(keys: Sequence[bytes], message: bytes, algorithm: str, given: Iterable[bytes]) -> bool:
    """Whether one of the given MACs is that of `message` under one of the keys; every pair is always tried."""
    macs = tuple(given)
    found = False
    for key in keys:
        expected = hmac.digest(key, message, algorithm)
        for mac in macs:
            found |= hmac.compare_digest(expected, mac)
    return found


def any_secret(secrets: Sequence[bytes], given: Iterable[str]) -> bool:
    """Whether one of the given texts is one of the secrets; every pair is always tried, whatever the lengths."""
    hashes = [hashlib.sha256(secret).digest() for secret in secrets]
    found = False
    for text in given:
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        for expected in hashes:
            found |= hmac.compare_digest(expected, digest)
    return found
