"""Apicbase in the contract suite. It has one document, of which `status` is the only word that could be an event."""

from tests.streams.platforms.case import BIG, EXACT, Case, both, drop, put, under

APICBASE = Case(
    platform="apicbase",
    sample="purchase-order",
    saying=under("status"),
    unknown_event=put("status", value="ARCHIVED"),
    without_order=(
        drop("id"),
        put("id", value=None),
        put("id", value=""),
        put("id", value=1.5),
        put("id", value=True),
        put("id", value=["1"]),
        put("id", value="9" * 201),
    ),
    big_id=put("id", value=BIG),
    bad_amounts=(
        put("theoretical_price", value="a lot"),
        put("theoretical_price", value="NaN"),
        put("theoretical_price", value="1e999"),
        put("packages", 0, "total_theoretical_price", value="a lot"),
        put("packages", 1, "supplier_package", "theoretical_price_per_package", value=[45]),
        put("packages", 1, "quantity_ordered", value="three"),
        put("packages", 1, "quantity_ordered", value=0),
        put("packages", 1, "quantity_ordered", value=-2),
        put("packages", 1, "quantity_ordered", value=1.5),
        put("packages", 1, "quantity_ordered", value=True),
        put("packages", 1, "quantity_ordered", value=None),
    ),
    broken_lists=(
        put("packages", value={"0": {"quantity_ordered": 1}}),
        put("packages", 1, value="junk"),
    ),
    odd_descriptions=both(
        put("owned_by", value=["renée"]),
        put("order_remarks", value={"a": 1}),
        put("expected_delivery_date", value="soon"),
        put("packages", 0, "stock_item", value="cream"),
    ),
    null_total=put("theoretical_price", value=None),
    without_total=drop("theoretical_price"),
    exact_total=put("theoretical_price", value=EXACT),
)
