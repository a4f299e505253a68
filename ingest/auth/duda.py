"""Duda: base64 of HMAC-SHA256 over `<timestamp>.<body>`, the timestamp in milliseconds (PLATFORMS, Duda). Pure."""

from collections.abc import Sequence

from ingest.auth.compare import any_mac, decode_mac
from ingest.auth.presented import AuthError, Check, Presented

SIGNATURE = "x-duda-signature"
TIMESTAMP = "x-duda-signature-timestamp"
TIMESTAMP_DIGITS_MAX = 15


def duda(keys: Sequence[bytes], tolerance_s: float) -> Check:
    """`signature-stale` is said of authentic signatures only: who cannot sign learns nothing about the clock."""

    def check(presented: Presented, now_s: float) -> None:
        mac = decode_mac(presented.one(SIGNATURE, "signature"), "base64", 32)
        timestamp = presented.one(TIMESTAMP, "signature")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS_MAX):
            raise AuthError("signature-malformed")
        if not any_mac(keys, timestamp.encode() + b"." + presented.body, "sha256", (mac,)):
            raise AuthError("signature-mismatch")
        if abs(now_s - int(timestamp) / 1000) > tolerance_s:
            raise AuthError("signature-stale")

    return check
