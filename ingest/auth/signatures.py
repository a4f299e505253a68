"""MACs over the body alone: the generic `hmac`, and Apicbase's. Pure."""

import hashlib
import json
from collections.abc import Sequence

from ingest.auth.compare import Encoding, any_mac, decode_mac
from ingest.auth.presented import AuthError, Check, Presented

APICBASE_HEADER = "x-apic-webhook-signature"


def plain_hmac(secrets: Sequence[bytes], header: str, algorithm: str, encoding: Encoding, prefix: str) -> Check:
    """The header holds `prefix` and the MAC of the exact body."""
    name, size = header.lower(), hashlib.new(algorithm, usedforsecurity=False).digest_size

    def check(presented: Presented, now_s: float) -> None:
        text = presented.one(name, "signature")
        if not text.startswith(prefix):
            raise AuthError("signature-malformed")
        mac = decode_mac(text.removeprefix(prefix), encoding, size)
        if not any_mac(secrets, presented.body, algorithm, (mac,)):
            raise AuthError("signature-mismatch")

    return check


def apicbase(secrets: Sequence[bytes]) -> Check:
    """Hex HMAC-SHA256 over the raw body, or over the re-dump that the vendor's own example signs (seed 001)."""

    def check(presented: Presented, now_s: float) -> None:
        mac = decode_mac(presented.one(APICBASE_HEADER, "signature"), "hex", 32)
        if any_mac(secrets, presented.body, "sha256", (mac,)):
            return
        redump = _redump(presented.body)
        if redump is None or not any_mac(secrets, redump, "sha256", (mac,)):
            raise AuthError("signature-mismatch")

    return check


def _redump(body: bytes) -> bytes | None:
    """`json.dumps(json.loads(body))`: ASCII-escaped, `", "` and `": "` between. None where the body is not JSON."""
    try:
        return json.dumps(json.loads(body)).encode()
    except (ValueError, RecursionError):
        return None
