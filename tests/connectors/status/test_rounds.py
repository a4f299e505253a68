"""What a round asks for: every order that can still change is met, whatever is placed while it is read."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.commerceos.path import condition, parse
from connectors.status.queries import Listing, escaped, order_path
from connectors.status.rounds import OPEN, Round, listings
from connectors.status.snapshot import Snapshot, snapshots
from connectors.status.watched import RECONCILED, Watched, forgotten, read

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HORIZON = NOW - timedelta(days=30)
CHANNEL = "com.acme.channel"


def snapshot(id: str, at: datetime, *status: str) -> Snapshot:
    return Snapshot(id, b"{}", at, id, {"status": status})


def page(listing: Listing, orders: list[Snapshot], skip: int, take: int) -> list[Snapshot]:
    """As the API gives it."""
    found = [each for each in orders if listing.status in (None, *each.order["status"])]
    return sorted(found, key=lambda each: each.at, reverse=listing.is_newest_first)[skip : skip + take]


@given(
    ages=st.lists(
        st.tuples(st.integers(0, 90 * 24), st.sampled_from([(OPEN,), ("New",), (OPEN, "Fulfilled")])), max_size=40
    ),
    placed=st.lists(st.integers(0, 4), max_size=60),
    take=st.integers(1, 7),
    given_at_most=st.integers(1, 7),
)
def test_what_can_still_change_is_met_whatever_is_placed_meanwhile(
    ages: list[tuple[int, tuple[str, ...]]], placed: list[int], take: int, given_at_most: int
) -> None:
    """Numbered pages shift while they are read, and an API may give fewer than are asked for."""
    orders = [snapshot(f"o-{n}", NOW - timedelta(hours=age), *status) for n, (age, status) in enumerate(ages)]
    wanted = {each.id for each in orders if each.at >= HORIZON or OPEN in each.order["status"]}
    current, new = Round(listings(CHANNEL, ["shop"]), HORIZON, 1000), 0
    for count in [*placed, *[0] * 1000]:
        if current.has_ended:
            break
        current.took(page(current.listings[current.at], orders, current.skip, min(take, given_at_most)))
        for _ in range(count):
            new += 1
            orders.append(snapshot(f"n-{new}", NOW + timedelta(seconds=new), OPEN))
    assert (current.has_ended, current.is_whole) == (True, True)
    assert wanted <= current.met


def test_a_list_that_is_too_long_is_given_up_and_the_others_are_read() -> None:
    """One source with a million orders must not keep the poller from all others, nor for ever."""
    current = Round(listings(CHANNEL, ["a", "b"]), HORIZON, 3)
    for _ in range(3):
        current.took([snapshot("o", NOW, OPEN)])
    assert (1, 0, False) == (current.at, current.skip, current.is_whole)
    for _ in range(3):
        current.took([])
    assert current.has_ended


ids = st.text(min_size=1, max_size=30).filter(lambda text: not any(0xD800 <= ord(each) <= 0xDFFF for each in text))


@given(source=ids, id=ids)
def test_no_id_can_be_read_as_anything_else(source: str, id: str) -> None:
    """An order key has colons and slashes; one with `~` or `)` must not become an operator."""
    step = parse(Listing(CHANNEL, source, OPEN).path("status", 200, 100))[-1]
    assert ["where", "where", "with", "orderBy", "skip", "take"] == [each.name for each in step.operators]
    (where,) = step.operators[0].arguments
    assert (("identifiers", CHANNEL), "=", source) == (lambda found: (found.field, found.sign, found.value))(
        condition(where)
    )
    steps = parse(order_path("com.acme.order-id", id, "status"))
    assert (3, f"com.acme.order-id={id}") == (len(steps), steps[-1].name)
    assert unquote(escaped(id)) == id


def test_a_snapshot_is_known_by_our_id_else_by_the_database_key() -> None:
    """And by its whole content, whatever the order of its fields."""
    ours = b'{"identifiers": {"key": "k", "com.acme.order-id": "shop:1"}, "timestamp": "2026-11-21T12:00:00Z"}'
    theirs = b'{"timestamp":"2026-11-21T12:00:00Z","identifiers":{"key":"k"}}'
    first, second = snapshots("s", "com.acme.order-id", b"[%s,%s]" % (ours, theirs), NOW)
    assert (("shop:1", ours, NOW), ("k", theirs)) == ((first.id, first.body, first.at), (second.id, second.body))
    (again,) = snapshots("s", "com.acme.order-id", b"[%s]" % ours.replace(b" ", b""), NOW)
    assert (again.digest, again.body == first.body) == (first.digest, False)


def row(id: bytes, at: datetime) -> tuple[bytes, bytes]:
    return id, Watched(at=at, digest="d").to_json()


@pytest.mark.parametrize(
    ("is_whole", "orders_max", "gone"),
    [
        (True, 9, {b"old", b"young", b"bad"}),
        (False, 9, {b"old", b"bad"}),
        (True, 1, {b"old", b"young", b"bad", b"met"}),
    ],
)
def test_what_is_remembered_is_bounded(is_whole: bool, orders_max: int, gone: set[bytes]) -> None:
    """A table that keeps every order ever seen would be restored by each worker for ever."""
    table = [
        *(row(b"old", HORIZON - timedelta(1)), row(b"young", NOW), row(b"met", HORIZON), row(b"last", NOW)),
        *((b"bad", b"{"), row(RECONCILED, HORIZON)),
    ]
    assert gone == set(forgotten(table, {"met", "last"}, HORIZON, orders_max, is_whole=is_whole))
    assert read(b"{") is None
