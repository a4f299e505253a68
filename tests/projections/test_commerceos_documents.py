"""What of an order CommerceOS is given, as seed 002 has it: parties, items, addresses."""

from typing import Any

import pytest

from streams.vocabulary import CommandType, OrderEvent
from tests.projections.commerceos_events import CANCELLED, LINES, PACKED, PAID, PLACED, SENT, address, placed
from tests.projections.commerceos_world import World

BASIC = ["create_order", "change_delivery_address", "create_payment", "approve_order"]


def order_data(*events: OrderEvent, **mapping: Any) -> dict[str, Any]:
    document: dict[str, Any] = World(mapping).run(*events).data(CommandType.CREATE_ORDER)["order"]
    return document


def test_devices_come_before_the_plans_that_refer_to_them() -> None:
    """The guide's instance order rule; each unit is an item of its own, for the API heeds only the first."""
    lines = [
        {"id": "1", "sku": "PLAN", "quantity": "2", "instances": [{"phoneImei": "35-1"}, {"phoneImei": "35-2"}]},
        {"id": "2", "sku": "PHONE", "quantity": "2", "instances": [{"imei": "35-1"}, {"imei": "35-2"}]},
        {"id": "3", "sku": "WIDGET", "quantity": "1"},
    ]
    assert order_data(placed(lines=lines))["items"] == [
        {"sku": "PHONE", "instances": [{"imei": "35-1"}]},
        {"sku": "PHONE", "instances": [{"imei": "35-2"}]},
        {"sku": "WIDGET", "quantity": "1"},
        {"sku": "PLAN", "instances": [{"phoneImei": "35-1"}]},
        {"sku": "PLAN", "instances": [{"phoneImei": "35-2"}]},
    ]
    assert World().run(placed(lines=lines), PAID).statuses() == ["Committed"]


def test_units_that_have_no_instance_are_not_lost() -> None:
    """Two were sold and one IMEI is known: sent as one, the second would never be picked."""
    line = {"id": "1", "sku": "PHONE", "quantity": "2", "instances": [{"imei": "35-1"}]}
    assert order_data(placed(lines=[line]))["items"] == [
        {"sku": "PHONE", "instances": [{"imei": "35-1"}]},
        {"sku": "PHONE", "quantity": "1"},
    ]


def test_line_of_nothing_is_left_out_and_one_without_sku_is_not() -> None:
    """A cancelled line has quantity 0; a line that cannot be named must be seen by a person."""
    lines = [{"id": "1", "sku": "WIDGET", "quantity": "0"}, {"id": "2", "name": "Mug", "quantity": "1.50"}]
    assert order_data(placed(lines=lines))["items"] == [{"sku": None, "quantity": "1.5"}]
    assert [each.type.value for each in World().run(placed(lines=lines)).dead] == ["create_order"]
    assert World().run(placed(lines=lines[:1])).types == []


def test_sku_is_the_first_that_is_configured_and_known() -> None:
    """Shops without SKUs have product ids, and variations count for more than products."""
    line = {"id": "1", "product_id": "p", "variation_id": "v", "quantity": "1"}
    (item,) = order_data(placed(lines=[line]), sku_from=["sku", "variation_id", "product_id"])["items"]
    assert item["sku"] == "v"


def test_order_of_several_sellers_names_each_once() -> None:
    """The guide's multi-seller order; lines that are not listed are the shop's own stores'."""
    by_sku = {"WIDGET": "NORTH", "GADGET": "SOUTH", "PHONE": "NORTH"}
    mapping = {"sellers_by_sku": by_sku, "sellers_by_shop": {"se": ["STHLM"]}}
    assert order_data(PLACED, **mapping)["sellers"] == [{"store": "NORTH"}, {"store": "SOUTH"}]
    lines = [*LINES[:1], {"id": "9", "sku": "PLAN", "quantity": "1"}]
    assert order_data(placed(lines=lines), **mapping)["sellers"] == [{"store": "NORTH"}, {"store": "WAREHOUSE-MAIN"}]
    in_shop = order_data(placed(lines=lines[1:], shop="se"), **mapping)
    assert in_shop["sellers"] == [{"store": "STHLM"}]


def test_order_that_names_its_supplier_is_a_purchase_of_ours() -> None:
    """The guide's B2B order: the supplier sells, and we are the customer."""
    document = order_data(placed(supplier="SUPPLIER-XYZ"))
    assert (document["supplier"], document["customer"], document["sellers"]) == (
        {"supplier": "SUPPLIER-XYZ"},
        {"company": "ACME-RETAIL"},
        [{"supplier": "SUPPLIER-XYZ"}],
    )


@pytest.mark.parametrize("customer", [None, {"name": "Ann"}, {"id": "C***"}])
def test_buyer_whom_the_platform_hides_is_the_guest(customer: Any) -> None:
    """A masked id is nobody's."""
    assert order_data(placed(customer=customer))["customer"] == {"customer": "GUEST"}
    assert order_data(placed(customer=customer), guest=None)["customer"] is None


def test_customer_can_be_the_address_of_email() -> None:
    """Quickbutik and Duda have no id of a customer."""
    event = placed(customer={"id": "7", "email": "ann@example.com"})
    assert order_data(event, customer_id="email")["customer"] == {"customer": "ann@example.com"}


@pytest.mark.parametrize("line1", ["Stor*****", None])
def test_masked_or_missing_address_is_not_sent(line1: str | None) -> None:
    """Nothing can be delivered there; what is known later is sent then."""
    masked = {**address(line1 or ""), "postal_code": None, "city": None}
    assert World().run(placed(shipping_address=masked)).types == ["create_order"]


def test_attention_is_whoever_is_named_in_full() -> None:
    """A masked name helps nobody at the door."""
    for given, shown in (
        ({"name": "Ann"}, "Ann"),
        ({"first_name": "Ann", "last_name": "B", "name": None}, "Ann B"),
        ({"name": "A**", "company": "Acme"}, "Acme"),
    ):
        world = World().run(placed(shipping_address={**address("Storgatan 1"), **given}))
        assert world.data(CommandType.CHANGE_DELIVERY_ADDRESS)["address"]["attention"] == shown


def test_reservation_is_counted_from_the_creation_and_states_nothing() -> None:
    """Else each event would state another document, and update the order."""
    world = World({"reserve_s": 3600}).run(PLACED)
    assert world.data(CommandType.CREATE_ORDER)["order"]["reserved_until"] == "2026-01-02T04:04:05Z"
    assert world.statuses() == ["Reserved"]
    assert world.run(PAID).types == BASIC


def test_shipment_order_of_its_own_has_what_it_needs() -> None:
    """The guide's direct creation."""
    world = World({"shipments": "shipment_order"})
    world.run(PLACED, PAID)
    world.take(PACKED)
    assert world.data(CommandType.CREATE_SHIPMENT)["shipment"] == {
        "as": "shipment_order",
        "shipper": {"company": "ACME-RETAIL"},
        "recipient": {"customer": "CUST-1"},
        "items": [{"sku": "WIDGET", "quantity": "2"}, {"sku": "GADGET", "quantity": "1"}],
    }


def test_line_of_none_is_neither_ordered_nor_shipped() -> None:
    """The API takes no item of which there is none: the order would be there, and its shipment never."""
    lines = [*LINES, {"id": "3", "sku": "WIDGET", "quantity": "0"}]
    world = World({"shipments": "shipment_order"}).run(placed(lines=lines), PAID, SENT)
    assert (world.dead, world.wrong, world.shipments()) == ([], [], ["Released"])
    (parcel,) = world.store.shipments
    assert [format(line.quantity, "f") for line in parcel.lines] == ["2", "1"]


def test_shipment_order_of_an_order_that_is_cancelled_is_left_to_a_person() -> None:
    """The API has no action for it but `release`, and that one must not be asked for."""
    world = World({"shipments": "shipment_order"}).run(PLACED, PAID, PACKED, CANCELLED, SENT)
    assert (world.dead, world.wrong) == ([], [])
    assert (world.statuses(), world.shipments()) == (["Cancelled"], ["New"])
