"""The rate, with clocks that are numbers: no second of the API's ever holds more than it allows, over all workers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.share import NOTHING, Share, commands_rate, share
from connectors.window import SlidingWindow
from tests.connectors.commerceos import commerceos
from tests.connectors.make import target

STRETCH = 1.04
# Sums of times are not exact.
ROUNDED_S = 1e-6


def drained(window: SlidingWindow, now: float) -> list[float]:
    """All that may go now."""
    gone = []
    while window.wait_s(now) == 0:
        window.take(now)
        gone.append(now)
    return gone


def most_within(times: list[float], seconds: float) -> int:
    """In any window of so long, its end left out."""
    return max((sum(start <= each < start + seconds - ROUNDED_S for each in times) for start in times), default=0)


SHARES = st.one_of(
    st.integers(1, 40).map(Share), st.floats(1.5, 30).map(lambda window_s: Share(1, window_s)), st.just(NOTHING)
)


@given(SHARES, st.floats(0, 1), st.lists(st.floats(0, 0.7), max_size=60))
def test_no_window_holds_more_than_the_share(mine: Share, burst_s: float, pauses_s: list[float]) -> None:
    """Whatever the rhythm of asking: the API counts in windows that begin anywhere."""
    window, now, gone = SlidingWindow(mine, STRETCH, burst_s), 0.0, list[float]()
    for pause_s in pauses_s:
        now += pause_s
        gone += drained(window, now)
    assert most_within(gone, mine.window_s * STRETCH) <= mine.count
    assert most_within(gone, 1.0) <= mine.count


@given(st.lists(st.tuples(st.floats(0, 0.7), SHARES), max_size=40), st.floats(0, 1))
def test_a_share_that_changes_gives_no_second_more_than_the_larger(
    changes: list[tuple[float, Share]], burst_s: float
) -> None:
    """Between two rebalances a worker has one share or the other, and never both."""
    window, now, gone = SlidingWindow(Share(5), STRETCH, burst_s), 0.0, list[float]()
    for pause_s, mine in changes:
        window.give(mine, now)
        gone += drained(window, now)
        now += pause_s
        gone += drained(window, now)
    assert most_within(gone, 1.0) <= max(5, *(mine.count for _, mine in changes), 0)


@st.composite
def moves(draw: st.DrawFn) -> tuple[int, int, int, list[tuple[float, int, int]]]:
    """A rate, so many workers and partitions, and which partition goes to which worker when."""
    workers, partitions = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    step = st.tuples(st.floats(0, 0.5), st.integers(0, partitions - 1), st.integers(0, workers - 1))
    return draw(st.integers(1, 60)), workers, partitions, draw(st.lists(step, max_size=40))


@given(moves())
def test_all_workers_together_keep_the_rate_while_partitions_move(
    given_: tuple[int, int, int, list[tuple[float, int, int]]],
) -> None:
    """Nobody asks anybody: a partition's part of the rate is used by its owner, and by a new one only after a second.

    Where a worker has less than one request per second, it adds at most that one.
    """
    rate, workers, partitions, steps = given_
    owner = {partition: partition % workers for partition in range(partitions)}

    def owned(worker: int) -> list[int]:
        return [partition for partition, of in owner.items() if of == worker]

    def small() -> set[int]:
        return {worker for worker in range(workers) if share(rate, owned(worker), partitions).window_s > 1}

    windows = [SlidingWindow(share(rate, owned(worker), partitions), STRETCH, 0.02) for worker in range(workers)]
    now, gone, below_one = 0.0, list[float](), small()
    for pause_s, partition, to in steps:
        owner[partition], before = to, owner[partition]
        for worker in (before, to):
            windows[worker].give(share(rate, owned(worker), partitions), now)
        below_one |= small()
        for _ in range(4):
            now += pause_s / 4
            gone += [each for window in windows for each in drained(window, now)]
    assert most_within(gone, 1.0) <= rate + len(below_one)


@given(st.floats(0.01, 5000), st.integers(1, 100), st.data())
def test_the_parts_of_all_workers_are_the_rate_and_no_more(rate: float, partitions: int, data: st.DataObject) -> None:
    """However the partitions are divided, what is divided is all of it."""
    owners = data.draw(st.lists(st.integers(0, 4), min_size=partitions, max_size=partitions))
    parts = [share(rate, [at for at, of in enumerate(owners) if of == worker], partitions) for worker in range(5)]
    whole = [part.count for part in parts if part.window_s == 1.0]
    assert sum(whole) <= rate
    if all(part.window_s == 1.0 for part in parts):
        assert sum(whole) == int(rate)


def test_a_share_below_one_goes_as_rarely_as_it_says() -> None:
    """One request per second over 4 workers of 12 partitions: each one in four seconds, not one each second."""
    assert [share(1, range(at, 12, 4), 12) for at in range(3)] == [Share(1, 4.0)] * 3
    assert share(0.5, range(12), 12) == Share(1, 2.0)
    assert share(100, (), 12) == NOTHING


def test_waiting_as_long_as_told_is_enough() -> None:
    """Rounding must not make the wait one that never ends."""
    window, now = SlidingWindow(Share(3), 1.0, 0), 0.0
    for _ in range(100):
        now += window.wait_s(now)
        assert window.wait_s(now) == 0
        window.take(now)
    assert now == pytest.approx(99 / 3)


def test_requests_are_spaced_and_not_sent_all_at_once() -> None:
    """Thirty at once that arrive late would meet the next thirty."""
    window = SlidingWindow(Share(50), 1.0, 0.02)
    assert len(drained(window, 0.0)) == 1
    assert len(drained(window, 0.5)) == 1
    assert window.wait_s(0.5) == pytest.approx(0.02)


def test_what_is_gained_counts_after_a_second() -> None:
    """Whoever had the partition before may have used its part up just now."""
    window = SlidingWindow(NOTHING, 1.0, 1.0)
    assert window.wait_s(5.0) == float("inf")
    window.give(Share(10), 5.0)
    assert window.wait_s(5.0) == 1.0
    assert len(drained(window, 6.0)) == 10
    window.give(Share(2), 6.5)
    assert window.wait_s(7.0) == pytest.approx(0.0)


def test_what_is_lost_is_gone_at_once() -> None:
    """The new owner counts on it."""
    window = SlidingWindow(Share(10), 1.0, 1.0)
    window.give(NOTHING, 5.0)
    assert window.wait_s(5.0) > 0


def test_a_clock_that_goes_back_lets_nothing_more_go() -> None:
    """Counted twice would be a rate exceeded."""
    window = SlidingWindow(Share(1), 1.0, 1.0)
    window.take(10.0)
    assert window.wait_s(5.0) == 6.0
    assert window.wait_s(10.5) == 0.5


def test_what_goes_out_again_makes_the_next_wait() -> None:
    """A second request with a new token counts at the API like any other."""
    window = SlidingWindow(Share(2), 1.0, 1.0)
    window.take(0.0)
    window.count(0.1)
    assert window.wait_s(0.5) == 0.5
    with pytest.raises(ValueError, match="none may go"):
        window.take(0.5)


def test_reads_have_their_part_set_aside() -> None:
    """The poller and the reconciliation ask the same API, past the gate."""
    assert commands_rate(commerceos(rate_per_second=100)) == 90
    assert commands_rate(target(rate_per_second=100)) == 100
    assert commands_rate(commerceos({"reads_per_second": 0.5}, rate_per_second=2)) == 1
