"""The case table of the contract suite: per platform, how to do to its payloads what every platform must survive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.streams.platforms.samples import Change


@dataclass(frozen=True)
class Case:
    """`sample`: a payload of the platform that places an order. The changes each make one thing different in it."""

    platform: str
    sample: str
    other_thing: Change  # a webhook about something that is no order
    unknown_event: Change  # an event of an order that no rule knows
    without_event: Change
    without_order: Sequence[Change]
    big_id: Change  # the order's id is 2^63 + 1, as a number
    slash_in_shop: tuple[Change, Change]  # two orders that a careless join gives one key
    bad_amounts: Sequence[Change]
    odd_descriptions: Change  # wrong types where a field only describes
    without_time: Change
    null_total: Change
    without_total: Change


def put(*path: str | int, value: Any) -> Change:
    """Sets the value at `path`."""

    def change(document: dict[str, Any]) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


def drop(*path: str) -> Change:
    """Removes what is at `path`."""

    def change(document: dict[str, Any]) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(document: dict[str, Any]) -> None:
        for one in changes:
            one(document)

    return change


BIG = 2**63 + 1

DUDA = Case(
    platform="duda",
    sample="order-created",
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
)

SELLDONE = Case(
    platform="selldone",
    sample="checkout-order",
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
)

CASES = (DUDA, SELLDONE)
