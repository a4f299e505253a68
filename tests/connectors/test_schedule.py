"""Retry schedule, jitter and Retry-After, as values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schedule import RETRY_AFTER_S_MAX, jittered_s, retry_after_s, retry_delay_s
from connectors.verdict import Verdict, blames_target, classify
from streams.settings.model import RETRY_DELAYS_S

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_schedule_is_that_of_the_guide_then_it_is_used_up() -> None:
    """Seed 002: five retries after 0, 1, 2, 5 and 10 s, then the dead letter."""
    delays_s = RETRY_DELAYS_S["external"]
    assert [retry_delay_s(delays_s, failed) for failed in range(1, 7)] == [0, 1, 2, 5, 10, None]


def test_a_schedule_without_retries_gives_up_at_the_first_failure() -> None:
    """`retry_delays_s = []` must not retry for ever."""
    assert retry_delay_s((), 1) is None


@given(st.floats(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_never_shortens_a_wait_and_is_bounded(delay_s: float, random: float) -> None:
    """A shortened Retry-After is a Retry-After ignored."""
    assert delay_s <= jittered_s(delay_s, random) <= delay_s * 1.2 + 1e-9
    assert jittered_s(delay_s, random) <= delay_s + 5


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("1.5", 1.5),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("99999999999", RETRY_AFTER_S_MAX),
        ("Fri, 01 Mar 2126 12:00:00 GMT", RETRY_AFTER_S_MAX),
        ("Sun, 01 Mar 2026 12:00:99999999999999999999 GMT", None),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(value: str, expected_s: float | None) -> None:
    """Seconds and HTTP-dates are obeyed; nonsense is no instruction; a century is not believed."""
    assert retry_after_s({"retry-after": value}, NOW) == expected_s


def test_a_date_is_relative_to_the_answers_own_clock() -> None:
    """A target whose clock is an hour ahead would else make us wait an hour too long."""
    headers = {"retry-after": "Sun, 01 Mar 2026 13:00:10 GMT", "date": "Sun, 01 Mar 2026 13:00:00 GMT"}
    assert retry_after_s(headers, NOW) == 10.0


def test_no_header_is_no_instruction() -> None:
    """Absent must not be read as zero."""
    assert retry_after_s({}, NOW) is None


@pytest.mark.parametrize(
    ("status", "verdict", "blamed"),
    [
        (200, Verdict.DELIVERED, False),
        (201, Verdict.DELIVERED, False),
        (204, Verdict.DELIVERED, False),
        (302, Verdict.RETRY, True),
        (400, Verdict.REJECTED, False),
        (401, Verdict.RETRY, True),
        (403, Verdict.REJECTED, False),
        (404, Verdict.REJECTED, False),
        (408, Verdict.RETRY, True),
        (409, Verdict.RETRY, False),
        (422, Verdict.REJECTED, False),
        (425, Verdict.RETRY, False),
        (429, Verdict.RETRY, False),
        (500, Verdict.RETRY, True),
        (503, Verdict.RETRY, True),
        (599, Verdict.RETRY, True),
        (None, Verdict.RETRY, True),
    ],
)
def test_every_answer_has_one_meaning(status: int | None, verdict: Verdict, blamed: bool) -> None:
    """A 4xx retried for ever holds an order; a 5xx given up at once loses it; a 422 must not open the breaker."""
    assert (classify(status), blames_target(status)) == (verdict, blamed)


def test_a_conflict_means_what_the_api_says() -> None:
    """409 is per API: for one it is "in progress", for another "out of stock"."""
    assert classify(409, conflict=Verdict.REJECTED) == Verdict.REJECTED
