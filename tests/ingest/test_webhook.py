"""One webhook from the socket to the topic: what is stored, what is refused, and in which words."""

import gzip
import json
import zlib
from pathlib import Path

import pytest

from ingest.auth import Presented
from tests.ingest.support import (
    DUDA_AUTH,
    DUDA_SECRET,
    ORDER,
    TOKEN,
    Running,
    duda_headers,
    running,
    session,
    settings_of,
)

PAYLOADS = Path(__file__).parents[1] / "payloads"
ODD_BODIES = {
    "a duplicate key": b'{"data": {"invoice_number": "A", "invoice_number": "B"}}',
    "not UTF-8": b'{"name": "M\xe1laga"}\xff\xfe',
    "NUL bytes": b"\x00{}\x00",
    "not JSON": b"order=1&total=2",
    "no body": b"",
    "floats and white space": b'{ "total" :\t19.990 }\r\n',
    "a byte order mark": b"\xef\xbb\xbf{}",
}


async def post(up: Running, body: bytes, path: str | None = None, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and JSON of the answer."""
    async with session() as client:
        url = up.url if path is None else up.base + path
        async with client.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


async def test_a_webhook_is_answered_200_with_its_receipt_and_lies_in_the_topic(kafka: str) -> None:
    """The main line: exactly 200 (Selldone retries on any other 2xx), the receipt, the key, the exact bytes."""
    body = (PAYLOADS / "selldone" / "checkout-order.json").read_bytes()
    async with running(settings_of(kafka)) as up:
        status, answer = await post(up, body, **{"Content-Type": "application/json"})
        (record,) = await up.records()
    assert (status, answer["status"]) == (200, "accepted")
    assert record.value == body
    assert record.header("ce_id") == answer["receipt"].encode()
    assert record.header("ce_source") == f"/webhooks/{up.source}".encode()
    assert (record.key or b"").startswith(f"{up.source}:".encode())
    assert record.header("content-type") == b"application/json"


@pytest.mark.parametrize("odd", ODD_BODIES)
async def test_the_exact_bytes_are_stored_whatever_they_are(kafka: str, odd: str) -> None:
    """An authentic body is kept even where it is no order: normalise puts it aside, nothing is lost here."""
    async with running(settings_of(kafka)) as up:
        status, answer = await post(up, ODD_BODIES[odd])
        (record,) = await up.records()
    assert status == 200
    assert record.value == ODD_BODIES[odd]
    assert record.key == answer["receipt"].encode()


@pytest.mark.parametrize("event", ["order-created", "order-status-updated", "order-deleted"])
async def test_dudas_payloads_are_signed_over_their_bytes_and_share_a_key(kafka: str, event: str) -> None:
    """Tabs and the duplicate key survive, and the last value of the duplicate key names the order."""
    body = (PAYLOADS / "duda" / f"{event}.json").read_bytes()
    async with running(settings_of(kafka, DUDA_AUTH, "duda")) as up:
        status, _ = await post(up, body, f"/webhooks/{up.source}", **duda_headers(body))
        (record,) = await up.records()
    assert status == 200
    assert record.value == body
    assert record.key == f"{up.source}:66f8c067f6ab411c9eaaac106a6948b5/ECOM-1065".encode()
    assert DUDA_SECRET.encode() not in b"".join(value for _, value in record.headers)


async def test_a_stored_record_can_be_verified_again(kafka: str) -> None:
    """Body and headers as stored are what was signed."""
    body = (PAYLOADS / "duda" / "order-created.json").read_bytes()
    async with running(settings_of(kafka, DUDA_AUTH, "duda")) as up:
        await post(up, body, f"/webhooks/{up.source}", **duda_headers(body))
        (record,) = await up.records()
        sender = up.server._senders[up.source]
    headers = json.loads(record.header("http_headers") or b"")
    presented = Presented(record.value or b"", {name: [value] for name, value in headers.items()})
    now_s = int(headers["x-duda-signature-timestamp"]) / 1000
    sender.verifier.check(presented, now_s)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_webhook_is_verified_and_stored_unpacked(kafka: str, encoding: str) -> None:
    """Senders sign the document; how it travelled is a matter of the way."""
    packed = gzip.compress(ORDER) if encoding == "gzip" else zlib.compress(ORDER)
    async with running(settings_of(kafka, DUDA_AUTH, "duda")) as up:
        headers = {**duda_headers(ORDER), "Content-Encoding": encoding}
        status, _ = await post(up, packed, f"/webhooks/{up.source}", **headers)
        (record,) = await up.records()
    assert status == 200
    assert record.value == ORDER
    assert json.loads(record.header("http_headers") or b"")["content-encoding"] == encoding


@pytest.mark.parametrize(
    ("forge", "status", "reason"),
    [
        ({"x-duda-signature": ""}, 401, "signature-missing"),
        ({"x-duda-signature": "rubbish"}, 401, "signature-malformed"),
        ({"x-duda-signature": "A" * 43 + "="}, 403, "signature-mismatch"),
        (duda_headers(ORDER, at_s=1_600_000_000), 403, "signature-stale"),
        (duda_headers(ORDER, "another secret"), 403, "signature-mismatch"),
    ],
)
async def test_a_forgery_is_refused_in_stable_words_and_leaves_no_trace(
    kafka: str, forge: dict[str, str], status: int, reason: str
) -> None:
    """The answer names the reason and never the expected MAC; nothing is stored."""
    right = duda_headers(ORDER)
    async with running(settings_of(kafka, DUDA_AUTH, "duda")) as up, session() as client:
        url, headers = f"{up.base}/webhooks/{up.source}", {**right, **forge}
        async with client.post(url, data=ORDER, headers=headers) as answer:
            problem, text = await answer.json(content_type="application/problem+json"), await answer.text()
        assert (answer.status, problem["status"], problem["reason"]) == (status, status, reason)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert right["x-duda-signature"] not in text
        assert await up.records() == []


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("POST", "/webhooks/nobody", 404, "unknown-source"),
        ("POST", "/webhooks/", 404, "unknown-source"),
        ("POST", "/webhooks/{source}/{token}/more", 404, "not-found"),
        ("POST", "/elsewhere", 404, "not-found"),
        ("GET", "/webhooks/{source}/{token}", 405, "method-not-allowed"),
        ("PUT", "/webhooks/{source}/{token}", 405, "method-not-allowed"),
        ("POST", "/health", 405, "method-not-allowed"),
        ("POST", "/webhooks/{source}", 401, "token-missing"),
        ("POST", "/webhooks/{source}/wrong", 403, "token-mismatch"),
        ("POST", "/webhooks/{source}?token=wrong", 403, "token-mismatch"),
    ],
)
async def test_wrong_doors_are_problem_json(kafka: str, method: str, path: str, status: int, reason: str) -> None:
    """Every refusal has the same shape."""
    async with running(settings_of(kafka)) as up, session() as client:
        url = up.base + path.format(source=up.source, token=TOKEN)
        async with client.request(method, url, data=ORDER) as answer:
            assert answer.content_type == "application/problem+json"
            assert (answer.status, (await answer.json(content_type=None))["reason"]) == (status, reason)
        assert ("Allow" in answer.headers) == (status == 405)
        assert await up.records() == []


@pytest.mark.parametrize("place", ["path", "slash", "escaped", "query", "header"])
async def test_a_token_is_believed_in_every_place_and_stored_in_none(kafka: str, place: str) -> None:
    """The record shows the request without its credential."""
    paths = {
        "path": f"/{TOKEN}",
        "slash": f"/{TOKEN}/",
        "escaped": "/a%2Dtoken-of-the-tests",
        "query": f"?token={TOKEN}",
    }
    headers = {"X-Orderlog-Token": TOKEN} if place == "header" else {}
    async with running(settings_of(kafka)) as up:
        status, _ = await post(up, ORDER, f"/webhooks/{up.source}{paths.get(place, '')}", **headers)
        (record,) = await up.records()
    assert status == 200
    assert TOKEN.encode() not in b"".join((record.key or b"", *(value for _, value in record.headers)))


async def test_no_secret_is_logged(
    kafka: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Accepted or refused, path, query, headers and body stay out of the log."""
    private = b'{"customer": "Erika Mustermann"}'
    async with running(settings_of(kafka)) as up:
        for path in (f"/{TOKEN}", f"/{TOKEN}/x", "/wrong-but-private", f"?token={TOKEN}&also=private"):
            await post(up, private, f"/webhooks/{up.source}{path}", Cookie="private", Authorization="private")
        await up.raw(f"POST /webhooks/{up.source}/{TOKEN} HTTP/1.1\r\nbad header {TOKEN}\r\n\r\n".encode())
    written = caplog.text + "".join(capfd.readouterr())
    assert "token-mismatch" in written
    assert [word for word in (TOKEN, "private", "Erika", "wrong-but") if word in written] == []


async def test_operators_see_health_readiness_and_metrics(kafka: str) -> None:
    """Alive, ready, and what came of every webhook: by source, event type and outcome."""
    async with running(settings_of(kafka)) as up, session() as client:
        await post(up, (PAYLOADS / "selldone" / "checkout-order.json").read_bytes())
        await post(up, b'{"event": "a word that the platform does not know"}')
        await post(up, b"{}", f"/webhooks/{up.source}/wrong")
        for path in ("/health", "/ready"):
            async with client.get(up.base + path) as answer:
                assert answer.status == 200
        async with client.get(up.base + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
    ours = {line for line in lines if f'source="{up.source}"' in line and "_total" in line}
    counter = f'orderlog_ingest_webhooks_total{{event_type="%s",outcome="%s",source="{up.source}"}} 1.0'
    known = next(line.split('"')[1] for line in ours if "other" not in line)
    assert ours == {
        counter % (known, "accepted"),
        counter % ("other", "accepted"),
        counter % ("other", "token-mismatch"),
    }
    for name in ("durable_seconds_count", "body_bytes_count", "in_flight"):
        assert any(line.startswith(f"orderlog_ingest_{name}") for line in lines)
