"""CommerceOS: the shapes, the words and the fields of seed 002, and whose order each item is of."""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from streams.platforms import BadItem, InvalidOptions, SourceConfig, Undecodable, platform_of
from streams.platforms.commerceos.batch import ITEMS_MAX
from streams.vocabulary import (
    Address,
    EventType,
    Line,
    OrderEvent,
    OrderStatus,
    Payment,
    PaymentStatus,
    Person,
    Shipment,
)
from tests.streams.platforms.samples import payload, webhook

SOURCES = frozenset({"commerceos", "duda", "quickbutik"})
DIGESTS = {
    "order-basic": "028a6a1d7a30e4957aa55f62d4f81cc871ed126c53448e2af5b2a4193ce04ab3",
    "order-instances": "de9080f1da411a64b05db49e5e9706224ccf1e4bbdf5ace0e8674a5158d51aca",
    "order-multi-seller": "2fd5873a43908270e2b14de185802d26a04de7ab3a39720183d0ef94e64b258f",
    "order-b2b": "2fc2c6af5f1f643b38d18b30e33ca6f9f2f7ab1d56a61b2d233920094d33ce5f",
    "order-complete": "09a4ab0f60f9cdcb8da6189de04822772f7e66c5ccf5fd1c4813f78c8d5caeb3",
    "order-status-read": "457dcbc3dd21a7a731b70966d76a4f6c37bed88a53e9adb13f8b32965d0c4fb3",
    "order-payments-read": "3a4a8bc1daa2cda9a5d40ee8030d8e24512a094038b40bc51b1e36734e89ffec",
}


def read(body: bytes | Any, orders_of: str = "commerceos", **options: Any) -> list[OrderEvent | BadItem]:
    """What a source named commerceos makes of a body."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    config = SourceConfig("commerceos", "commerceos", orders_of, SOURCES, options)
    return list(platform_of(config).normalise(webhook("commerceos", text)))


def one(body: bytes | Any, orders_of: str = "commerceos", **options: Any) -> OrderEvent:
    (event,) = read(body, orders_of, **options)
    assert isinstance(event, OrderEvent)
    return event


@pytest.mark.parametrize("name", DIGESTS)
def test_payload_is_the_seeds_byte_for_byte(name: str) -> None:
    """A payload that was tidied is no longer what the guide shows."""
    assert DIGESTS[name] == sha256(payload("commerceos", name)).hexdigest()


@pytest.mark.parametrize(
    ("word", "type", "status"),
    [
        ("New", EventType.CHANGED, OrderStatus.PENDING),
        ("Reserved", EventType.CHANGED, OrderStatus.PENDING),
        ("Committed", EventType.CONFIRMED, OrderStatus.CONFIRMED),
        ("Cancelled", EventType.CANCELLED, OrderStatus.CANCELLED),
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_order_status_map_of_the_seed(word: str, type: EventType, status: OrderStatus, as_list: bool) -> None:
    """A wrong word would tell the customer of a confirmation that never was."""
    event = one({"orderId": "1", "status": [word] if as_list else word, "timestamp": "2024-12-15T14:32:00Z"})
    assert (type, status, f"order.{word}") == (event.type, event.data.status, event.platform_event)


@pytest.mark.parametrize(
    ("word", "type", "status"),
    [
        ("New", EventType.PROCESSING, OrderStatus.PROCESSING),
        ("Released", EventType.RELEASED, OrderStatus.RELEASED),
        ("Transiting", EventType.SHIPPED, OrderStatus.SHIPPED),
        ("Acquired", EventType.DELIVERED, OrderStatus.DELIVERED),
        ("PartiallyReleased", EventType.PROCESSING, OrderStatus.PROCESSING),
        ("PartiallyTransiting", EventType.RELEASED, OrderStatus.RELEASED),
        ("PartiallyAcquired", EventType.SHIPPED, OrderStatus.SHIPPED),
        ("PartiallySomething", EventType.OBSERVED, None),
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_shipment_status_map_of_the_seed(word: str, type: EventType, status: OrderStatus | None, as_list: bool) -> None:
    """`Partially…` is not yet the step that it names, and its name must not be lost."""
    event = one({"shipmentId": "s-1", "orderId": "1", "status": [word] if as_list else word, "trackingUrl": "u"})
    shipment = Shipment(id="s-1", status=word, tracking_url="u")
    assert (type, status, (shipment,)) == (event.type, event.data.status, event.data.shipments)


def test_order_of_lines_in_several_states_is_as_far_as_its_last_line() -> None:
    """The array is a union: taken for its farthest word, an order with one delivered line would count as delivered."""
    statuses = [["Committed", "Fulfilled"], ["Committed", "Cancelled"], ["Cancelled"], ["Odd", "New"]]
    found = [one({"orderId": "1", "status": status}).data.status for status in statuses]
    assert [OrderStatus.CONFIRMED, OrderStatus.CONFIRMED, OrderStatus.CANCELLED, OrderStatus.PENDING] == found


def test_word_that_no_rule_knows_is_flagged() -> None:
    """A new status of the platform wants a person to look at it, not a guess."""
    assert ("unknown-status:Odd",) == one({"orderId": "1", "status": ["New", "Odd"]}).data.flags
    lost = {"shipmentId": "s", "orderId": "1", "status": "PartiallyLost"}
    assert ("unknown-shipment-status:PartiallyLost",) == one(lost).data.flags


def test_order_id_leads_back_to_the_source_that_it_came_from() -> None:
    """`orderId` is what we wrote there: taken for an id of CommerceOS', each order would exist twice."""
    key = one({"orderId": "duda:site/ECOM-1065", "status": ["Committed"]}).order_key
    assert "duda:site/ECOM-1065" == key
    assert "quickbutik:12345" == one({"orderId": "12345", "status": ["Committed"]}, "quickbutik").order_key
    assert "commerceos:12345" == one({"orderId": 12345, "status": ["Committed"]}).order_key


def test_key_of_ours_that_is_longer_than_an_id_leads_back_too() -> None:
    """A shop's id and an order's of 200 characters each are good: their status must not become a second order."""
    key = f"duda:{'s' * 200}/{'q' * 200}"
    shown = {"identifiers": {"key": "TO1", "com.acme.order-id": key}, "status": ["Committed"]}
    mapped = {"orderId": key, "status": ["Committed"], "timestamp": "2024-12-15T14:32:00Z"}
    assert key == one(mapped).order_key
    assert key == one({**shown, "timestamp": "2024-12-15T14:32:00Z"}, order_identifier="com.acme.order-id").order_key


def test_whole_order_of_another_source_does_not_overwrite_what_the_shop_said() -> None:
    """An order that we created there comes back as new: its lines and people are the shop's to tell."""
    document = json.loads(payload("commerceos", "order-new"))
    document["identifiers"]["com.acme.order-id"] = "duda:site/1"
    event = one(document)
    assert ("duda:site/1", EventType.CHANGED, "order.New") == (event.order_key, event.type, event.platform_event)
    assert {"status", "payments", "payment_status"} == event.data.model_fields_set
    assert all(payment.method is None for payment in event.data.payments or ())


def test_new_order_has_every_fact_of_the_resource() -> None:
    """A field that is passed over here is in no state, and in no target."""
    event = one(payload("commerceos", "order-new"))
    facts = event.data
    assert (EventType.PLACED, "commerceos:WEB-2024-123457") == (event.type, event.order_key)
    assert ("WEB-2024-123457", "WAREHOUSE-MAIN", "SEK") == (facts.order_id, facts.shop, facts.currency)
    assert "ACME-RETAIL" == facts.supplier
    assert (Decimal("497.5"), PaymentStatus.PAID) == (facts.total, facts.payment_status)
    assert Person(id="CUST-002", name="John Doe") == facts.customer
    sent = Address(name="John Doe", line1="Delivery Street 123", line2="Apt 4B", city="Stockholm", postal_code="11122")
    assert sent.model_copy(update={"country": "SE"}) == facts.shipping_address
    assert facts.billing_address is not None
    assert "Invoice Street 456" == facts.billing_address.line1
    gift = Payment(id="GIFTCARD-GC-001", method="com.heads.store-credit", amount=Decimal(100), currency="SEK")
    assert facts.payments is not None
    assert (gift, "STRIPE-PI-def456") == (facts.payments[0], facts.payments[1].id)
    line = Line(id="WIDGET-001", sku="WIDGET-001", quantity=Decimal(2), unit_price=Decimal(199), total=Decimal(398))
    assert facts.lines is not None
    assert line == facts.lines[0]
    assert (OrderStatus.PENDING, "New") == (facts.status, facts.platform_status)


@pytest.mark.parametrize(
    "name", ["order-basic", "order-instances", "order-multi-seller", "order-b2b", "order-complete"]
)
def test_every_order_of_the_seed_is_read(name: str) -> None:
    """The guide's own payloads are the least that must be read."""
    document, event = json.loads(payload("commerceos", name)), one(payload("commerceos", name))
    assert (EventType.PLACED, "SEK") == (event.type, event.data.currency)
    assert f"commerceos:{document['identifiers']['com.acme.order-id']}" == event.order_key
    skus = [item["product"]["identifiers"]["com.acme.sku"] for item in document["items"]]
    assert skus == [line.sku for line in event.data.lines or ()]


def test_serialised_units_are_counted_and_kept_in_their_order() -> None:
    """A phone without its IMEI cannot be handed out, and its plan refers to it."""
    lines = one(payload("commerceos", "order-instances")).data.lines or ()
    units = ({"imei": "359876543210123"},), ({"phoneImei": "359876543210123"},), None
    expected = [(Decimal(1), each) for each in units]
    assert expected == [(line.quantity, line.instances) for line in lines]


def test_all_sellers_of_an_order_are_kept() -> None:
    """The lines ship from two warehouses."""
    assert "WAREHOUSE-NORTH, WAREHOUSE-SOUTH" == one(payload("commerceos", "order-multi-seller")).data.shop


def test_reserved_until_means_reserved() -> None:
    """Setting it moves the order to Reserved, says the guide."""
    document = json.loads(payload("commerceos", "order-basic")) | {"reservedUntil": "2024-12-16T00:00:00Z"}
    assert ("Reserved", OrderStatus.PENDING) == (one(document).data.platform_status, one(document).data.status)


def test_status_and_payments_as_the_guide_reads_them() -> None:
    """The same resource with other `~with(…)`: not a shape of its own."""
    status = json.loads(payload("commerceos", "order-status-read"))
    assert EventType.CONFIRMED is one(status).type
    facts = one({**status, **json.loads(payload("commerceos", "order-payments-read"))}).data
    amounts = {payment.id: payment.amount for payment in facts.payments or ()}
    assert {"com.heads.store-credit": Decimal(100), "com.heads.card": Decimal("397.5")} == amounts
    assert PaymentStatus.PAID is facts.payment_status


def test_refund_is_a_negative_payment_and_the_order_not_unpaid() -> None:
    """Whether what is left is paid is for the fold; a refund must only reach it with its sign."""
    paid = [{"transactionId": "a", "amount": 299.00}, {"transactionId": "REFUND-001", "amount": -299.00}]
    facts = one({"orderId": "1", "status": ["Committed"], "totalAmount": "299.00", "payments": paid}).data
    assert [Decimal(299), Decimal(-299)] == [payment.amount for payment in facts.payments or ()]
    assert facts.payment_status is None


def test_unmapped_shipment_is_read_as_the_mapped_one() -> None:
    """Who leaves `map` out of the sync webhook gets the resource itself."""
    shipment = {
        "identifiers": {"key": "s-1"},
        "orders": [{"identifiers": {"com.acme.order-id": "duda:site/1", "key": "db-1"}}],
        "status": ["Transiting"],
        "carriersTrackingUrl": "https://tracking.example.com/1",
        "carrier": {"identifiers": {"com.acme.company-id": "POSTNORD"}},
    }
    event = one(shipment)
    expected = Shipment(
        id="s-1", status="Transiting", carrier="POSTNORD", tracking_url="https://tracking.example.com/1"
    )
    assert ("duda:site/1", (expected,)) == (event.order_key, event.data.shipments)


def test_null_tracking_takes_no_tracking_away() -> None:
    """A snapshot from before the carrier came may be pushed again after it."""
    (shipment,) = one({"shipmentId": "s", "orderId": "1", "status": "New", "trackingUrl": None}).data.shipments or ()
    assert "tracking_url" not in shipment.model_fields_set


def test_order_without_an_id_of_ours_is_commerceos_own() -> None:
    """An order from a till has a database key alone, and is an order all the same."""
    document = json.loads(payload("commerceos", "order-new"))
    del document["identifiers"]["com.acme.order-id"]
    assert "commerceos:01JF4Z6T8K" == one(document, "duda").order_key


def test_options_choose_the_identifiers() -> None:
    """Where a thing has several, only the operator knows which one is meant."""
    document = json.loads(payload("commerceos", "order-new"))
    document["identifiers"] |= {"com.acme.edi-order": "EDI-1"}
    document["items"][0]["product"]["identifiers"] |= {"com.acme.ean": "7312345678901", "key": "p-1"}
    event = one(document, order_identifier="com.acme.edi-order", sku_identifier="com.acme.ean")
    assert event.data.lines is not None
    assert ("commerceos:EDI-1", "7312345678901") == (event.order_key, event.data.lines[0].sku)
    assert "p-1" == event.data.lines[0].product_id


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"order_id": "x"}, ("order_id",)),
        ({"sku_identifier": 5}, ("sku_identifier",)),
        ({"order_identifier": " "}, ("order_identifier",)),
    ],
)
def test_wrong_option_is_named(options: dict[str, Any], path: tuple[str]) -> None:
    """A misspelt option would silently be the default."""
    with pytest.raises(InvalidOptions) as refusal:
        platform_of(SourceConfig("c", "commerceos", "c", frozenset({"c"}), options))
    assert [path] == [problem[0] for problem in refusal.value.problems]


def test_bad_items_cost_only_themselves() -> None:
    """Any refusal makes CommerceOS abort its whole run: the good items would never come."""
    good = '{"orderId":"1","status":["Committed"]}'
    bad = ['{"orderId":"2","status":[NaN]}', "7", '{"orderId":"\\ud800","status":"New"}', '{"a":1}', '{"orderId":"3"}']
    found = read(f"[{good},{','.join(bad)}]".encode())
    assert isinstance(found[0], OrderEvent)
    reasons = ["not-finite", "not-an-object", "lone-surrogate", "unknown-shape", "no-event-type"]
    assert list(enumerate(reasons, 1)) == [(item.index, item.reason) for item in found[1:] if isinstance(item, BadItem)]


def test_lines_of_ndjson_are_items_and_a_broken_line_only_itself() -> None:
    """CommerceOS streams NDJSON too, and a stream may be cut."""
    lines = [b'{"orderId":"1","status":"New"}', b"", b'[{"orderId":"2","status":"New"},{"orderId":"3","status":"New"}]']
    found = read(b"\r\n".join([*lines, b"\xff", b'{"orderId":"4","sta']))
    keys = [item.order_key if isinstance(item, OrderEvent) else item.reason for item in found]
    assert ["commerceos:1", "commerceos:2", "commerceos:3", "not-utf-8", "not-json"] == keys


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-json"),
        (b"  \n ", "not-json"),
        (b"rubbish\nmore", "not-json"),
        (b"7", "not-an-object"),
        (b"[[]]", "not-an-object"),
        (b"[" * 100_000, "too-deep"),
        (b'{"orderId":"1","status":' + b"[" * 100 + b"]" * 100 + b"}", "too-deep"),
        (b"[" + b",".join([b"{}"] * (ITEMS_MAX + 1)) + b"]", "too-many-items"),
        (b'["' + b'\\"' * 300_000, "not-json"),
        (b"{\n" * 300_000, "too-many-items"),
    ],
    ids=lambda value: str(value)[:16],
)
def test_body_of_nothing_but_rubbish_is_refused_whole(body: bytes, reason: str) -> None:
    """A quarantine with a reason for every item would say it a thousand times."""
    with pytest.raises(Undecodable) as refusal:
        read(body)
    assert reason == refusal.value.reason


def test_as_many_items_as_the_bound_are_read() -> None:
    """A bound that is off by one refuses what it promises to take."""
    assert ITEMS_MAX == len(read([{"orderId": number, "status": "New"} for number in range(ITEMS_MAX)]))


def test_empty_list_says_nothing() -> None:
    """A run that found no orders is no mistake."""
    assert [] == read(b"[]")


def test_deep_item_does_not_take_its_neighbours_with_it() -> None:
    """Nesting is cheap to send."""
    deep = b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"
    found = read(b'[{"orderId":"1","status":"New"},' + deep + b"]")
    assert ["too-deep"] == [item.reason for item in found if isinstance(item, BadItem)]


def test_identity_is_the_one_order_of_all_items() -> None:
    """Under the key of one order, another's items would still be read; but one order's bodies stay in their order."""
    config = SourceConfig("commerceos", "commerceos", "commerceos", SOURCES)
    identify = platform_of(config).identify
    status, shipment = (
        '{"orderId":"duda:site/1","status":"New"}',
        '{"shipmentId":"s","orderId":"duda:site/1","status":"New"}',
    )
    stranger = '{"orderId":"2","status":"New"}'
    same = identify(f"[{status},{shipment},7]".encode(), {})
    assert ("duda:site/1", "batch") == (same.order_key, same.event)
    assert (None, "batch") == ((found := identify(f"{status}\n{stranger}".encode(), {})).order_key, found.event)
    assert ("duda:site/1", "order.New") == ((found := identify(status.encode(), {})).order_key, found.event)
    assert identify(b"[{]", {}).order_key is None


def test_snapshot_pushed_again_is_the_same_event_in_any_company() -> None:
    """CommerceOS pushes what it has pushed before, in other pages and other spelling."""
    item = {"orderId": "1", "status": ["Committed"], "timestamp": "2024-12-15T14:32:00Z"}
    spelled = b'{ "timestamp":"2024-12-15T14:32:00Z", "status":["\\u0043ommitted"], "orderId":"1" }'
    bodies = [item, [item], [{"orderId": "2", "status": "New"}, item, item], spelled]
    ids = [
        event.id
        for body in bodies
        for event in read(body)
        if isinstance(event, OrderEvent) and event.order_key[-1] == "1"
    ]
    assert (4, 1) == (len(ids), len(set(ids)))
