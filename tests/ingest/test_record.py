"""The raw record: namespaces, credentials, keys."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ingest.auth import verifier_of
from ingest.problems import Refusal
from ingest.record import Request, header_fields, query_fields, raw_record
from ingest.sources import Sender
from streams import topics
from streams.platforms import PLATFORMS, Identity
from streams.record import Output
from streams.settings.auth import Bearer, SourceAuth, StandardWebhooks, Token

SECRET = "a-shared-token"
RECEIPT = "0f" * 16
TOKEN = Token(scheme="token", secrets=("env:S",))


def sender(auth: SourceAuth = TOKEN) -> Sender:
    name = "shop"
    verifier = verifier_of(auth, {"S": SECRET, "S64": "c2VjcmV0"}, name)
    return Sender(name, PLATFORMS["selldone"], verifier, topics.webhooks(name), "/webhooks/shop", frozenset({"POST"}))


def record(
    headers: list[tuple[bytes, bytes]] | None = None,
    query: str = "",
    identity: Identity | None = None,
    auth: SourceAuth = TOKEN,
) -> Output:
    request = Request("POST", header_fields(headers or []), query_fields(query), b"\x00\xff")
    found = identity or Identity("1/1001", "OnlineOrder")
    return raw_record(sender(auth), request, found, receipt=RECEIPT, received_at_s=1_700_000_000.25)


def kafka_headers(output: Output) -> Mapping[str, bytes]:
    return dict(output.headers)


def stored(output: Output, name: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = json.loads(kafka_headers(output)[name])
    return value


def test_the_record_is_as_the_contract_says() -> None:
    """DESIGN section 7: key, value, CloudEvents headers, and HTTP's own beside them."""
    output = record([(b"Content-Type", b"application/json; charset=utf-8"), (b"User-Agent", b"Shop/1")], "a=1")
    assert (output.topic, output.key, output.value) == (topics.webhooks("shop"), b"shop:1/1001", b"\x00\xff")
    assert kafka_headers(output) == {
        "ce_id": RECEIPT.encode(),
        "ce_source": b"/webhooks/shop",
        "ce_specversion": b"1.0",
        "ce_time": b"2023-11-14T22:13:20.250000Z",
        "ce_type": b"webhook.selldone.OnlineOrder",
        "content-type": b"application/json; charset=utf-8",
        "http_method": b"POST",
        "http_query": b'{"a":"1"}',
        "http_headers": b'{"content-type":"application/json; charset=utf-8","user-agent":"Shop/1"}',
    }


def test_a_query_parameter_cannot_pass_for_a_header() -> None:
    """Others merged both into one map: `?x-duda-signature=…` then overwrote what had been checked."""
    output = record([(b"X-Shop", b"real")], "x-shop=forged&ce_id=forged&content-type=forged&http_headers=forged")
    assert stored(output, "http_headers") == {"x-shop": "real"}
    assert kafka_headers(output)["ce_id"] == RECEIPT.encode()
    assert kafka_headers(output)["content-type"] == b"application/octet-stream"
    assert stored(output, "http_query")["ce_id"] == "forged"


def test_repeated_names_keep_every_value_in_order() -> None:
    """One value is a string, several are a list."""
    output = record([(b"Via", b"a"), (b"VIA", b"b"), (b"X", b"1")], "id=1&id=2&empty=&y=1")
    assert stored(output, "http_headers") == {"via": ["a", "b"], "x": "1"}
    assert stored(output, "http_query") == {"id": ["1", "2"], "empty": "", "y": "1"}


def test_what_is_not_utf8_is_kept_readable() -> None:
    """Latin-1 headers and broken percent escapes neither raise nor vanish."""
    output = record([(b"X-City", b"M\xe1laga"), (b"X-Ok", "Málaga".encode())], "c=M%E1laga&ok=M%C3%A1laga&s=\ud800")
    assert stored(output, "http_headers") == {"x-city": "M\\xe1laga", "x-ok": "Málaga"}
    assert stored(output, "http_query") == {"c": "M\\xe1laga", "ok": "Málaga", "s": "\\ud800"}


@pytest.mark.parametrize("name", [b"Authorization", b"proxy-authorization", b"COOKIE", b"X-Orderlog-Token"])
def test_credential_headers_are_never_stored(name: bytes) -> None:
    """Not even those that this source does not read."""
    output = record([(name, b"anything"), (b"Accept", b"*/*")])
    assert stored(output, "http_headers") == {"accept": "*/*"}


def test_the_configured_place_of_a_token_is_never_stored() -> None:
    """Whatever the header or the parameter is called."""
    by_header = Token(scheme="token", secrets=("env:S",), header="X-Key")
    by_query = Token(scheme="token", secrets=("env:S",), query="key")
    assert stored(record([(b"x-KEY", b"wrong")], auth=by_header), "http_headers") == {}
    assert stored(record(query="key=wrong&a=1", auth=by_query), "http_query") == {"a": "1"}


@pytest.mark.parametrize("auth", [TOKEN, Bearer(scheme="bearer", secrets=("env:S",))])
def test_a_secret_that_turns_up_elsewhere_is_masked(auth: SourceAuth) -> None:
    """A `Referer` or a proxy's header may repeat the URL with its token."""
    output = record([(b"Referer", f"http://x/webhooks/shop/{SECRET}".encode())], f"t={SECRET}&a=1", auth=auth)
    assert stored(output, "http_headers") == {"referer": "http://x/webhooks/shop/***"}
    assert stored(output, "http_query") == {"t": "***", "a": "1"}


def test_signature_headers_are_kept() -> None:
    """They are no secret, and with them a stored webhook can be verified again."""
    assert stored(record([(b"X-Duda-Signature", b"abc=")]), "http_headers") == {"x-duda-signature": "abc="}


def test_the_sender_s_id_of_a_message_is_kept_where_it_is_signed() -> None:
    """Anyone may write a header: one that nobody has signed must not make two events of one."""
    signed = StandardWebhooks(scheme="standard-webhooks", secrets=("env:S64",))
    headers = [(b"Webhook-Id", b"msg_1")]
    assert b"msg_1" == kafka_headers(record(headers, auth=signed))["message_id"]
    assert "message_id" not in kafka_headers(record(headers))


@pytest.mark.parametrize("native_id", [None, "", "x" * 1025])
def test_a_webhook_without_a_usable_order_is_kept_under_its_receipt(native_id: str | None) -> None:
    """Nothing authentic is thrown away for want of a key."""
    assert record(identity=Identity(native_id, None)).key == RECEIPT.encode()


def test_a_key_that_utf8_cannot_carry_is_written_all_the_same() -> None:
    """JSON can spell a lone surrogate; UTF-8 cannot."""
    assert record(identity=Identity("1/\ud800", None)).key == b"shop:1/\\ud800"


@pytest.mark.parametrize("event", [None, "", "x" * 101, "a\nb", "\x00"])
def test_an_event_that_fits_on_no_line_is_unknown(event: str | None) -> None:
    """`ce_type` stays a short printable name."""
    assert kafka_headers(record(identity=Identity("1", event)))["ce_type"] == b"webhook.selldone.unknown"


def test_a_flood_of_parameters_is_refused() -> None:
    """Work per request is bounded."""
    with pytest.raises(Refusal) as raised:
        query_fields("&".join("a=1" for _ in range(101)))
    assert raised.value.problem.reason == "query-malformed"
