"""The invariant: page after page every row comes once, in order, whatever is decided between two pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.deadletters.model import Letter, State
from projections.http.deadletters.pages import letter_key, page
from projections.http.problems import Refusal
from streams.vocabulary import CommandType

START = datetime(2026, 11, 21, tzinfo=UTC)


def letter(number: int, at_s: float) -> Letter:
    at = START + timedelta(seconds=at_s)
    return Letter(f"id-{number}", CommandType.CREATE_ORDER, "t", "k", None, State.HOLDING, at, 1)


@given(st.lists(st.floats(0, 1e6), max_size=30), st.integers(1, 8), st.sets(st.integers(0, 29)))
def test_pages_leave_nothing_out_and_repeat_nothing(times: list[float], limit: int, decided: set[int]) -> None:
    """Rows that are decided about after the first page are gone from the next ones, and shift nothing."""
    letters = [letter(number, at_s) for number, at_s in enumerate(times)]
    shown = page(letters, letter_key, limit, None)
    seen = list(shown.rows)
    left = [each for number, each in enumerate(letters) if number not in decided]
    while shown.next is not None:
        shown = page(left, letter_key, limit, shown.next)
        assert len(shown.rows) <= limit
        seen += shown.rows
    first = sorted(letters, key=letter_key)[:limit]
    assert seen == first + [each for each in sorted(left, key=letter_key) if each not in first]


@pytest.mark.parametrize("cursor", ["", "x", "é", "e30", "WzFd", "bnVsbA"])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    """Taken for the beginning it would show the first page for ever."""
    with pytest.raises(Refusal) as refused:
        page([letter(1, 0)], letter_key, 10, cursor)
    assert "query-invalid" == refused.value.reason
