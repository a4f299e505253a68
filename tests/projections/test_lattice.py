"""The tables by which statuses join: laws that every pair must keep, and the pairs that people argue about."""

from itertools import product

import pytest

from projections import lattice
from streams.vocabulary import OrderStatus, PaymentStatus

TABLES = [(lattice.NEXT, OrderStatus), (lattice.PAYMENT_NEXT, PaymentStatus)]


@pytest.mark.parametrize(("table", "words"), TABLES)
def test_table_has_every_pair(table: dict, words: type) -> None:  # type: ignore[type-arg]
    """A pair that is missing would stop the fold at a real order."""
    assert set(table) == set(product(words, repeat=2))


@pytest.mark.parametrize(("table", "words"), TABLES)
def test_join_is_idempotent_commutative_and_associative(table: dict, words: type) -> None:  # type: ignore[type-arg]
    """Short of any of the three, the order of arrival would show."""
    for a, b, c in product(words, repeat=3):
        assert table[a, a] == a
        assert table[a, b] == table[b, a]
        assert table[table[a, b], c] == table[a, table[b, c]]


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
