"""The tables by which statuses join: laws that every pair must keep, and the pairs that people argue about."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from projections import lattice
from streams.vocabulary import EventType, OrderStatus, PaymentStatus

TABLES = [(lattice.NEXT, OrderStatus), (lattice.PAYMENT_NEXT, PaymentStatus)]
Table = Mapping[tuple[Any, Any], Any]


@pytest.mark.parametrize(("table", "words"), TABLES)
def test_table_has_every_pair(table: Table, words: type[StrEnum]) -> None:
    """A pair that is missing would stop the fold at a real order."""
    assert set(table) == set(product(words, repeat=2))


@pytest.mark.parametrize(("table", "words"), TABLES)
def test_join_is_idempotent_commutative_and_associative(table: Table, words: type[StrEnum]) -> None:
    """Short of any of the three, the order of arrival would show."""
    for a, b, c in product(words, repeat=3):
        assert table[a, a] == a
        assert table[a, b] == table[b, a]
        assert table[table[a, b], c] == table[a, table[b, c]]


@pytest.mark.parametrize(("table", "words"), TABLES)
def test_next_is_what_the_order_was_or_what_was_said(table: Table, words: type[StrEnum]) -> None:
    """A slip in the table would put an order where nobody said it was."""
    assert all(then in pair for pair, then in table.items())


def test_contradictions_are_marked_in_both_directions() -> None:
    """Marked in one only, the flag would look as if it depended on which came first."""
    marked = {pair for pair, (_, is_marked) in lattice._STATUS_CELLS.items() if is_marked}
    assert marked == {(said, now) for now, said in marked}
    assert set(lattice.CONTRADICTIONS.values()) == {"cancelled-and-shipped", "cancelled-and-delivered"}
    assert {frozenset(pair) for pair in marked} == set(lattice.CONTRADICTIONS)


def test_every_type_of_event_is_in_one_of_the_tables() -> None:
    """A type that is in none would change nothing, unnoticed."""
    listed = [*lattice.ASSERTED, *lattice.PAYMENT_ASSERTED, *lattice.SILENT]
    assert sorted(listed) == sorted(EventType)


@pytest.mark.parametrize(
    ("now", "said", "then"),
    [
        ("shipped", "confirmed", "shipped"),
        ("cancelled", "delivered", "cancelled"),
        ("delivered", "cancelled", "cancelled"),
        ("cancelled", "returned", "returned"),
        ("returned", "pending", "returned"),
    ],
)
def test_terminal_statuses_never_go_back(now: str, said: str, then: str) -> None:
    """A cancelled order that comes to life again would be sent."""
    assert lattice.NEXT[OrderStatus(now), OrderStatus(said)] == OrderStatus(then)


TERMINAL = (OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED)


@pytest.mark.parametrize("now", TERMINAL)
def test_no_word_leads_from_a_terminal_status_to_one_that_is_not(now: OrderStatus) -> None:
    """The same for every word there is."""
    assert {lattice.NEXT[now, said] for said in OrderStatus} <= set(TERMINAL)


def test_flags_are_bounded_and_the_same_whichever_came_first() -> None:
    """A sender that makes up words must not grow an order without end, nor push out what a person has to see."""
    words = [f"{lattice.UNKNOWN_EVENT}{n:03}" for n in range(100)]
    one: tuple[str, ...] = ()
    two: tuple[str, ...] = ()
    for word in [*words, "cancelled-and-shipped"]:
        one = lattice.with_flags(one, {word})
    for word in ["cancelled-and-shipped", *reversed(words)]:
        two = lattice.with_flags(two, {word})
    assert (len(one), one[0]) == (lattice.UNKNOWN_MAX + 1, "cancelled-and-shipped")
    assert one == two
