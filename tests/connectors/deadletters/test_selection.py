"""Which dead letters are meant: too many, and an operator discards what nobody looked at."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.deadletters.model import OPEN, Decision, Letter, Place, State, Verb
from connectors.deadletters.selection import Selection, moment
from streams.vocabulary import CommandType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTER = Letter(
    id="c-1",
    type=CommandType.CREATE_ORDER,
    target="external",
    order_key="duda:shop/1",
    receipt=None,
    state=State.HOLDING,
    at=NOW,
    attempts=3,
    reason="rejected",
)
DECISION = Decision(
    Verb.REDRIVE,
    *("c-1", "external", "duda:shop/1", "ada", "mended", NOW),
    place=Place("commands", 0, 7),
    type="create_order",
    reason="rejected",
)
ONE_OF_EACH = [
    ({"ids": {"c-1", "c-2"}}, {"ids": {"c-2"}}),
    ({"orders": {"duda:shop/1"}}, {"orders": {"duda:shop/10"}}),
    ({"targets": {"external"}}, {"targets": {"extern"}}),
    ({"reasons": {"rejected"}}, {"reasons": {"retries-exhausted"}}),
    ({"types": {"create_order"}}, {"types": {"update_order"}}),
    ({"since": NOW}, {"since": NOW + timedelta(microseconds=1)}),
    ({"until": NOW + timedelta(microseconds=1)}, {"until": NOW}),
]


@pytest.mark.parametrize(("fits", "fails"), [*ONE_OF_EACH, ({"states": {State.HOLDING}}, {"states": {State.PARKED}})])
def test_each_field_of_a_selection_lets_in_what_it_names_and_nothing_else(
    fits: dict[str, Any], fails: dict[str, Any]
) -> None:
    """A field that is passed over widens what is decided about."""
    assert [True, False] == [Selection(**given).admits(LETTER) for given in (fits, fails)]
    both = {**fails, **{name: value for name, value in fits.items() if name not in fails}, "ids": frozenset({"c-1"})}
    assert fails.keys() == {"ids"} or not Selection(**both).admits(LETTER), "all must hold"


@pytest.mark.parametrize(("fits", "fails"), ONE_OF_EACH)
def test_decisions_are_selected_as_letters_are(fits: dict[str, Any], fails: dict[str, Any]) -> None:
    """An audit that leaves one out is none."""
    assert [True, False] == [Selection(**given).admits_decision(DECISION) for given in (fits, fails)]


def test_what_says_nothing_is_not_narrowed_and_means_what_waits() -> None:
    """`redrive` without a word about which ones must not come to all of them by accident."""
    assert not Selection().is_narrowed
    assert all(Selection(**fits).is_narrowed for fits, _ in ONE_OF_EACH)
    ended = [Letter(**{**_fields(LETTER), "state": state}) for state in set(State) - OPEN]
    assert [] == [each for each in ended if Selection().admits(each)]
    assert all(Selection(states=frozenset()).admits(each) for each in ended)


def test_a_letter_without_a_reason_is_of_no_reason() -> None:
    """Its letter is no longer kept: nobody knows, so nobody who names a reason means it."""
    assert not Selection(reasons=frozenset({"rejected"})).admits(Letter(**{**_fields(LETTER), "reason": None}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-28T13:00:00+01:00", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("2026-02-28T12:00:00Z", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("2026-02-28 12:00", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("24h", NOW - timedelta(days=1)),
        (" 7d ", NOW - timedelta(days=7)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, expected: datetime) -> None:
    """An hour off by an offset selects other letters."""
    assert expected == moment(text, NOW)


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7w", "-1h", "2026-13-01", "999999d", "1e3s", "٧d" * 9])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    """A time that is guessed selects at random."""
    with pytest.raises(ValueError, match=r"is not a time: write 2026-|is before all time"):
        moment(text, NOW)


def _fields(letter: Letter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in Letter.__slots__}
