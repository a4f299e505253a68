"""What a platform adds to a body so that ingest believes it (PLATFORMS, Duda and Selldone). Pure."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from streams.demo.webhook import DUDA, Kind, Webhook

TOKEN_HEADER = "X-Selldone-Token"  # noqa: S105 - a header's name


def headers(webhook: Webhook, secrets: Mapping[str, bytes], now_ms: int) -> dict[str, str]:
    """The headers of one request. `secrets`: source → its secret; a forged webhook is signed with another one."""
    plain = {"content-type": "application/json"}
    if webhook.kind is Kind.UNSIGNED:
        return plain
    secret = secrets[webhook.source]
    if webhook.kind is Kind.FORGED:
        secret = hashlib.sha256(secret).hexdigest().encode()
    if webhook.source == DUDA:
        timestamp = str(now_ms)
        return plain | {
            "x-duda-signature-timestamp": timestamp,
            "x-duda-signature": duda(webhook.body, timestamp, secret),
        }
    return plain | {TOKEN_HEADER: secret.decode()}


def duda(body: bytes, timestamp: str, secret: bytes) -> str:
    """base64 of HMAC-SHA256 over `<timestamp>.<body>`; the timestamp in milliseconds."""
    digest = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
