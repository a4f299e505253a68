"""Quickbutik in the contract suite: the ping, which has no body, and the order as its API answers it."""

from tests.streams.platforms.case import EXACT, Case, asking, both, drop, put

QUERY = {"event_type": "order.new", "order_id": "948102"}

QUICKBUTIK_PING = Case(
    platform="quickbutik",
    name="ping",
    sample=None,
    query=QUERY,
    method="GET",
    has_ids=False,
    has_total=False,
)

# The vendor's documentation shows no whole order: the sample is made from the fields that it and the seed name.
QUICKBUTIK_ORDER = Case(
    platform="quickbutik",
    name="order",
    sample="order",
    query=QUERY,
    method="GET",
    is_fetched=True,
    saying=asking("event_type"),
    has_ids=False,
    bad_amounts=(
        put(0, "total_amount", value="a lot"),
        put(0, "total_amount", value="NaN"),
        put(0, "total_amount", value="1e999"),
        put(0, "total_amount", value=[45]),
        put(0, "total_amount", value=None),
        put(0, "total_amount", value=True),
        drop(0, "total_amount"),
        put(0, "shipping_amount", value="a lot"),
        put(0, "products", 0, "qty", value="three"),
        put(0, "products", 1, "price", value={}),
        put(0, "refunds", value=[{"id": "1", "amount": "a lot"}]),
    ),
    broken_lists=(
        put(0, "products", value={"0": {"sku": "A", "qty": 1}}),
        put(0, "products", value=[{"sku": "A", "qty": 1}, "junk"]),
        put(0, "products", value=False),
    ),
    odd_descriptions=both(
        put(0, "status", value=["1"]),
        put(0, "date_created", value="yesterday"),
        put(0, "date_paid", value=7),
        put(0, "payment", value="cash"),
        put(0, "paymethod", value=[]),
        put(0, "refunds", value={"id": 1}),
        put(0, "notes", value={}),
        put(0, "customer", "shipping_details", value=[]),
        put(0, "customer", "phone", value=[1]),
        put(0, "metadata", value="none"),
    ),
    exact_total=put(0, "total_amount", value=str(EXACT)),
)
