"""Each way in which a signature goes wrong is told by its name, and neither the secret nor the right MAC ever is."""

import base64
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.verify import show
from ingest.verify.given import Given
from ingest.verify.spellings import BOM, spellings
from ingest.verify.verdict import Verdict, judge
from streams.settings import Settings

NOW_S = 1_700_000_000.0
PAYLOAD = (Path(__file__).parents[2] / "payloads" / "duda" / "order-created.json").read_bytes()
BODY = '{"id": 1, "city": "Málaga", "url": "a/b", "total": 19.90}'.encode()
SECRET, NEXT = "the first secret of all", "the second secret"
KEY64 = base64.b64encode(SECRET.encode()).decode()
ENVIRON = {
    "OLD": SECRET,
    "NEW": NEXT,
    "OLD64": KEY64,
    "WHSEC": f"whsec_{KEY64}",
    "SPACED": f" {SECRET}\n",
    "QUOTED": f'"{SECRET}"',
    "HEX": SECRET.encode().hex(),
}
HMAC = {"scheme": "hmac", "header": "X-Sig", "secrets": ["env:OLD", "env:NEW"]}
DUDA = {"scheme": "duda-hmac", "secrets": ["env:OLD", "env:NEW"]}
DUDA64 = {"scheme": "duda-hmac", "secrets": ["env:OLD64"]}
APICBASE = {"scheme": "apicbase-hmac", "secrets": ["env:OLD"]}
STANDARD = {"scheme": "standard-webhooks", "secrets": ["env:WHSEC"]}


def verdict(auth: Mapping[str, Any], headers: Mapping[str, str], body: bytes = BODY, at_s: float = NOW_S) -> Verdict:
    """The verdict on one request to a source with this auth."""
    source = {"name": "shop", "platform": "duda", "auth": auth}
    configured = Settings.model_validate({"sources": [source]})
    fields = {name.lower(): [value] for name, value in headers.items()}
    given_ = Given(fields, body)
    found = judge(configured.sources[0], configured, ENVIRON, given_, at_s)
    printed = "\n".join(show.lines(configured.sources[0], given_, found, at_s))
    assert [secret for secret in ENVIRON.values() if secret.strip() in printed] == []
    assert [value for value in headers.values() if len(value) > 20 and value in printed] == []
    return found


def told(found: Verdict) -> str:
    return "\n".join(f"{finding.why} | {finding.do}" for finding in found.findings)


def mac(message: bytes, key: bytes = SECRET.encode(), algorithm: str = "sha256") -> bytes:
    return hmac.new(key, message, algorithm).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def duda(body: bytes = BODY, key: bytes = SECRET.encode(), stamp: str = "1700000000000") -> dict[str, str]:
    signed = b64(mac(stamp.encode() + b"." + body, key))
    return {"X-Duda-Signature": signed, "X-Duda-Signature-Timestamp": stamp}


def standard(body: bytes = BODY, key: bytes = SECRET.encode(), stamp: str = "1700000000") -> dict[str, str]:
    signed = b64(mac(b"msg_1." + stamp.encode() + b"." + body, key))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signed}"}


def loads(body: bytes) -> Any:
    return json.loads(body)


WRONG: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str], str, str]] = {
    "no signature": (HMAC, {}, "signature-missing", "the header x-sig is missing"),
    "empty signature": (HMAC, {"X-Sig": ""}, "signature-missing", "the header x-sig is empty"),
    "no timestamp": (
        DUDA,
        {"X-Duda-Signature": duda()["X-Duda-Signature"]},
        "signature-missing",
        "the header x-duda-signature-timestamp is missing",
    ),
    "rubbish": (HMAC, {"X-Sig": "rubbish!"}, "signature-malformed", "cannot be read as a signature at all"),
    "base64 for hex": (
        HMAC,
        {"X-Sig": b64(mac(BODY))},
        "signature-malformed",
        'is written in base64, and hex is expected | set encoding = "base64"',
    ),
    "hex for base64": (
        DUDA,
        duda() | {"X-Duda-Signature": mac(b"1700000000000." + BODY).hex()},
        "signature-malformed",
        "is written in hex, and base64 is expected",
    ),
    "base64url": (
        {**HMAC, "encoding": "base64"},
        {"X-Sig": base64.urlsafe_b64encode(mac(b"4")).decode()},
        "signature-malformed",
        "looks like base64url of SHA256; base64 of HMAC-SHA256 is expected",
    ),
    "a prefix": (
        HMAC,
        {"X-Sig": "sha256=" + mac(BODY).hex()},
        "signature-malformed",
        'set prefix = "sha256="',
    ),
    "no prefix": (
        {**HMAC, "prefix": "sha256="},
        {"X-Sig": mac(BODY).hex()},
        "signature-malformed",
        'nothing stands before the signature, where "sha256=" is expected',
    ),
    "another algorithm": (
        HMAC,
        {"X-Sig": mac(BODY, algorithm="sha512").hex()},
        "signature-malformed",
        'the signature is HMAC-SHA512, not SHA256 | set algorithm = "sha512"',
    ),
    "no v1": (
        STANDARD,
        standard() | {"webhook-signature": standard()["webhook-signature"][3:]},
        "signature-malformed",
        'nothing stands before the signature, where "v1," is expected',
    ),
    "key base64, read as text": (DUDA64, duda(), "signature-mismatch", "read as base64, and it is configured as utf-8"),
    "key text, read as base64": (
        {**DUDA64, "key_encoding": "base64"},
        duda(key=KEY64.encode()),
        "signature-mismatch",
        'set key_encoding = "utf-8"',
    ),
    "key with whsec_ taken as text": (
        STANDARD,
        standard(key=ENVIRON["WHSEC"].encode()),
        "signature-mismatch",
        "put base64 of the key into the secret, after whsec_",
    ),
    "key in hex": (
        {**HMAC, "secrets": ["env:HEX"]},
        {"X-Sig": mac(BODY).hex()},
        "signature-mismatch",
        "read as hex, and it is configured as utf-8",
    ),
    "white space around the secret": (
        {**HMAC, "secrets": ["env:SPACED"]},
        {"X-Sig": mac(BODY).hex()},
        "signature-mismatch",
        "secrets[0] (env:SPACED) has white space or quotes around it",
    ),
    "quotes around the secret": (
        {**HMAC, "secrets": ["env:QUOTED"]},
        {"X-Sig": mac(BODY).hex()},
        "signature-mismatch",
        "secrets[0] (env:QUOTED) has white space or quotes around it",
    ),
    "wrong secret": (
        HMAC,
        {"X-Sig": mac(BODY, b"nobody's").hex()},
        "signature-mismatch",
        "the signature was not made with secrets[0] (env:OLD) nor secrets[1] (env:NEW)",
    ),
    "the body alone": (
        DUDA,
        duda() | {"X-Duda-Signature": b64(mac(BODY))},
        "signature-mismatch",
        "the signature is over the body alone; duda-hmac signs timestamp, a dot, body",
    ),
    "signed with seconds, sent in milliseconds": (
        DUDA,
        duda() | {"X-Duda-Signature": b64(mac(b"1700000000." + BODY))},
        "signature-mismatch",
        "the timestamp in seconds instead of milliseconds",
    ),
    "signed with milliseconds, sent in seconds": (
        STANDARD,
        standard() | {"webhook-signature": "v1," + b64(mac(b"msg_1.1700000000000." + BODY))},
        "signature-mismatch",
        "the timestamp in milliseconds instead of seconds",
    ),
    "timestamp in seconds": (
        DUDA,
        duda(stamp="1700000000"),
        "signature-stale",
        "x-duda-signature-timestamp is in seconds | this scheme has it in milliseconds",
    ),
    "timestamp in milliseconds": (
        STANDARD,
        standard(stamp="1700000000000"),
        "signature-malformed",
        "webhook-timestamp is in milliseconds | this scheme has it in seconds",
    ),
    "timestamp as a date": (
        DUDA,
        duda(stamp="2023-11-14T22:13:20Z"),
        "signature-malformed",
        "x-duda-signature-timestamp is not a whole number",
    ),
    "old": (
        DUDA,
        duda(stamp="1699999000000"),
        "signature-stale",
        "16 min 40 s older than the time of this check; the tolerance is 10 min",
    ),
    "of the future": (
        STANDARD,
        standard(stamp="1700090000"),
        "signature-stale",
        "1 d 1 h ahead of the time of this check; the tolerance is 5 min",
    ),
    "another scheme's request": (
        DUDA,
        standard(key=b"unknown"),
        "signature-missing",
        'the request has the header webhook-signature: scheme = "standard-webhooks"',
    ),
    "credentials instead": (
        HMAC,
        {"Authorization": "Bearer something-else-altogether"},
        "signature-missing",
        'the request has Authorization: Bearer …: scheme = "bearer" or "oauth2"',
    ),
    "right, in another header": (
        HMAC,
        {"X-Signature": mac(BODY, NEXT.encode()).hex()},
        "signature-missing",
        'the header x-signature holds a signature that secrets[1] (env:NEW) made | set header = "x-signature"',
    ),
    "timestamp and signature in one header": (
        HMAC,
        {"Stripe-Signature": "t=1700000000,v1=" + mac(b"1700000000." + BODY).hex()},
        "signature-missing",
        "the signature is over timestamp, a dot, and the body; hmac signs the body alone",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_its_name(name: str) -> None:
    """A stranger reads one sentence and knows what to do; the verdict is the verifier's own."""
    auth, headers, reason, words = WRONG[name]
    found = verdict(auth, headers)
    assert found.reason == reason
    assert words in told(found)


def compact(body: bytes, **options: Any) -> bytes:
    return json.dumps(loads(body), separators=(",", ":"), **options).encode()


SPELLED: Mapping[str, tuple[bytes, str]] = {
    "LF cut off": (BODY + b"\n", "with a line break (LF) at its end"),
    "CR LF cut off": (BODY + b"\r\n", "with a line break (CR LF) at its end"),
    "a byte order mark cut off": (BOM + BODY, "with a byte order mark before it"),
    "compact": (compact(BODY, ensure_ascii=False), "re-serialised (compact)"),
    "compact, ASCII": (compact(BODY), "re-serialised (compact, ASCII-escaped)"),
    "sorted": (
        json.dumps(loads(BODY), sort_keys=True, ensure_ascii=False).encode(),
        're-serialised (with ", " and ": ", keys sorted)',
    ),
    "a re-dump": (json.dumps(loads(BODY)).encode(), 're-serialised (with ", " and ": ", ASCII-escaped)'),
    "indented": (json.dumps(loads(BODY), indent=2, ensure_ascii=False).encode(), "re-serialised (indented by 2)"),
    "compact with exact numbers": (
        '{"id":1,"city":"Málaga","url":"a/b","total":19.90}'.encode(),
        "re-serialised (as compact JSON)",
    ),
    "as PHP writes it": (
        rb'{"id":1,"city":"M\u00e1laga","url":"a\/b","total":19.90}',
        "re-serialised (as compact JSON, slashes escaped, everything beyond ASCII escaped)",
    ),
    "nothing": (b"", "empty"),
}


@pytest.mark.parametrize("name", SPELLED)
@pytest.mark.parametrize(("auth", "sign"), [(HMAC, None), (DUDA, duda), (STANDARD, standard)])
def test_a_re_serialised_body_is_recognised(name: str, auth: Mapping[str, Any], sign: Any) -> None:
    """The trap that costs most hours (PLATFORMS): the same document in other bytes."""
    signed, words = SPELLED[name]
    found = verdict(auth, sign(signed) if sign else {"X-Sig": mac(signed).hex()})
    assert found.reason == "signature-mismatch"
    assert f"right for the body {words}" in told(found)


@pytest.mark.parametrize(
    ("given_body", "words"),
    [
        (BODY + b"\n", "without the line break at its end"),
        (BODY + b"\r\n", "without the line break at its end"),
        (b" " + BODY + b"  ", "without the white space around it"),
        (BOM + BODY, "without its byte order mark"),
        (BOM + BODY, "begins with a byte order mark"),
    ],
)
def test_a_file_that_an_editor_changed_is_recognised(given_body: bytes, words: str) -> None:
    """Here it is the file that is wrong and not the sender."""
    assert words in told(verdict(HMAC, {"X-Sig": mac(BODY).hex()}, given_body))


def test_line_breaks_of_another_system_are_recognised() -> None:
    """Duda's payloads have many lines; a checkout or a mail turns their ends."""
    unix = PAYLOAD.replace(b"\r\n", b"\n")
    dos = unix.replace(b"\n", b"\r\n")
    assert "line breaks of LF instead of CR LF" in told(verdict(DUDA, duda(unix), dos))
    assert "line breaks of CR LF instead of LF" in told(verdict(DUDA, duda(dos), unix))


def test_a_length_that_is_not_the_file_s_is_told() -> None:
    """The quickest sign that the file is not what was sent."""
    found = verdict(HMAC, {"X-Sig": mac(b"?").hex(), "Content-Length": "999"})
    assert f"Content-Length says 999 bytes, and the file has {len(BODY)}" in told(found)


def test_two_things_wrong_at_once_are_both_told() -> None:
    """Hex instead of base64, over a body that has been re-serialised."""
    signed = mac(b"1700000000000." + compact(BODY))
    found = verdict(DUDA, duda() | {"X-Duda-Signature": signed.hex()})
    assert "is written in hex" in told(found)
    assert "re-serialised (compact, ASCII-escaped)" in told(found)
    assert found.secret == "secrets[0] (env:OLD)"


@pytest.mark.parametrize(
    ("auth", "headers", "secret"),
    [
        (HMAC, {"X-Sig": mac(BODY).hex()}, "secrets[0] (env:OLD)"),
        (HMAC, {"X-Sig": mac(BODY, NEXT.encode()).hex()}, "secrets[1] (env:NEW)"),
        (DUDA, duda(key=NEXT.encode()), "secrets[1] (env:NEW)"),
        ({**DUDA64, "key_encoding": "base64"}, duda(), "secrets[0] (env:OLD64)"),
        (STANDARD, standard(), "secrets[0] (env:WHSEC)"),
        (APICBASE, {"X-Apic-Webhook-Signature": mac(json.dumps(loads(BODY)).encode()).hex()}, "secrets[0] (env:OLD)"),
    ],
)
def test_a_right_request_is_ok_and_the_secret_that_matched_is_named(
    auth: Mapping[str, Any], headers: Mapping[str, str], secret: str
) -> None:
    """While rotating one wants to know whether the old secret is still in use."""
    found = verdict(auth, headers)
    assert (found.reason, found.status, found.secret, told(found)) == (None, 200, secret, "")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(["X-Sig", "webhook-id", "t"]), st.text(max_size=90)))
def test_no_request_breaks_the_search(body: bytes, headers: dict[str, str]) -> None:
    """Whatever is in the files, there is a verdict, and it is the verifier's."""
    found = verdict(HMAC, {"X-Timestamp": "1700000000", **headers}, body)
    assert found.reason in ("signature-missing", "signature-malformed", "signature-mismatch")
    assert found.findings


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_every_spelling_of_a_document_says_the_same(value: Any) -> None:
    """A variant that meant something else would call a forgery a re-serialised body."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    for spelling in spellings(body):
        if "re-serialised" in spelling.name:
            assert json.loads(spelling.body) == json.loads(body), spelling.name


def test_a_large_body_is_searched_in_bounded_time() -> None:
    """The likeliest combinations first, and it says that there are more."""
    body = b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}'
    source = {"name": "shop", "platform": "duda", "auth": STANDARD}
    configured = Settings.model_validate({"sources": [source], "ingest": {"max_body_bytes": 4 * 1024 * 1024}})
    headers = {name: [value] for name, value in standard(key=b"unknown").items()}
    found = judge(configured.sources[0], configured, ENVIRON, Given(headers, body), NOW_S)
    assert "not all: the body is large" in told(found)
