"""Finished reads, as values. Invariant: the newest are remembered, never too many, none for too long."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.remembered import REMEMBERED, Remembered
from connectors.vocabulary import Delivery
from streams.vocabulary import CommandType
from tests.connectors.make import at, delivery


def done(number: int, at_s: float) -> Delivery:
    return delivery(f"f-{number}", type=CommandType.FETCH_ORDER).done(at(at_s))


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=8), st.integers(1, 5))
def test_the_newest_stay_and_never_more_than_the_bound(batches: list[list[int]], count_max: int) -> None:
    """A table that only grows is restored ever more slowly."""
    remembered, kept, number, now_s = Remembered([], count_max), list[Delivery](), 0, 0
    for batch in batches:
        added = []
        for wait_s in batch[:count_max]:
            now_s, number = now_s + wait_s, number + 1
            added.append(done(number, now_s))
        forgotten = remembered.too_old(len(added), at(now_s))
        remembered.apply(added, forgotten)
        kept = [*kept, *added]
        assert forgotten == [each.id for each in kept[: max(0, len(kept) - count_max)]]
        kept = kept[len(forgotten) :]
        assert len(remembered) == len(kept) <= count_max


def test_none_stays_for_longer_than_what_it_brought() -> None:
    """Once the raw record is gone the order would not be fetched, and nowhere to be read."""
    remembered = Remembered([done(2, 10), done(1, 0), delivery("c-1")])
    assert len(remembered) == 2
    assert remembered.too_old(1, at(5) + REMEMBERED) == ["f-1"]
    assert remembered.too_old(1, at(9) + REMEMBERED - timedelta(days=1)) == []


def test_what_is_remembered_is_read_back_by_a_restart() -> None:
    """It lies in the table as JSON."""
    back = Delivery.from_json(done(1, 3).to_json())
    assert (back.is_done, back.is_dead, back.due_at, back.attempts) == (True, False, at(3), 1)
