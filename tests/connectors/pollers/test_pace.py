"""When the next request may go."""

import pytest

from connectors.pollers.pace import Pace


def test_the_rate_holds() -> None:
    """Past its limit the API shuts us out."""
    pace = Pace(2, 60, now=0)
    pace.take(0)
    assert (pace.wait_s(0), pace.wait_s(0.5)) == (0.5, 0)


def test_failures_wait_longer_and_longer_up_to_a_bound() -> None:
    """An API that is down is not helped by us; and once it is up, an hour must not pass before we see it."""
    pace = Pace(100, 10, now=0)
    assert [pace.failed(0, None, 0) for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    assert pace.wait_s(4) == 6
    for _ in range(5000):
        assert pace.failed(0, None, 0.99) < 13
    pace.worked()
    assert pace.failed(0, None, 0) == 1


def test_what_the_api_asks_for_is_never_shortened() -> None:
    """Retry-After is an order, also to an operator who wants it now."""
    pace = Pace(100, 1, now=0)
    assert pace.failed(0, 30, 0) == 30
    pace.hurry(1)
    assert pace.wait_s(1) == 29
    assert pace.failed(2, 5, 0) == 28, "a shorter one does not end the longer one"


def test_an_operator_does_not_wait_for_the_interval_nor_for_the_backoff() -> None:
    """Whoever has mended it wants to see it work."""
    pace = Pace(100, 300, now=0)
    pace.rest(0, 3600)
    for _ in range(10):
        pace.failed(0, None, 0)
    assert pace.wait_s(1) == 3599
    pace.hurry(1)
    assert pace.wait_s(1) == 0


def test_no_token_is_taken_that_is_not_there() -> None:
    """A slip in the loop must show itself, not the rate limit."""
    pace = Pace(1, 60, now=0)
    pace.take(0)
    assert pace.room_s(0) == 1
    with pytest.raises(ValueError, match="no token"):
        pace.take(0)
