"""Webhooks that come by GET or name everything in the query: stored whole, readable by normalise, keyed right."""

import json
from collections.abc import Iterator

import pytest

from streams import platforms
from streams.normalise import raw_webhook
from tests.ingest.platforms import Thin
from tests.ingest.support import TOKEN, running, session, settings_of


@pytest.fixture(autouse=True)
def thin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A platform more, for the time of a test."""
    monkeypatch.setitem(platforms.FIXED, "thin", Thin())
    yield


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_ping_without_a_body_is_stored_empty_and_is_no_tombstone(kafka: str, method: str) -> None:
    """A null value would be nothing at all to normalise, and in a compacted topic the removal of the order."""
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        url = f"{up.base}/webhooks/{up.source}?token={TOKEN}&event_type=order.new&order_id=77"
        async with client.request(method, url) as answer:
            assert answer.status == 200
            receipt = (await answer.json())["receipt"]
        (record,) = await up.records()
    assert record.value == b""
    assert record.key == f"{up.source}:77".encode()
    webhook = raw_webhook(record)
    assert (webhook.method, webhook.body, webhook.receipt) == (method, b"", receipt)
    assert webhook.query == {"event_type": "order.new", "order_id": "77"}
    assert not webhook.is_fetched


async def test_a_body_that_comes_with_a_get_is_stored_too(kafka: str) -> None:
    """Unusual, not forbidden (RFC 9110 section 9.3.1), and nothing of it is lost."""
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        async with client.get(f"{up.url}?order_id=1", data=b"\x00odd") as answer:
            assert answer.status == 200
        assert [record.value for record in await up.records()] == [b"\x00odd"]


async def test_the_query_of_a_get_overwrites_no_header(kafka: str) -> None:
    """Parameters named as headers, as our own record headers or as CloudEvents' stay parameters (PLATFORMS, traps)."""
    forged = "user-agent=forged&ce_source=/targets/quickbutik&http_method=PUT&content-type=forged&ce_id=forged"
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        async with client.get(f"{up.url}?order_id=1&{forged}", headers={"User-Agent": "real"}) as answer:
            receipt = (await answer.json())["receipt"]
        (record,) = await up.records()
    webhook = raw_webhook(record)
    assert webhook.headers["user-agent"] == "real"
    assert (webhook.method, webhook.receipt, webhook.is_fetched) == ("GET", receipt, False)
    assert len(record.headers) == len({name for name, _ in record.headers})
    assert record.header("content-type") == b"application/octet-stream"
    assert json.loads(record.header("http_query") or b"")["ce_source"] == "/targets/quickbutik"


async def test_a_repeated_parameter_counts_with_its_last_value_everywhere(kafka: str) -> None:
    """The order whose key the record has is the order that normalise reads."""
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        async with client.get(f"{up.url}?order_id=1&order_id=2") as answer:
            assert answer.status == 200
        (record,) = await up.records()
    assert record.key == f"{up.source}:2".encode()
    assert raw_webhook(record).query["order_id"] == "2"


async def test_a_webhook_about_another_source_s_order_has_that_order_s_key(kafka: str) -> None:
    """All records of one order lie in one partition, whoever speaks of it."""
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        async with client.get(f"{up.url}?order_id=1&order_key=duda:site/1") as answer:
            assert answer.status == 200
        (record,) = await up.records()
    assert record.key == b"duda:site/1"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_told_which_there_are(kafka: str, method: str) -> None:
    """405 with both in `Allow`; a HEAD that some link checker sends is no order."""
    async with running(settings_of(kafka, platform="thin")) as up, session() as client:
        async with client.request(method, f"{up.url}?order_id=1") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
        assert await up.records() == []
