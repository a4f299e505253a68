"""Seed 003 on an item's `id` and `quantity`: what an order takes of which product, told through the fold."""

from decimal import Decimal
from typing import Any

import pytest

from projections.fold import fold
from projections.stock import holdings
from streams.platforms import Undecodable
from streams.vocabulary import Order
from tests.streams.platforms.case import put
from tests.streams.platforms.samples import changed, event

PLATE = {"product_id": "plate", "quantity": 1}


def order_of(*items: Any) -> Order:
    """After the seed's creation with these items."""
    return fold(None, event("duda", changed("duda", "order-created", put("data", "items", value=list(items)))))


@pytest.mark.parametrize("item", [{"product_id": "plate"}, {**PLATE, "quantity": None}], ids=["absent", "null"])
def test_item_without_a_quantity_is_refused(item: dict[str, Any]) -> None:
    """Read as one piece, an update after three would give two back that nobody has returned."""
    for name in ("order-created", "order-status-updated"):
        with pytest.raises(Undecodable, match=r"items\.quantity") as refusal:
            event("duda", changed("duda", name, put("data", "items", value=[PLATE, item])))
        assert "invalid-field" == refusal.value.reason


def test_item_that_has_nothing_but_its_id_is_that_product() -> None:
    """ "The unique item `id` is decremented … by the `quantity`": the guide's own words for what an order takes."""
    held, is_untracked = holdings(order_of({"id": "abc", "quantity": 1}, {"id": 7, "product_id": " ", "quantity": 2}))
    assert {"abc": Decimal(1), "7": Decimal(2)} == {key.rpartition("/")[2]: pieces for key, pieces in held.items()}
    assert not is_untracked


@pytest.mark.parametrize("name", ["product_id", "external_product_id", "sku"])
def test_item_with_an_id_of_its_product_is_not_known_by_its_own(name: str) -> None:
    """The vendor's reference has an `id` for the item, which another order's item of the product need not share."""
    one, two = (holdings(order_of({"id": id, name: "plate", "quantity": 1}))[0] for id in ("i-1", "i-2"))
    assert list(one) == list(two)
    assert all(key.endswith("plate") for key in one)
