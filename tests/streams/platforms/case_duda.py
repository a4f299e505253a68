"""Duda in the contract suite."""

from streams.platforms import RawWebhook
from tests.streams.platforms.case import BIG, EXACT, Case, both, drop, put


def _saying(case: Case, word: str) -> RawWebhook:
    """A refund's webhook names its order elsewhere."""
    refund = put("data", "order_id", value="o-1") if word.startswith("ECOMM_REFUND_") else both()
    return case.webhook(case.body(both(put("event_type", value=word), refund)))


DUDA = Case(
    platform="duda",
    sample="order-created",
    saying=_saying,
    other_thing=put("event_type", value="ECOMM_PRODUCT_CREATED"),
    unknown_event=put("event_type", value="ECOMM_ORDER_ARCHIVED"),
    without_event=drop("event_type"),
    without_order=(
        drop("data", "invoice_number"),
        drop("resource_data"),
        put("resource_data", "site_name", value=" "),
        put("data", value=None),
        put("data", "invoice_number", value={"id": 1}),
        put("data", "invoice_number", value=1.5),
        put("data", "invoice_number", value=True),
        put("data", "invoice_number", value="9" * 201),
    ),
    big_id=put("data", "id", value=BIG),
    slash_in_shop=(
        both(put("resource_data", "site_name", value="a/b"), put("data", "invoice_number", value="c")),
        both(put("resource_data", "site_name", value="a"), put("data", "invoice_number", value="b/c")),
    ),
    bad_amounts=(
        put("data", "total", value="a lot"),
        put("data", "items", 0, "quantity", value="three"),
        put("data", "items", 0, "unit_price", value=[45]),
        put("data", "taxes", value=[{"amount": "?"}]),
        put("data", "total", value=True),
        put("data", "total", value="1e999"),
    ),
    broken_lists=(
        put("data", "items", value={"0": {"product_id": "1", "quantity": 1}}),
        put("data", "items", value=[{"product_id": "1", "quantity": 1}, "junk"]),
        put("data", "items", value="string"),
        put("data", "taxes", value={"amount": 1}),
        put("data", "discounts", value=[{"savings": 5}, 5]),
        put("data", "refunds", value={"id": "r", "total": 1}),
    ),
    odd_descriptions=both(
        put("data", "status", value=["PROCESSED"]),
        put("data", "billing_address", value=[]),
        put("data", "email", value={"a": 1}),
        put("data", "created", value="yesterday"),
        put("data", "payment", value="cash"),
    ),
    without_time=put("event_timestamp", value="noon"),
    null_total=put("data", "total", value=None),
    without_total=drop("data", "total"),
    exact_total=put("data", "total", value=EXACT),
)
