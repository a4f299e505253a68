"""One case for each auth scheme: how a platform's own example travels under it, and what becomes of it otherwise."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.auth import Presented
from ingest.auth.access_token import issue, signing_keys
from tests.kafka import unique_name

PAYLOADS = Path(__file__).parents[2] / "payloads"
# An access token is for one source, by its name.
SOURCE, CLIENT = unique_name("shop"), "com.acme.client"
TTL_S = 3600

SECRETS: Mapping[str, str] = {"OLD": "user:the-old-secret", "NEW": "user:the-new-secret", "OTHER": "user:nobody's"}
# What the settings hold where they want a key in base64.
ENVIRON = {**SECRETS, **{f"{name}64": base64.b64encode(value.encode()).decode() for name, value in SECRETS.items()}}
BOTH, BOTH64 = ("env:NEW", "env:OLD"), ("env:NEW64", "env:OLD64")

# (secret, body, the sender's time) → what it sends
Sign = Callable[[str, bytes, float], Presented]

BELIEVED = "believed"


@dataclass(frozen=True)
class Case:
    """`proof`: the header, query parameter or `path` that has it. `elsewise`: the same proof in another encoding.

    `words`: what becomes of each situation. `tolerance_s`: how old the request may be, where it has a time at all.
    """

    auth: Mapping[str, Any]
    payload: str
    sign: Sign
    proof: str
    elsewise: Callable[[str], str]
    words: Mapping[str, str]
    tolerance_s: float = 1_000_000
    method: str = "POST"

    @property
    def body(self) -> bytes:
        """The seed's example, byte for byte; of a ping nothing."""
        return (PAYLOADS / self.payload).read_bytes() if self.payload else b""

    def edited(self, presented: Presented, edit: Callable[[Sequence[str]], Sequence[str]]) -> Presented:
        """With other values of the proof, wherever it travels."""
        if self.proof == "path":
            values = edit([presented.path_token or ""])
            return replace(presented, path_token=values[-1] if values else None)
        by_header = self.proof in presented.headers
        fields = {**(presented.headers if by_header else presented.query)}
        fields[self.proof] = edit(fields[self.proof])
        kept = {name: values for name, values in fields.items() if values}
        return replace(presented, headers=kept) if by_header else replace(presented, query=kept)


def mac(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), message, algorithm).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def hexed(text: str) -> str:
    """base64 → hex, whatever stands before it."""
    before, comma, encoded = text.rpartition(",")
    return before + comma + base64.b64decode(encoded).hex()


def unhexed(text: str) -> str:
    """hex → base64, whatever stands before it."""
    before, equals, encoded = text.rpartition("=")
    return before + equals + b64(bytes.fromhex(encoded))


def duda(secret: str, body: bytes, at_s: float) -> Presented:
    stamp = str(int(at_s * 1000))
    signature = b64(mac(secret, stamp.encode() + b"." + body))
    return Presented(body, {"x-duda-signature": [signature], "x-duda-signature-timestamp": [stamp]})


def standard(secret: str, body: bytes, at_s: float) -> Presented:
    stamp = str(int(at_s))
    signature = "v1," + b64(mac(secret, f"msg_1.{stamp}.".encode() + body))
    headers = {"webhook-id": ["msg_1"], "webhook-timestamp": [stamp], "webhook-signature": [signature]}
    return Presented(body, headers)


def apicbase(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"x-apic-webhook-signature": [mac(secret, body).hex()]})


def apicbase_redump(secret: str, body: bytes, at_s: float) -> Presented:
    """As the vendor's own example signs (seed 001)."""
    return Presented(body, {"x-apic-webhook-signature": [mac(secret, json.dumps(json.loads(body)).encode()).hex()]})


def plain_hex(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"x-sig": ["sha256=" + mac(secret, body).hex()]})


def plain_base64(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"x-sig": [b64(mac(secret, body, "sha512"))]})


def bearer(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"authorization": [f"Bearer {secret}"]})


def basic(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"authorization": [f"Basic {b64(secret.encode())}"]})


def oauth2(secret: str, body: bytes, at_s: float) -> Presented:
    """A token that was issued when the sender sent."""
    token = issue(signing_keys([secret.encode()])[0], SOURCE, CLIENT, int(at_s) + TTL_S)
    return Presented(body, {"authorization": [f"Bearer {token}"]})


def by_header(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {"x-key": [secret]})


def by_query(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {}, {"event_type": ["order.new"], "order_id": ["1"], "token": [secret]})


def by_path(secret: str, body: bytes, at_s: float) -> Presented:
    return Presented(body, {}, {}, secret)


# Of a signature: a repeated header leaves open which one a proxy looked at; its body is part of it.
SIGNATURE = {
    "missing": "signature-missing",
    "empty": "signature-missing",
    "rubbish": "signature-malformed",
    "other encoding": "signature-malformed",
    "repeated": "signature-malformed",
    "other secret": "signature-mismatch",
    "other body": "signature-mismatch",
    "old": BELIEVED,
    "future": BELIEVED,
}
TIMED = {**SIGNATURE, "old": "signature-stale", "future": "signature-stale"}
# Of what travels: it says nothing of the body, and has no time.
BEARER = {
    "missing": "token-missing",
    "empty": "token-missing",
    "rubbish": "token-malformed",
    "other encoding": "token-mismatch",
    "repeated": "token-malformed",
    "other secret": "token-mismatch",
    "other body": BELIEVED,
    "old": BELIEVED,
    "future": BELIEVED,
}
BASIC = {
    **BEARER,
    "missing": "credentials-missing",
    "empty": "credentials-missing",
    "rubbish": "credentials-malformed",
    "other encoding": "credentials-malformed",
    "repeated": "credentials-malformed",
    "other secret": "credentials-mismatch",
}
# One right token is enough, wherever it stands and how often.
TOKEN = {**BEARER, "rubbish": "token-mismatch", "repeated": BELIEVED}
# It has an end and no beginning.
ACCESS = {**BEARER, "other encoding": "token-malformed", "other secret": "token-invalid", "old": "token-stale"}


def in_base64(text: str) -> str:
    """A token that somebody encoded, behind whatever word stands before it."""
    before, space, token = text.rpartition(" ")
    return before + space + b64(token.encode())


def decoded(text: str) -> str:
    """Basic without its base64."""
    return "Basic " + base64.b64decode(text.removeprefix("Basic ")).decode()


def with_hex_mac(text: str) -> str:
    before, dot, encoded = text.rpartition(".")
    return before + dot + base64.urlsafe_b64decode(encoded + "=").hex()


DUDA: Mapping[str, Any] = {"scheme": "duda-hmac", "secrets": BOTH}
APICBASE: Mapping[str, Any] = {"scheme": "apicbase-hmac", "secrets": BOTH}
HEX: Mapping[str, Any] = {"scheme": "hmac", "secrets": BOTH, "header": "X-Sig", "prefix": "sha256="}
SHA512: Mapping[str, Any] = {
    "scheme": "hmac",
    "secrets": BOTH,
    "header": "X-Sig",
    "algorithm": "sha512",
    "encoding": "base64",
}
PURCHASE, STATUS = "apicbase/purchase-order.json", "commerceos/order-status.json"
TOKENS: Mapping[str, Any] = {"scheme": "token", "secrets": BOTH}

CASES: Mapping[str, Case] = {
    "apicbase": Case(APICBASE, PURCHASE, apicbase, "x-apic-webhook-signature", unhexed, SIGNATURE),
    "apicbase-redump": Case(APICBASE, PURCHASE, apicbase_redump, "x-apic-webhook-signature", unhexed, SIGNATURE),
    "duda-created": Case(DUDA, "duda/order-created.json", duda, "x-duda-signature", hexed, TIMED, 600),
    "duda-updated": Case(DUDA, "duda/order-status-updated.json", duda, "x-duda-signature", hexed, TIMED, 600),
    "duda-base64-key": Case(
        {**DUDA, "secrets": BOTH64, "key_encoding": "base64", "tolerance_s": 60},
        "duda/order-deleted.json",
        duda,
        "x-duda-signature",
        hexed,
        TIMED,
        60,
    ),
    "standard-webhooks": Case(
        {"scheme": "standard-webhooks", "secrets": BOTH64},
        "mapping/order-paid.json",
        standard,
        "webhook-signature",
        hexed,
        TIMED,
        300,
    ),
    "hmac-hex": Case(HEX, "mapping/order-paid.json", plain_hex, "x-sig", unhexed, SIGNATURE),
    "hmac-base64": Case(SHA512, "mapping/order-paid.json", plain_base64, "x-sig", hexed, SIGNATURE),
    "bearer": Case({"scheme": "bearer", "secrets": BOTH}, STATUS, bearer, "authorization", in_base64, BEARER),
    "basic": Case(
        {"scheme": "basic", "secrets": BOTH},
        "external-system/order-shipped.json",
        basic,
        "authorization",
        decoded,
        BASIC,
    ),
    "oauth2": Case(
        {"scheme": "oauth2", "client_id": CLIENT, "secrets": BOTH},
        "commerceos/shipment-completed.json",
        oauth2,
        "authorization",
        with_hex_mac,
        ACCESS,
        TTL_S,
    ),
    "token-header": Case(
        {**TOKENS, "header": "X-Key"}, "selldone/checkout-order.json", by_header, "x-key", in_base64, TOKEN
    ),
    "token-query": Case({**TOKENS, "query": "token"}, "", by_query, "token", in_base64, TOKEN, method="GET"),
    "token-path": Case({**TOKENS, "path": True}, "selldone/payment-order.json", by_path, "path", in_base64, TOKEN),
}
