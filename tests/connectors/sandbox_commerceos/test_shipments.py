"""Shipments: made once, released, moved on in parts; and what an order says of it."""

from typing import Any

import pytest

from tests.connectors.sandbox_commerceos.shop import ORDER, Shop, item, product, shop

POSTED: dict[str, Any] = {
    "identifiers": {"com.acme.shipmentOrderId": "SO-001"},
    "shipper": {"identifiers": {"com.acme.company-id": "ACME-RETAIL"}},
    "recipient": {"identifiers": {"com.acme.customer-id": "CUST-001"}},
    "items": [item("WIDGET-001", quantity=2)],
}


async def committed(api: Shop, **changes: Any) -> None:
    await api.put(**changes)
    await api.act(tryApprove=True)


async def keys(api: Shop) -> list[str]:
    return [each["identifiers"]["key"] for each in await api.get(f"{ORDER}/shipments~just(identifiers)")]


async def release(api: Shop, key: str) -> tuple[int, Any]:
    return await api.call("PATCH", f"/v1/shipment-orders/{key}/actions", {"release": True})


async def test_create_shipment_again_makes_no_second_one() -> None:
    """Before its release it is the same one; after it there is nothing left to ship, and that is no wrong order."""
    async with shop() as api:
        await committed(api)
        assert [(await api.act(createShipment=True))[0] for _ in range(2)] == [200, 200]
        (key,) = await keys(api)
        assert (await release(api, key))[0] == 200
        status, problem = await api.act(createShipment=True)
        assert (status, problem["code"], await keys(api)) == (400, "NothingToShip", [key])
        assert (await api.stats())["wrong_order"] == 0


async def test_a_release_is_had_once() -> None:
    """A retry after a lost answer is refused and told apart from a wrong order."""
    async with shop() as api:
        await committed(api)
        await api.act(createShipment=True)
        (key,) = await keys(api)
        first, again = await release(api, key), await release(api, key)
        assert (first[1]["status"], again[0], again[1]["error"]) == (["Released"], 400, "repeat")
        assert (await release(api, "SO404"))[0] == 404
        assert (await api.call("PATCH", f"/v1/shipment-orders/{key}/actions", {"ship": True}))[0] == 400
        assert (await api.stats())["wrong_order"] == 1  # the one that there is not


async def test_a_shipment_goes_through_its_statuses_and_never_back() -> None:
    """New, Released, Transiting, Acquired; then the order is fulfilled, and cannot be cancelled."""
    async with shop() as api:
        await committed(api)
        await api.act(createShipment=True)
        (key,) = await keys(api)
        await release(api, key)
        for stage in ("Transiting", "Acquired", "Transiting"):
            await api.admin("POST", "move", {"shipment": key, "to": stage, "trackingUrl": "https://t.example/1"})
        found = await api.get(f"/v1/shipment-orders/{key}~with(items,orders,status,records,carriersTrackingUrl)")
        assert await api.status() == ["Fulfilled"]
        assert (await api.act(tryCancel=True))[1]["code"] == "OrderNotCancellable"
    assert (found["status"], found["carriersTrackingUrl"]) == (["Acquired"], "https://t.example/1")
    assert [each["status"] for each in found["records"]][:4] == ["New", "Released", "Transiting", "Acquired"]
    assert found["orders"][0]["identifiers"]["com.acme.order-id"] == "O-1"


async def test_parts_of_a_shipment_show_as_partially() -> None:
    """The word names the step that only some units have taken."""
    async with shop() as api:
        await committed(api)
        await api.act(createShipment=True)
        (key,) = await keys(api)
        seen = []
        for stage in ("Released", "Released", "Transiting", "Transiting", "Acquired", "Acquired"):
            part = [{"index": 0, "quantity": 1}]
            seen.append((await api.admin("POST", "move", {"shipment": key, "to": stage, "items": part}))[1]["status"])
        wrong = [
            (
                await api.admin(
                    "POST", "move", {"shipment": key, "to": to, "items": [{"index": index, "quantity": count}]}
                )
            )[0]
            for to, index, count in (("Acquired", 0, 1), ("Acquired", 1, 1), ("Acquired", 0, -1), ("New", 0, 1))
        ]
        assert (await api.get(f"/v1/shipment-orders/{key}~with(status)"))["status"] == ["Acquired"]
    assert seen == [
        *("PartiallyReleased", "Released", "PartiallyTransiting", "Transiting", "PartiallyAcquired", "Acquired"),
    ]
    assert wrong == [422] * 4


async def test_an_order_that_goes_out_in_parts_has_several_shipments_and_says_how_many_of_each() -> None:
    """Partial fulfilment: the warehouse ships one, then createShipment takes what is left."""
    async with shop() as api:
        await committed(api, items=[item("WIDGET-001", quantity=3), item("GADGET-002", quantity=1)])
        _, made = await api.admin(
            "POST", "ship", {"order": "com.acme.order-id=O-1", "items": [{"index": 0, "quantity": 1}]}
        )
        await api.admin("POST", "move", {"shipment": made["shipment"], "to": "Transiting"})
        assert (await api.act(createShipment=True))[0] == 200
        read = await api.get(f"{ORDER}~with(items~with(statusDetails,shipmentItems),shipments~with(status))")
        assert (await api.admin("POST", "ship", {"order": "com.acme.order-id=O-1"}))[0] == 400
    assert [shipment["status"] for shipment in read["shipments"]] == [["Transiting"], ["New"]]
    first, second = read["items"]
    assert first["statusDetails"] == [{"status": "New", "quantity": "2"}, {"status": "Transiting", "quantity": "1"}]
    assert [each["quantity"] for each in first["shipmentItems"]] == ["1", "2"]
    assert second["statusDetails"] == [{"status": "New", "quantity": "1"}]


async def test_the_warehouse_cannot_ship_more_than_there_is() -> None:
    """Else what a shipment holds would say nothing about the order."""
    async with shop() as api:
        await api.put()
        assert (await api.admin("POST", "ship", {"order": "com.acme.order-id=O-1"}))[0] == 400
        await api.act(tryApprove=True)
        one = {"index": 0, "quantity": 1}
        for items in ([{"index": 0, "quantity": 3}], [one, one], [{"index": 1, "quantity": 1}], [{"quantity": 1}], []):
            assert (await api.admin("POST", "ship", {"order": "com.acme.order-id=O-1", "items": items}))[0] == 422
        assert await keys(api) == []


async def test_what_has_left_is_not_given_back() -> None:
    """Cancelling an order of which one part is gone gives back the other part only."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=3)])
        await committed(api, items=[item("WIDGET-001", quantity=3)])
        _, made = await api.admin(
            "POST", "ship", {"order": "com.acme.order-id=O-1", "items": [{"index": 0, "quantity": 1}]}
        )
        await release(api, made["shipment"])
        await api.act(createShipment=True)
        await api.act(tryCancel=True)
        (left,) = [each for each in await api.lines("products") if "WIDGET-001" in each["identifiers"].values()]
        second = (await keys(api))[1]
        status, problem = await release(api, second)
        assert (await api.admin("POST", "move", {"shipment": second, "to": "Transiting"}))[0] == 400
    assert left["held"] == "1"
    assert (status, problem["code"], problem["error"]) == (400, "ShipmentNotReleasable", "order")


async def test_posting_a_shipment_order_twice_makes_two_and_that_shows() -> None:
    """As with payment orders: look before a `POST`."""
    async with shop() as api:
        assert [(await api.call("POST", "/v1/shipment-orders", POSTED))[0] for _ in range(2)] == [201, 201]
        stats = await api.stats()
        assert (await release(api, "com.acme.shipmentOrderId=SO-001"))[1]["status"] == ["Released"]
    assert (stats["doubled"], stats["shipments"]) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"items": []}, "EmptyArray"),
        ({"items": [item("NO-SUCH", quantity=1)]}, "ProductNotFound"),
        ({"items": [item("WIDGET-001", quantity="0")]}, "InvalidField"),
        ({"items": [item("WIDGET-001")]}, "MissingRequiredField"),
        ({"shipper": None}, "MissingRequiredField"),
        ({"carrier": {}}, "UnknownField"),
    ],
)
async def test_a_shipment_order_that_is_none_is_refused(changes: dict[str, Any], code: str) -> None:
    """As strict as with orders."""
    async with shop() as api:
        status, problem = await api.call("POST", "/v1/shipment-orders", {**POSTED, **changes})
        assert (status, problem["code"], await api.lines("shipments")) == (400, code, [])
