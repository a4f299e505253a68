"""CommerceOS in the contract suite: a whole order of its own, an order's status, a shipment.

`order-new`, `order-status` and `shipment-completed` are made: the seed gives the resource and the mapped types, these
are the bodies that they come to. The other payloads are the seed's, byte for byte.
"""

import json

from streams.platforms import RawWebhook
from tests.streams.platforms.case import BIG, EXACT, Case, both, drop, put

OUR_ID = "com.acme.order-id"


def _saying(case: Case, word: str) -> RawWebhook:
    """Each word has a shape of its own."""
    kind, _, status = word.partition(".")
    if kind == "order":
        return case.webhook(json.dumps({"orderId": "1", "status": [status]}).encode())
    if kind == "shipment":
        return case.webhook(json.dumps({"shipmentId": "s", "orderId": "1", "status": [status]}).encode())
    if kind == "fulfilment":
        items = [{"quantity": 2, "statusDetails": [{"status": status, "quantity": "2"}]}]
        return case.webhook(json.dumps({"orderId": "1", "status": ["Committed"], "items": items}).encode())
    return case.webhook()


COMMERCEOS_ORDER = Case(
    platform="commerceos",
    name="order",
    sample="order-new",
    saying=_saying,
    without_order=(
        put("identifiers", value={}),
        put("identifiers", value={"com.acme.channel": "webshop", "key": None}),
        put("identifiers", value={OUR_ID: 1.5}),
        put("identifiers", value={OUR_ID: True}),
        put("identifiers", value={OUR_ID: " "}),
        put("identifiers", value={OUR_ID: "9" * 201}),
        put("identifiers", value={"com.acme.order-id": "1", "com.other.order-id": "2", "key": "3"}),
    ),
    big_id=put("identifiers", OUR_ID, value=BIG),
    bad_amounts=(
        put("totalAmount", value="a lot"),
        put("totalAmount", value=True),
        put("totalAmount", value="1e999"),
        put("items", 0, "quantity", value="three"),
        put("items", 0, "unitAmountInclVat", value=[45]),
        put("payments", 0, "amount", value="three"),
        put("balanceAmount", value="a lot"),
    ),
    broken_lists=(
        put("items", value={"0": {"quantity": 1}}),
        put("items", 1, value="junk"),
        put("items", 0, "instances", value=[{"imei": "1"}, "2"]),
        put("payments", 0, value=500),
    ),
    odd_descriptions=both(
        put("deliveryAddresses", value="Storgatan"),
        put("invoiceAddresses", value=[None, 5]),
        put("customer", value=["CUST-002"]),
        put("sellers", value=3),
        put("currency", value=["SEK"]),
        put("timestamp", value=5),
        put("shipments", value={"a": 1}),
        put("items", 1, "product", value="GADGET-002"),
    ),
    without_time=drop("timestamp"),
    null_total=put("totalAmount", value=None),
    without_total=drop("totalAmount"),
    exact_total=put("totalAmount", value=EXACT),
)
COMMERCEOS_STATUS = Case(
    platform="commerceos",
    name="status",
    sample="order-status",
    has_total=False,
    unknown_event=put("status", value=["Archived"]),
    without_event=drop("status"),
    without_order=(
        put("orderId", value=None),
        put("orderId", value=""),
        put("orderId", value=1.5),
        put("orderId", value={"id": 1}),
        put("orderId", value=False),
        put("orderId", value="9" * 201),
    ),
    big_id=put("orderId", value=BIG),
    broken_lists=(put("items", value=["junk"]), put("payments", value=7)),
    odd_descriptions=both(put("timestamp", value={}), put("shipments", value="none")),
    without_time=put("timestamp", value="noon"),
)
COMMERCEOS_SHIPMENT = Case(
    platform="commerceos",
    name="shipment",
    sample="shipment-completed",
    has_total=False,
    unknown_event=put("status", value="Lost"),
    without_event=put("status", value=[5, None]),
    without_order=(drop("orderId"), put("orderId", value=[1])),
    big_id=put("orderId", value=BIG),
    odd_descriptions=both(put("trackingUrl", value=[]), put("carrier", value="PostNord")),
    without_time=both(),
)
