"""The tables by which statuses join: laws that every pair must keep, and the pairs that people argue about."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import permutations, product
from typing import Any

import pytest

from projections import lattice
from projections.fold import fold
from streams.platforms.commerceos import words
from streams.vocabulary import EventType, Order, OrderFacts, OrderStatus, PaymentStatus, Shipment
from tests.projections.events import selldone_event

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


@pytest.mark.parametrize("words", list(permutations(["Released", "Transiting", "Lost", "PartiallyAcquired", None])))
def test_a_parcel_never_goes_back(words: tuple[str | None, ...]) -> None:
    """CommerceOS' shipments have no time: an old snapshot that comes late would take a delivered parcel back."""
    order: Order | None = None
    for at_s, word in enumerate(words):
        event = selldone_event("NewAction", {}, at_s=at_s, offset=at_s)
        facts = OrderFacts(shipments=(Shipment(id="S-1", status=word),))
        order = fold(order, event.model_copy(update={"data": facts}))
    assert order is not None
    assert ["PartiallyAcquired"] == [shipment.status for shipment in order.shipments]


def test_the_words_of_parcels_are_those_that_the_platform_uses() -> None:
    """A word in one table that is not in the other would be a parcel that goes back."""
    assert list(lattice.SHIPMENTS) == sorted(
        words.SHIPMENT_STATUSES, key=lambda word: words.SHIPMENT_STATUSES[word].rank
    )


@pytest.mark.parametrize("order", list(permutations(["New", "New, Released", "Released, Transiting", "Odd"])))
def test_parcel_of_several_words_is_as_far_as_the_one_that_is_least_far(order: tuple[str, ...]) -> None:
    """Taken for a word that nobody knows, it would stay `New` for good."""
    state: Order | None = None
    for at_s, word in enumerate(order):
        facts = OrderFacts(shipments=(Shipment(id="S-1", status=word),))
        event = selldone_event("NewAction", {}, at_s=at_s, offset=at_s)
        state = fold(state, event.model_copy(update={"data": facts}))
    assert state is not None
    assert ["Released, Transiting"] == [shipment.status for shipment in state.shipments]
