"""Bucket, breaker and gate with a clock that is a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.breaker import Breaker, BreakerState
from connectors.bucket import BURST_S, TokenBucket
from connectors.gate import Gate
from streams.settings.model import Breaker as BreakerSettings
from tests.connectors.make import target


@given(st.floats(0.5, 5000), st.lists(st.floats(0, 0.5), max_size=200))
def test_no_window_gets_more_than_the_rate_and_its_burst(rate: float, pauses_s: list[float]) -> None:
    """Whatever the rhythm of asking, a strict API must not see more than was configured."""
    bucket, now, given_at = TokenBucket(rate, 0.0), 0.0, list[float]()
    for pause_s in pauses_s:
        now += pause_s
        while bucket.wait_s(now) == 0:
            bucket.take(now)
            given_at.append(now)
    burst = max(1.0, rate * BURST_S)
    for first, start in enumerate(given_at):
        last = len(given_at) - 1
        assert last - first + 1 <= rate * (given_at[last] - start) + burst + 1e-6


def test_waiting_as_long_as_told_gives_a_token() -> None:
    """Rounding must not make the wait one that never ends."""
    bucket, now = TokenBucket(3, 0.0), 0.0
    for _ in range(100):
        now += bucket.wait_s(now)
        assert bucket.wait_s(now) == 0
        bucket.take(now)
    assert now == pytest.approx(99 / 3)


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    """A token taken twice is a rate exceeded."""
    bucket = TokenBucket(1, 10.0)
    bucket.take(10.0)
    assert bucket.wait_s(5.0) == 1.0
    assert bucket.wait_s(10.5) == 0.5


def test_the_breaker_opens_only_after_failures_in_a_row() -> None:
    """One success among failures shows that the target is alive."""
    breaker = Breaker(failures=3, open_s=10)
    for outcome in ("f", "f", "s", "f", "f"):
        breaker.failed(0, probe=False) if outcome == "f" else breaker.succeeded(probe=False)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.failed(0, probe=False)
    assert (breaker.state, breaker.wait_s(4)) == (BreakerState.OPEN, 6)


def open_breaker() -> Breaker:
    breaker = Breaker(failures=1, open_s=10)
    breaker.failed(0, probe=False)
    return breaker


def test_half_open_lets_one_through_and_no_more() -> None:
    """A target that comes back must not be met by everything that waited."""
    breaker = open_breaker()
    assert breaker.wait_s(10) == 0
    assert breaker.take()
    assert (breaker.state, breaker.wait_s(11)) == (BreakerState.HALF_OPEN, None)


def test_the_probe_decides_and_is_not_charged() -> None:
    """Probes of a long outage must not use an order's attempts up."""
    breaker = open_breaker()
    breaker.take()
    assert not breaker.failed(11, probe=True)
    assert (breaker.state, breaker.wait_s(11)) == (BreakerState.OPEN, 10)
    breaker.take()
    breaker.succeeded(probe=True)
    assert breaker.state is BreakerState.CLOSED


def test_what_was_in_flight_when_it_opened_is_not_charged() -> None:
    """32 in flight to a target that goes down: only those that opened the breaker count."""
    breaker = Breaker(failures=2, open_s=10)
    assert [breaker.failed(0, probe=False) for _ in range(4)] == [True, True, False, False]
    breaker.succeeded(probe=False)
    assert breaker.state is BreakerState.OPEN


def test_a_cancelled_probe_gives_its_place_to_another() -> None:
    """A partition that is revoked with the probe in flight must not leave the breaker half-open for ever."""
    breaker = open_breaker()
    breaker.take()
    breaker.abandoned(12, probe=True)
    assert (breaker.state, breaker.wait_s(12)) == (BreakerState.OPEN, 0)


def test_the_gate_waits_for_a_slot_not_for_a_time() -> None:
    """With all slots taken there is no point in waking by the clock."""
    gate = Gate(target(max_in_flight=1, rate_per_second=1000), 0.0)
    entered = gate.enter(0.0)
    assert gate.wait_s(50.0) is None
    gate.leave(entered)
    assert gate.wait_s(50.0) == 0


def test_the_longest_of_all_waits_counts() -> None:
    """A Retry-After must not be cut short by a bucket that has tokens."""
    gate = Gate(target(rate_per_second=10, breaker=BreakerSettings(failures=1, open_s=3)), 0.0)
    gate.pause(0.0, 7.0)
    assert gate.wait_s(0.0) == 7.0
    gate.breaker.failed(0.0, probe=False)
    assert gate.wait_s(0.0) == 7.0
    gate.pause(0.0, 1.0)
    assert gate.wait_s(0.0) == 7.0
