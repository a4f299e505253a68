"""What a platform adds to a request so that ingest believes it; and what forgers add. Pure."""

import hashlib
from collections.abc import Mapping

from streams.demo.platforms import PLATFORMS
from streams.demo.webhook import Kind, Signed, Webhook


def sign(webhook: Webhook, secrets: Mapping[str, bytes], now_ms: int) -> Signed:
    """The proof of one request. `secrets`: source → its secret; a forged webhook is signed with another one."""
    request, plain = webhook.request, {"content-type": webhook.request.content_type}
    if webhook.kind is Kind.UNSIGNED:
        return Signed(plain)
    secret = secrets[webhook.source]
    if webhook.kind is Kind.FORGED:
        secret = hashlib.sha256(secret).hexdigest().encode()
    signed = PLATFORMS[webhook.source].sign(request, secret, now_ms)
    return Signed({**plain, **signed.headers}, signed.query)
