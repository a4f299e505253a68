"""The mapping of the worked example in the contract suite, for one order to a body and for many."""

from streams.platforms import SourceConfig, platform_of
from tests.streams.platforms.case import BIG, EXACT, Case, both, drop, put, under
from tests.streams.platforms.example import options

# Sources of the suite are named after their platform.
_ALONE = SourceConfig("mapping", "mapping", "mapping", frozenset({"mapping"}), options())

MAPPING = Case(
    platform="mapping",
    sample="order-paid",
    reader=platform_of(_ALONE),
    saying=under("type"),
    unknown_event=put("type", value="order.archived"),
    without_event=drop("type"),
    without_order=(
        drop("data", "order", "id"),
        drop("data", "store"),
        put("data", "store", value=" "),
        put("data", value=None),
        put("data", "order", "id", value={"id": 1}),
        put("data", "order", "id", value=1.5),
        put("data", "order", "id", value=True),
        put("data", "order", "id", value="9" * 201),
    ),
    big_id=put("data", "order", "id", value=BIG),
    slash_in_shop=(
        both(put("data", "store", value="a/b"), put("data", "order", "id", value="c")),
        both(put("data", "store", value="a"), put("data", "order", "id", value="b/c")),
    ),
    bad_amounts=(
        put("data", "order", "total", value="a lot"),
        put("data", "order", "total", value=True),
        put("data", "order", "total", value="1e999"),
        put("data", "order", "lines", 0, "qty", value="three"),
        put("data", "order", "lines", 0, "price", value=[45]),
        put("data", "order", "charges", 0, "amount", value={}),
    ),
    broken_lists=(
        put("data", "order", "lines", value=["three"]),
        put("data", "order", "lines", 1, value=2),
    ),
    odd_descriptions=both(
        put("data", "buyer", value={"first": 5, "last": None, "id": 1.5, "email": ["a"]}),
        put("data", "order", "state", value=["open"]),
        put("data", "order", "created", value="yesterday"),
        put("data", "order", "number", value={}),
    ),
    without_time=put("timestamp", value="noon"),
    exact_total=put("data", "order", "total", value=EXACT),
)
