"""Selldone in the contract suite."""

from tests.streams.platforms.case import BIG, EXACT, Case, both, drop, put, under

SELLDONE = Case(
    platform="selldone",
    sample="checkout-order",
    saying=under("action"),
    other_thing=put("event", value="AvocadoOrder"),
    unknown_event=put("action", value="ArchiveOrder"),
    without_event=drop("action"),
    without_order=(
        drop("basket", "id"),
        drop("basket"),
        both(drop("shop"), drop("basket", "shop_id")),
        put("basket", value="Order object"),
        put("basket", "id", value=None),
        put("basket", "id", value=1.5),
        put("basket", "id", value=False),
        put("basket", "id", value=""),
    ),
    big_id=put("basket", "id", value=BIG),
    slash_in_shop=(
        both(put("shop", "id", value="a/b"), put("basket", "id", value="c")),
        both(put("shop", "id", value="a"), put("basket", "id", value="b/c")),
    ),
    bad_amounts=(
        put("basket", "price", value="a lot"),
        put("basket", "items", 0, "count", value="three"),
        put("basket", "items", 0, "price", value=[45]),
        put("basket", "items", 0, "tax", "amount", value=False),
        put("basket", "discount", value={}),
        put("basket", "tax", value="1e999"),
    ),
    broken_lists=(
        put("basket", "items", value={"0": {"id": 1, "price": 1}}),
        put("basket", "items", value=[{"id": 1, "price": 1}, None]),
        put("basket", "items", value=2),
    ),
    odd_descriptions=both(
        put("basket", "status", value=["Open"]),
        put("basket", "label", value={}),
        put("customer", value="John"),
        put("user", value=[]),
        put("basket", "created_at", value=5),
    ),
    without_time=drop("basket", "updated_at"),
    null_total=put("basket", "price", value=None),
    without_total=drop("basket", "price"),
    exact_total=put("basket", "price", value=EXACT),
)
