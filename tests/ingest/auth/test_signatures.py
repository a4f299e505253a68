"""Signature schemes: right, wrong, missing, unreadable, old, and two secrets while rotating."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter

from ingest.auth import AuthError, Presented, verifier_of
from streams.settings.auth import SourceAuth

NOW_S = 1_700_000_000.0
BODY = '{"id": "1", "city": "Málaga", "total": "19.99"}'.encode()
ENVIRON = {
    "OLD": "the-old-secret",
    "NEW": "the-new-secret",
    "OLD64": base64.b64encode(b"the-old-secret").decode(),
    "NEW64": base64.b64encode(b"the-new-secret").decode(),
    "WHSEC": "whsec_" + base64.b64encode(b"the-old-secret").decode(),
    "DUDA": "mysecretsecret",
}
Headers = dict[str, Sequence[str]]


def mac(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(key, message, algorithm).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def duda(key: bytes, body: bytes, at_s: float) -> Headers:
    stamp = str(int(at_s * 1000))
    return {
        "x-duda-signature": [b64(mac(key, stamp.encode() + b"." + body))],
        "x-duda-signature-timestamp": [stamp],
    }


def standard(key: bytes, body: bytes, at_s: float) -> Headers:
    stamp = str(int(at_s))
    signed = b"msg_1." + stamp.encode() + b"." + body
    return {
        "webhook-id": ["msg_1"],
        "webhook-timestamp": [stamp],
        "webhook-signature": [f"v1,{b64(mac(key, signed))}"],
    }


def apicbase(key: bytes, body: bytes, at_s: float) -> Headers:
    return {"x-apic-webhook-signature": [mac(key, body).hex()]}


def apicbase_redump(key: bytes, body: bytes, at_s: float) -> Headers:
    return {"x-apic-webhook-signature": [mac(key, json.dumps(json.loads(body)).encode()).hex()]}


def plain_hex(key: bytes, body: bytes, at_s: float) -> Headers:
    return {"x-sig": ["sha256=" + mac(key, body).hex()]}


def plain_base64(key: bytes, body: bytes, at_s: float) -> Headers:
    return {"x-sig": [b64(mac(key, body, "sha512"))]}


Sign = Callable[[bytes, bytes, float], Headers]
BOTH, BOTH64 = ["env:NEW", "env:OLD"], ["env:NEW64", "env:OLD64"]
SCHEMES: Mapping[str, tuple[dict[str, Any], Sign, str]] = {
    "duda": ({"scheme": "duda-hmac", "secrets": BOTH}, duda, "x-duda-signature"),
    "duda-base64": (
        {"scheme": "duda-hmac", "secrets": BOTH64, "key_encoding": "base64"},
        duda,
        "x-duda-signature",
    ),
    "standard-webhooks": ({"scheme": "standard-webhooks", "secrets": BOTH64}, standard, "webhook-signature"),
    "apicbase": ({"scheme": "apicbase-hmac", "secrets": BOTH}, apicbase, "x-apic-webhook-signature"),
    "apicbase-redump": ({"scheme": "apicbase-hmac", "secrets": BOTH}, apicbase_redump, "x-apic-webhook-signature"),
    "hmac-hex": ({"scheme": "hmac", "secrets": BOTH, "header": "X-Sig", "prefix": "sha256="}, plain_hex, "x-sig"),
    "hmac-base64": (
        {"scheme": "hmac", "secrets": BOTH, "header": "X-Sig", "algorithm": "sha512", "encoding": "base64"},
        plain_base64,
        "x-sig",
    ),
}
TIMED = ("duda", "duda-base64", "standard-webhooks")
every_scheme = pytest.mark.parametrize("name", SCHEMES)


def outcome(auth: Mapping[str, Any], headers: Headers, body: bytes = BODY, now_s: float = NOW_S) -> str:
    """`believed`, or the reason of the refusal."""
    scheme: SourceAuth = TypeAdapter(SourceAuth).validate_python(auth)
    try:
        verifier_of(scheme, ENVIRON, "shop").check(Presented(body, headers), now_s)
    except AuthError as error:
        return error.reason
    return "believed"


@every_scheme
@pytest.mark.parametrize("key", [b"the-old-secret", b"the-new-secret"])
def test_either_of_two_secrets_is_believed(name: str, key: bytes) -> None:
    """While a secret is rotated, webhooks under the old and the new one get in."""
    auth, sign, _ = SCHEMES[name]
    assert outcome(auth, sign(key, BODY, NOW_S)) == "believed"


@every_scheme
def test_a_retired_secret_is_refused(name: str) -> None:
    """Once the old secret is out of the configuration, what it signs is not believed any more."""
    auth, sign, _ = SCHEMES[name]
    auth = {**auth, "secrets": auth["secrets"][:1]}
    assert outcome(auth, sign(b"the-old-secret", BODY, NOW_S)) == "signature-mismatch"


@every_scheme
def test_another_body_under_the_same_signature_is_refused(name: str) -> None:
    """A body changed on the way does not get in."""
    auth, sign, _ = SCHEMES[name]
    changed = BODY.replace(b"19.99", b"00.01")
    assert outcome(auth, sign(b"the-new-secret", BODY, NOW_S), changed) == "signature-mismatch"


@every_scheme
def test_a_missing_signature_is_refused(name: str) -> None:
    """No signature is no reason to skip the check."""
    auth, sign, header = SCHEMES[name]
    headers = {key: value for key, value in sign(b"the-new-secret", BODY, NOW_S).items() if key != header}
    assert outcome(auth, headers) == "signature-missing"
    assert outcome(auth, {**headers, header: [""]}) == "signature-missing"


@every_scheme
@pytest.mark.parametrize("text", ["rubbish", "é", "00", "sha256=zz", "v1,AAAA", "v1,", "=" * 44])
def test_an_unreadable_signature_is_refused_by_name(name: str, text: str) -> None:
    """Rubbish in the header is refused as such and raises nothing else."""
    auth, sign, header = SCHEMES[name]
    assert outcome(auth, {**sign(b"the-new-secret", BODY, NOW_S), header: [text]}) == "signature-malformed"


@every_scheme
def test_a_repeated_signature_header_is_refused(name: str) -> None:
    """Two signatures leave open which one a proxy looked at, so neither counts."""
    auth, sign, header = SCHEMES[name]
    headers = sign(b"the-new-secret", BODY, NOW_S)
    assert outcome(auth, {**headers, header: [*headers[header], *headers[header]]}) == "signature-malformed"


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("late_s", [-601.0, 601.0])
def test_an_old_or_future_signature_is_stale(name: str, late_s: float) -> None:
    """A recorded webhook cannot be played again after the tolerance."""
    auth, sign, _ = SCHEMES[name]
    assert outcome(auth, sign(b"the-new-secret", BODY, NOW_S + late_s)) == "signature-stale"


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("late_s", [-299.0, 0.0, 299.0])
def test_a_clock_a_little_off_is_tolerated(name: str, late_s: float) -> None:
    """A sender's clock is never exactly ours."""
    auth, sign, _ = SCHEMES[name]
    assert outcome(auth, sign(b"the-new-secret", BODY, NOW_S + late_s)) == "believed"


@pytest.mark.parametrize("name", TIMED)
def test_a_forged_timestamp_does_not_refresh_a_signature(name: str) -> None:
    """The timestamp is part of what is signed."""
    auth, sign, _ = SCHEMES[name]
    old = sign(b"the-new-secret", BODY, NOW_S - 10_000)
    fresh = {key: value for key, value in sign(b"x", BODY, NOW_S).items() if key.endswith("timestamp")}
    assert outcome(auth, {**old, **fresh}) == "signature-mismatch"


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "nan", "²", "9" * 40, "1570350275357.5"])
@pytest.mark.parametrize("name", TIMED)
def test_a_timestamp_that_is_no_number_is_refused(name: str, stamp: str) -> None:
    """No text in the timestamp header raises anything but a refusal."""
    auth, sign, _ = SCHEMES[name]
    headers = sign(b"the-new-secret", BODY, NOW_S)
    header = next(key for key in headers if key.endswith("timestamp"))
    expected = "signature-malformed" if stamp else "signature-missing"
    assert outcome(auth, {**headers, header: [stamp]}) == expected


def test_dudas_own_example_is_believed() -> None:
    """The vector of the vendor's page (PLATFORMS, Duda): the timestamp is in milliseconds, the secret raw UTF-8."""
    headers: Headers = {
        "x-duda-signature": ["+DCfT1wIMUiaZnlZB4u59/d5wkXKA89lv67Ov66vnyc="],
        "x-duda-signature-timestamp": ["1570350275357"],
    }
    auth = {"scheme": "duda-hmac", "secrets": ["env:DUDA"]}
    assert outcome(auth, headers, b"{'key1':'world','key2':'world'}", 1570350275.0) == "believed"
    assert outcome(auth, headers, b"{'key1':'world','key2':'world'}", 1570350275.0 + 601) == "signature-stale"


def test_the_reference_vector_of_standard_webhooks_is_believed() -> None:
    """The vector in the specification's reference libraries."""
    headers: Headers = {
        "webhook-id": ["msg_p5jXN8AQM9LWM0D4loKWxJek"],
        "webhook-timestamp": ["1614265330"],
        "webhook-signature": ["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    }
    scheme = TypeAdapter(SourceAuth).validate_python({"scheme": "standard-webhooks", "secrets": ["env:S"]})
    verifier = verifier_of(scheme, {"S": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "shop")
    verifier.check(Presented(b'{"test": 2432232314}', headers), 1614265330.0)


def test_one_right_signature_among_several_is_enough() -> None:
    """A sender that rotates its secret signs with both (Standard Webhooks); versions we do not know are passed over."""
    headers = standard(b"the-old-secret", BODY, NOW_S)
    other = standard(b"unknown", BODY, NOW_S)["webhook-signature"][0]
    headers["webhook-signature"] = [f"v1a,AAAA {other} {headers['webhook-signature'][0]}"]
    assert outcome({"scheme": "standard-webhooks", "secrets": ["env:WHSEC"]}, headers) == "believed"


def test_a_flood_of_signatures_is_not_all_tried() -> None:
    """Work per request is bounded."""
    headers = standard(b"the-old-secret", BODY, NOW_S)
    headers["webhook-signature"] = [" ".join([headers["webhook-signature"][0]] * 9)]
    assert outcome({"scheme": "standard-webhooks", "secrets": ["env:WHSEC"]}, headers) == "signature-malformed"


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(json.loads(BODY), separators=(",", ":")).encode(),
        json.dumps(json.loads(BODY), ensure_ascii=False, indent=1).encode(),
        json.dumps(json.loads(BODY), sort_keys=True).encode(),
    ],
)
def test_apicbase_believes_the_raw_body_and_one_redump_only(written: bytes) -> None:
    """Accepting more spellings than the vendor's would accept bodies that nobody signed."""
    auth = SCHEMES["apicbase"][0]
    assert outcome(auth, apicbase(b"the-new-secret", written, NOW_S), BODY) == "signature-mismatch"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"NaN", b'{"a":1,"a":2}', b"\x00"])
def test_apicbase_refuses_what_cannot_be_redumped(body: bytes) -> None:
    """No body makes the re-dump raise."""
    auth = SCHEMES["apicbase"][0]
    assert outcome(auth, apicbase(b"another", body, NOW_S), body) == "signature-mismatch"
    assert outcome(auth, apicbase(b"the-new-secret", body, NOW_S), body) == "believed"


def test_hex_is_read_in_either_case() -> None:
    """Senders disagree on the case of hex digits."""
    auth = {"scheme": "hmac", "secrets": ["env:NEW"], "header": "x-sig"}
    assert outcome(auth, {"x-sig": [mac(b"the-new-secret", BODY).hex().upper()]}) == "believed"


def test_no_reason_tells_the_expected_mac() -> None:
    """What goes back to a stranger holds nothing computed from the secret."""
    for auth, sign, _ in SCHEMES.values():
        right = sign(b"the-new-secret", BODY, NOW_S)
        reason = outcome(auth, sign(b"wrong", BODY, NOW_S))
        assert reason == "signature-mismatch"
        assert all(value not in reason for values in right.values() for value in values)
