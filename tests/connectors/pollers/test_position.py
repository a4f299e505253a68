"""What a poller reads back from Kafka: its own position, and what operators ask; each may be anything."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors.pollers import paging
from connectors.pollers.poller import _kept
from connectors.pollers.position import Known, PollRequest, Position
from streams.settings.auth import TargetBearer
from streams.settings.poll import Poll

FIRST = datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_there_is_not_is_a_request_that_is_none(time: str) -> None:
    """Any other error would end the worker, and after each restart the request is still there."""
    with pytest.raises(ValidationError, match="out of range"):
        PollRequest.from_json(b'{"who": "ada", "at": "2026-03-01T12:00:00Z", "since": "%s"}' % time.encode())


@pytest.mark.parametrize("since_format", ["datetime", "date"])
def test_the_first_time_that_there_is_can_be_asked_from(since_format: str) -> None:
    """Some write year 1 for no time, and a poller that cannot reckon with it would never begin again."""
    auth = TargetBearer(scheme="bearer", token="env:TOKEN")
    poll = Poll.model_validate({"base_url": "http://127.0.0.1:9", "auth": auth, "since_format": since_format})
    first = Known(at=FIRST + timedelta(seconds=1), digest="a")
    position = Position().after_page([first], [first.at], datetime(2026, 3, 1, tzinfo=UTC), seen_max=10)
    current = paging.begin(poll, position)
    paging.took(poll, current, [first], [first])
    position = position.after_round(None, paging.next_begin(poll, current, position), current.met)
    assert position.since == FIRST
    assert paging.begin(poll, position).query["ordered_on__gt"].startswith("0001-01-01")


@pytest.mark.parametrize("record", [b"rubbish", b"null", b'{"since": "next week"}'])
def test_a_position_that_cannot_be_read_has_everything_polled_again(record: bytes) -> None:
    """It would end the worker, which delivers to every target, and after each restart it is still there."""
    assert _kept("apicbase", record) == Position()
    assert _kept("apicbase", Position(since=FIRST).to_json()) == Position(since=FIRST)
