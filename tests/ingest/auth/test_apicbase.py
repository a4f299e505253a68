"""Apicbase's signature over an order with á and é, as the seed signs it: raw, or re-dumped in ASCII; nothing else."""

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from ingest.auth import AuthError, Presented, verifier_of
from streams.settings.auth import SourceAuth
from tests.streams.platforms.samples import payload

SECRET = b"client-secret"
RAW = payload("apicbase", "purchase-order")
Dump = Callable[[Any], bytes]


def seed_sign(message: bytes) -> str:
    """The snippet of the seed: `HMAC(key=…, msg=…, digestmod="sha256").hexdigest()`."""
    return hmac.HMAC(key=SECRET, msg=message, digestmod="sha256").hexdigest()


def said_of(body: bytes, signature: str) -> str:
    auth = TypeAdapter(SourceAuth).validate_python({"scheme": "apicbase-hmac", "secrets": ["env:SECRET"]})
    verifier = verifier_of(auth, {"SECRET": SECRET.decode()}, "apicbase")
    presented = Presented(body, {"x-apic-webhook-signature": [signature]}, {}, None)
    try:
        verifier.check(presented, 0.0)
    except AuthError as error:
        return error.reason
    return "believed"


def test_the_payload_would_show_a_wrong_encoding() -> None:
    """Without letters beyond ASCII, every way to dump an order is nearly the same and this file tests nothing."""
    assert ("é".encode() in RAW, "à".encode() in RAW, RAW.isascii()) == (True, True, False)


def test_a_signature_over_the_raw_bytes_is_believed() -> None:
    """The seed's text: verify with the raw request data."""
    assert said_of(RAW, seed_sign(RAW)) == "believed"


def test_a_signature_over_the_ascii_redump_is_believed() -> None:
    """The seed's snippet signs `json.dumps(request.data)`, which escapes á and é and puts a space after `,` and `:`."""
    assert said_of(RAW, seed_sign(json.dumps(json.loads(RAW)).encode())) == "believed"


def test_a_body_that_is_the_redump_is_believed_by_its_raw_bytes() -> None:
    """Whatever Apicbase sends is signed over one of the two; a body that is both is no special case."""
    redump = json.dumps(json.loads(RAW)).encode()
    assert said_of(redump, seed_sign(redump)) == "believed"


@pytest.mark.parametrize(
    "dump",
    [
        lambda order: json.dumps(order, ensure_ascii=False).encode(),
        lambda order: json.dumps(order, separators=(",", ":")).encode(),
        lambda order: json.dumps(order, sort_keys=True).encode(),
        lambda order: json.dumps(order, indent=1).encode(),
        lambda order: json.dumps(order, ensure_ascii=False).encode("latin-1", "replace"),
        lambda order: json.dumps(order | {"order_number": "another"}).encode(),
        lambda order: RAW + b"\n",
        lambda order: RAW.replace("é".encode(), b"e"),
    ],
)
def test_a_signature_over_anything_else_is_refused(dump: Dump) -> None:
    """Each further spelling that is accepted is one more body that nobody signed."""
    assert said_of(RAW, seed_sign(dump(json.loads(RAW)))) == "signature-mismatch"


def test_a_byte_changed_on_the_way_is_refused() -> None:
    """The quantity of the signed order is not for others to change."""
    assert b'"quantity_ordered":4' in RAW
    forged = RAW.replace(b'"quantity_ordered":4', b'"quantity_ordered":9')
    redump = json.dumps(json.loads(RAW)).encode()
    assert [said_of(forged, seed_sign(signed)) for signed in (RAW, redump)] == ["signature-mismatch"] * 2
