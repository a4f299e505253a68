"""The external system in the contract suite. The seed gives the code that reads its messages; the payloads are made."""

from tests.streams.platforms.case import BIG, Case, both, drop, put, under

EXTERNAL_SYSTEM = Case(
    platform="external-system",
    sample="order-shipped",
    saying=under("event_type"),
    has_total=False,
    unknown_event=put("event_type", value="order.archived"),
    without_event=drop("event_type"),
    without_order=(
        drop("order_id"),
        put("order_id", value=None),
        put("order_id", value=" "),
        put("order_id", value=1.5),
        put("order_id", value=True),
        put("order_id", value=["12345"]),
        put("order_id", value="9" * 201),
    ),
    big_id=put("order_id", value=BIG),
    odd_descriptions=both(put("data", "carrier", value=["UPS"]), put("data", "tracking_number", value={})),
    without_time=both(),
)
