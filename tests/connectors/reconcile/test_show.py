"""How a comparison is told: what could not be asked for is neither a difference nor the same."""

from datetime import UTC, datetime

from connectors.reconcile import show
from connectors.reconcile.compare import Difference, Kind
from connectors.reconcile.run import Result

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIFFERENCE = Difference(Kind.MISSING, "shop:1", "New", "-")


def test_orders_that_nobody_asked_for_are_named_and_counted_apart() -> None:
    """Told as missing they would be commanded again, though they may be there."""
    result = Result("site", None, AT, compared=3, unasked=["shop:2", "shop:3"])
    *named, summary = show.rows(result)
    assert named == [{"unasked": "shop:2"}, {"unasked": "shop:3"}]
    assert (summary["unasked"], summary["differences"]) == (2, {})
    assert show.said(result) == "3 order(s) compared, 2 in no page there and not asked for: 0 difference(s)"


def test_of_many_that_nobody_asked_for_the_first_are_shown() -> None:
    assert show.first(["shop:1", "shop:2"]) == "shop:1, shop:2"
    assert show.first([f"shop:{number}" for number in range(9)]).endswith("shop:4 … (--json: all 9)")


def test_both_sides_are_the_same_where_all_is_known_and_nothing_differs() -> None:
    assert Result("site", None, AT).is_same
    assert not Result("site", None, AT, unasked=["shop:2"]).is_same
    assert not Result("site", None, AT, differences=[DIFFERENCE]).is_same
