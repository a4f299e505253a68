"""Creating orders: what is demanded, what is refused and why, and that a repeat changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox.commerceos.rules import Rules
from tests.connectors.sandbox_commerceos.shop import ORDER, Shop, item, order, product, shop

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


async def only_order(shop: Shop) -> dict[str, Any]:
    (found,) = await shop.lines("orders")
    return found


async def test_the_same_put_again_is_200_and_changes_nothing() -> None:
    """After a timeout the same request is sent again: a second order would be a doubled one."""
    async with shop() as api:
        first, again = await api.put(), await api.put()
        effects = await api.lines("effects")
        found = await only_order(api)
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    assert [(each["action"], each["outcome"], each["status"]) for each in effects] == [
        ("create", "done", 201),
        ("create", "repeat", 200),
    ]
    assert (found["status"], found["totalAmount"]) == (["New"], "497.50")


@pytest.mark.parametrize("field", ["identifiers", "supplier", "customer", "sellers", "currency", "items"])
async def test_every_required_field_is_required(field: str) -> None:
    """An order without one of them would never be taken in life."""
    async with shop() as api:
        without: dict[str, Any] = {field: None}
        status, problem = await api.put(**without)
        assert (status, problem["code"], problem["path"]) == (400, "MissingRequiredField", field)
        assert await api.lines("orders") == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"deliveryAddresses": [{}]}, "ReadOnlyField", "deliveryAddresses"),
        ({"invoiceAddresses": []}, "ReadOnlyField", "invoiceAddresses"),
        ({"items": []}, "EmptyArray", "items"),
        ({"sellers": []}, "EmptyArray", "sellers"),
        ({"sellers": {"identifiers": {"com.acme.store-id": "S"}}}, "InvalidField", "sellers"),
        ({"supplier": {"identifiers": {}}}, "MissingRequiredField", "supplier.identifiers"),
        ({"customer": {"identifiers": {"customer-id": "C"}}}, "InvalidIdentifier", "customer.identifiers"),
        ({"identifiers": {"com.acme.order-id": "O-2"}}, "InvalidIdentifier", "identifiers.com.acme.order-id"),
        ({"currency": {"identifiers": {"currencyCode": "kr"}}}, "CurrencyNotFound", "currency"),
        ({"status": ["Committed"]}, "UnknownField", "status"),
        ({"items": [item("NO-SUCH", quantity=1)]}, "ProductNotFound", "items.0.product"),
        ({"items": [item("WIDGET-001")]}, "InvalidField", "items.0"),
        ({"items": [item("WIDGET-001", quantity=1, instances=[{"imei": "1"}])]}, "InvalidField", "items.0"),
        ({"items": [item("WIDGET-001", quantity=0)]}, "InvalidField", "items.0.quantity"),
        ({"items": [item("WIDGET-001", quantity=True)]}, "InvalidAmount", "items.0.quantity"),
        ({"items": [item("WIDGET-001", quantity=1, totalAmount="1")]}, "UnknownField", "items.0.totalAmount"),
        (
            {"items": [item("WIDGET-001", quantity=1, unitAmountExclVat="-1")]},
            "InvalidAmount",
            "items.0.unitAmountExclVat",
        ),
        ({"reservedUntil": "tomorrow"}, "InvalidField", "reservedUntil"),
    ],
)
async def test_what_is_wrong_is_refused_and_named(changes: dict[str, Any], code: str, path: str) -> None:
    """400 needs a person, who must be told where to look; a lenient stand-in would hide the mistake."""
    async with shop() as api:
        status, problem = await api.put(**changes)
        assert (status, problem["code"], problem["path"]) == (400, code, path)
        assert (await api.lines("orders"), (await api.stats())["refused_codes"]) == ([], {code: 1})


async def test_a_path_without_a_namespace_makes_no_order() -> None:
    """The identifier of the path is the idempotency key."""
    async with shop() as api:
        for path in ("/v1/trade-orders/O-1", "/v1/trade-orders/order-id=O-1", "/v1/trade-orders/com.acme.order-id="):
            status, problem = await api.call("PUT", path, order())
            assert (status, problem["code"]) == (400, "InvalidIdentifier")
        assert (await api.call("POST", "/v1/trade-orders", order()))[0] == 405


async def test_an_escaped_id_is_one_id_whatever_is_in_it() -> None:
    """Our order keys hold colons and slashes."""
    id = "duda:66f8c067/ECOM-1065 (2)"
    escaped = "duda%3A66f8c067%2FECOM-1065%20%282%29"
    async with shop() as api:
        path = f"/v1/trade-orders/com.acme.order-id={escaped}"
        assert (await api.call("PUT", path, order(id)))[0] == 201
        found = await api.get(f"{path}~with(status)")
        where = await api.get(f"/v1/trade-orders~where(identifiers/com.acme.order-id={escaped})")
        assert (await api.call("GET", f"/v1/trade-orders/com.acme.order-id={id.replace(' ', '%20')}"))[0] == 404
    assert (found["identifiers"]["com.acme.order-id"], len(where)) == (id, 1)


async def test_what_an_order_holds_cannot_be_changed_but_its_identifiers_can() -> None:
    """Another body under the same id is a mistake of whoever sends it: taken, it would change an order unseen."""
    async with shop() as api:
        await api.put()
        changed = await api.put(items=[item("WIDGET-001", quantity=3)])
        tagged = await api.put(identifiers={"com.acme.order-id": "O-1", "com.acme.seen": "true"})
        found = await only_order(api)
    assert (changed[0], changed[1]["code"], tagged[0]) == (400, "OrderImmutable", 200)
    assert (found["items"][0]["quantity"], found["identifiers"]["com.acme.seen"]) == ("2", "true")
    assert found["identifiers"]["com.acme.channel"] == "webshop"


async def test_stock_that_is_not_there_is_409_and_holds_nothing() -> None:
    """409 is what makes an order be cancelled and its customer be told; it must not be a 400."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=3)])
        both = [item("WIDGET-001", quantity=2), item("WIDGET-001", quantity=2)]
        status, problem = await api.put(items=both)
        assert (status, problem["code"]) == (409, "OutOfStock")
        assert await api.lines("orders") == []
        assert (await api.put())[0] == 201
        stats = await api.stats()
    assert stats["refused_why"]["stock"] == 1
    assert stats["wrong_order"] == 0


async def test_stock_is_held_by_approval_and_given_back_by_cancelling() -> None:
    """Two orders for the last two widgets: one of them is told, and may have them once the other is cancelled."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=2)])
        assert ((await api.put("O-1"))[0], (await api.put("O-2"))[0]) == (201, 201)
        assert (await api.act("O-1", tryApprove=True))[0] == 200
        status, problem = await api.act("O-2", tryApprove=True)
        assert (status, problem["code"], await api.status("O-2")) == (409, "OutOfStock", ["New"])
        assert (await api.put("O-3"))[0] == 409
        await api.act("O-1", tryCancel=True)
        assert (await api.act("O-2", tryApprove=True))[0] == 200


async def test_stock_may_be_asked_for_at_approval_only() -> None:
    """Which of the two an installation does is not written anywhere: a client must bear both."""
    async with shop(rules=Rules(checks_stock_on_create=False)) as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=0)])
        assert (await api.put())[0] == 201
        assert (await api.act(tryApprove=True))[0] == 409


async def test_reserved_until_reserves_and_ends() -> None:
    """It moves the order to Reserved, holds the stock for others to miss, and gives it back when its time is over."""
    clock = Clock()
    async with shop(now=clock) as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=2)])
        until = (START + timedelta(minutes=15)).isoformat()
        assert (await api.put(reservedUntil=until))[0] == 201
        assert (await api.put(reservedUntil=until))[0] == 200
        assert await api.status() == ["Reserved"]
        assert (await api.put("O-2"))[0] == 409
        clock.at += timedelta(minutes=15)
        assert (await api.put("O-2"))[0] == 201
        assert await api.status() == ["Unreserved"]
        refused = await api.act(tryApprove=True)
        assert (refused[0], refused[1]["code"]) == (400, "OrderNotApprovable")
        await api.act("O-2", tryApprove=True)
        later = (clock.at + timedelta(minutes=15)).isoformat()
        tagged = {"com.acme.order-id": "O-1", "com.acme.seen": "true"}
        assert (await api.put(reservedUntil=later, identifiers=tagged))[0] == 409
        assert await api.get("/v1/trade-orders~where(identifiers/com.acme.seen=true)~count") == 0
        await api.act("O-2", tryCancel=True)
        assert (await api.put(reservedUntil=later))[0] == 200
        assert (await api.act(tryApprove=True))[0] == 200
        assert await api.status() == ["Committed"]
        assert (await api.put(reservedUntil="2999-01-01T00:00:00Z"))[1]["code"] == "OrderNotReservable"
        (held,) = [each for each in await api.lines("products") if "WIDGET-001" in each["identifiers"].values()]
    assert held["held"] == "2"


async def test_one_item_may_be_reserved_and_the_order_says_both() -> None:
    """`reservedUntil` may stand on an item; an order's status is the list of what its items are."""
    async with shop() as api:
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        items = [item("WIDGET-001", quantity=1, reservedUntil=until), item("GADGET-002", quantity=1)]
        assert (await api.put(items=items))[0] == 201
        assert await api.status() == ["New", "Reserved"]
        assert (await api.act(tryApprove=True))[0] == 200


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (
            [item("PLAN-UNLIMITED", instances=[{"phoneImei": "1"}]), item("IPHONE-16-PRO", instances=[{"imei": "1"}])],
            "InvalidInstanceOrder",
        ),
        (
            [item("IPHONE-16-PRO", instances=[{"imei": "1"}]), item("PLAN-UNLIMITED", instances=[{"phoneImei": "2"}])],
            "InvalidPhoneImeiReference",
        ),
        ([item("IPHONE-16-PRO", instances=[{"phoneImei": "1"}])], "InvalidInstanceType"),
        ([item("IPHONE-16-PRO", quantity=1)], "InvalidInstanceType"),
        ([item("IPHONE-16-PRO", instances=[{"imei": "1"}, {"imei": "2"}])], "TooManyInstances"),
        ([item("IPHONE-16-PRO", instances=[])], "EmptyArray"),
        ([item("IPHONE-16-PRO", instances=[{"serialNumber": "1"}])], "InvalidField"),
        ([item("IPHONE-16-PRO", instances=[{"imei": ""}])], "InvalidField"),
    ],
)
async def test_devices_come_before_the_plans_that_refer_to_them(items: list[Any], code: str) -> None:
    """The guide calls it critical; a client that sorts its lines otherwise must be found out."""
    async with shop() as api:
        status, problem = await api.put(items=items)
        assert (status, problem["code"]) == (400, code)


async def test_a_manual_price_takes_the_place_of_the_product_s() -> None:
    """Without VAT, as the field's name says; amounts stay exact."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", None, vatPercentage="25")])
        await api.put(items=[item("WIDGET-001", quantity="3", unitAmountExclVat="19.996")])
        found = await api.get(f"{ORDER}~with(totalAmount,balanceAmount,items~with(unitAmountInclVat))")
    assert found["totalAmount"] == "74.985"
    assert found["items"][0]["unitAmountInclVat"] == "24.995"


async def test_products_that_are_none_are_refused() -> None:
    """A misspelt field would make a test pass that tests nothing."""
    async with shop() as api:
        misspelt = {"identifiers": {"com.acme.sku": "A"}, "prize": 1}
        wrong: list[Any] = [[misspelt], [], {}, [product("A", stock=-1)], [1]]
        assert [(await api.admin("PUT", "products", each))[0] for each in wrong] == [422] * 5
        assert (await api.admin("PUT", "rules", {"requests_maks": 1}))[0] == 422
