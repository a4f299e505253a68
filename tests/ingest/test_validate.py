"""An order that its customer must mend: told in words before anything is stored, and only to platforms that show it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ingest.problems import DETAIL_CHARS_MAX, FIELDS_MAX, MESSAGE_CHARS_MAX, invalid_order
from ingest.sources import sender_of
from streams import platforms
from streams.platforms import Problem
from tests.ingest.platforms import Strict
from tests.ingest.support import ENVIRON, TOKEN, Running, running, session, settings_of

TWO = {"wrong": {"packages[2].quantity": "Package 3 has no quantity.", "customer_number": "Say who you are."}}


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A platform more, for the time of a test."""
    monkeypatch.setitem(platforms.FIXED, "strict", Strict())
    yield


async def post(up: Running, body: bytes, path: str = f"/{TOKEN}") -> tuple[int, str, Mapping[str, Any]]:
    """Status, content type and JSON of the answer."""
    url = f"{up.base}/webhooks/{up.source}{path}"
    async with session() as client, client.post(url, data=body) as answer:
        return answer.status, answer.content_type, await answer.json(content_type=None)


async def test_a_customer_reads_what_is_wrong_and_nothing_is_stored(kafka: str) -> None:
    """Apicbase shows a 4xx to whoever ordered (PLATFORMS): which field, why, in words; the order is not taken."""
    async with running(settings_of(kafka, platform="strict")) as up:
        answer = await post(up, json.dumps(TWO).encode())
        assert await up.records() == []
    assert answer == (
        422,
        "application/problem+json",
        {
            "type": "about:blank",
            "title": "The order cannot be accepted as it is.",
            "status": 422,
            "reason": "invalid-order",
            "detail": "Package 3 has no quantity. Say who you are.",
            "fields": [
                {"field": "packages[2].quantity", "message": "Package 3 has no quantity."},
                {"field": "customer_number", "message": "Say who you are."},
            ],
        },
    )


async def test_an_order_without_problems_is_stored(kafka: str) -> None:
    """Validation takes nothing from what is right."""
    async with running(settings_of(kafka, platform="strict")) as up:
        status, _, _ = await post(up, b'{"wrong": {}}')
        assert (status, [record.value for record in await up.records()]) == (200, [b'{"wrong": {}}'])


async def test_validation_reads_the_query_as_identify_does(kafka: str) -> None:
    """A repeated parameter counts with its last value."""
    async with running(settings_of(kafka, platform="strict")) as up:
        status, _, problem = await post(up, b'{"wrong": {}}', f"/{TOKEN}?wrong=first&wrong=last")
    assert (status, problem["detail"]) == (422, "last")


async def test_a_stranger_learns_nothing_from_validation(kafka: str) -> None:
    """Who is not believed is told so, whatever is wrong with the order."""
    async with running(settings_of(kafka, platform="strict")) as up:
        status, _, problem = await post(up, json.dumps(TWO).encode(), "/wrong")
    assert (status, problem["reason"]) == (403, "token-mismatch")


async def test_a_validator_s_bug_loses_no_order(
    kafka: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """What cannot be judged is kept, and the log says where the bug is, without the words that quote the order."""
    async with running(settings_of(kafka, platform="strict")) as up:
        status, _, _ = await post(up, b"bug")
        assert (status, len(await up.records())) == (200, 1)
    written = caplog.text + "".join(capfd.readouterr())
    for word in ("validate failed", "ZeroDivisionError", "platforms.py:"):
        assert word in written
    assert "Erika" not in written


async def test_a_refused_order_is_counted_and_logged_without_its_words(
    kafka: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Operators see how many and of which order; what the order says is the customer's."""
    async with running(settings_of(kafka, platform="strict")) as up, session() as client:
        await post(up, b'{"wrong": {"name": "Erika is not a number"}}')
        async with client.get(up.base + "/metrics") as answer:
            metrics = await answer.text()
    labels = f'event_type="ordered",outcome="invalid-order",source="{up.source}"'
    assert f"orderlog_ingest_webhooks_total{{{labels}}} 1.0" in metrics.splitlines()
    written = caplog.text + "".join(capfd.readouterr())
    assert "invalid-order" in written
    assert f"{up.source}:1001" in written
    assert "Erika" not in written


def test_a_flood_of_problems_is_told_under_bounds() -> None:
    """A list of a million wrong lines is not an answer of a million lines."""
    found = [Problem("f" * 1000, f"{number} " + "m" * 1000) for number in range(1000)]
    answer = json.loads(invalid_order(found).problem.body)
    assert len(answer["fields"]) == FIELDS_MAX
    assert max(len(field["message"]) for field in answer["fields"]) == MESSAGE_CHARS_MAX
    assert len(answer["detail"]) == DETAIL_CHARS_MAX
    few = [Problem("f", f"{number}.") for number in range(FIELDS_MAX + 5)]
    assert json.loads(invalid_order(few).problem.body)["detail"].endswith("19. (5 more)")


def test_a_message_that_utf8_cannot_carry_is_told_all_the_same() -> None:
    """A lone surrogate quoted from the order must not turn the 422 into a 500."""
    answer = json.loads(invalid_order([Problem("name", "half \ud800 a letter")]).problem.body)
    assert answer["fields"] == [{"field": "name", "message": "half ? a letter"}]


def test_only_platforms_that_refuse_something_are_asked() -> None:
    """The others cost no call per request: they share one function, known by identity."""
    asked = set()
    for platform in platforms.PLATFORMS:
        settings = settings_of("unused:9092", platform=platform)
        if sender_of(settings.sources[0], settings, ENVIRON).validate is not None:
            asked.add(platform)
    assert asked == {"apicbase"}
