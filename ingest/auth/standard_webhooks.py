"""Standard Webhooks 1.0: HMAC-SHA256 over `<id>.<timestamp>.<body>`, written `v1,<base64>`. Pure."""

from collections.abc import Sequence

from ingest.auth.compare import any_mac, decode_mac
from ingest.auth.presented import AuthError, Check, Presented

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_PREFIX = b"whsec_"
SIGNATURES_MAX = 8
TIMESTAMP_DIGITS_MAX = 12


def standard_webhooks(keys: Sequence[bytes], tolerance_s: float) -> Check:
    """Any of the `v1` signatures under any of the keys will do: senders rotate too. Other versions are passed over."""

    def check(presented: Presented, now_s: float) -> None:
        identifier = presented.one(ID, "signature")
        timestamp = presented.one(TIMESTAMP, "signature")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS_MAX):
            raise AuthError("signature-malformed")
        macs = _v1(presented.one(SIGNATURE, "signature"))
        signed = b".".join((identifier.encode("utf-8", "surrogateescape"), timestamp.encode(), presented.body))
        if not any_mac(keys, signed, "sha256", macs):
            raise AuthError("signature-mismatch")
        if abs(now_s - int(timestamp)) > tolerance_s:
            raise AuthError("signature-stale")

    return check


def _v1(text: str) -> list[bytes]:
    parts = text.split(" ")
    encoded = [part.removeprefix("v1,") for part in parts if part.startswith("v1,")]
    if not encoded or len(parts) > SIGNATURES_MAX:
        raise AuthError("signature-malformed")
    return [decode_mac(mac, "base64", 32) for mac in encoded]
