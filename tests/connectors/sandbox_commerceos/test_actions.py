"""Actions at the right time and at the wrong one: each wrong one is refused, changes nothing, and is counted."""

from typing import Any

import pytest

from tests.connectors.sandbox_commerceos.shop import ACTIONS, ORDER, Shop, address, payment, product, shop


async def brought_to(api: Shop, state: str) -> None:
    await api.put()
    if state in ("Committed", "Cancelled"):
        await api.act(tryApprove=True)
    if state == "Cancelled":
        await api.act(tryCancel=True)
    if state == "Reserved":
        await api.put(reservedUntil="2999-01-01T00:00:00Z")
    assert await api.status() == [state]


ALLOWED = {
    "New": {"tryApprove", "createPayment", "changeDeliveryAddress", "changeInvoiceAddress"},
    "Reserved": {"tryApprove", "createPayment", "changeDeliveryAddress", "changeInvoiceAddress"},
    "Committed": {"createShipment", "createPayment", "tryCancel"},
    "Cancelled": set[str](),
}
PAYLOADS: dict[str, Any] = {
    "tryApprove": True,
    "tryCancel": True,
    "createShipment": True,
    "createPayment": payment(),
    "changeDeliveryAddress": address(),
    "changeInvoiceAddress": address(),
}


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("action", PAYLOADS)
async def test_each_action_is_allowed_where_the_guide_s_table_says_and_nowhere_else(state: str, action: str) -> None:
    """The status reference, cell by cell: a command in the wrong order must show."""
    async with shop() as api:
        await brought_to(api, state)
        before = await api.lines("orders")
        status, problem = await api.act(**{action: PAYLOADS[action]})
        after, stats = await api.lines("orders"), await api.stats()
    assert status == (200 if action in ALLOWED[state] else 400)
    assert stats["refused"] == (0 if action in ALLOWED[state] else 1)
    if action not in ALLOWED[state]:
        assert (before, problem["error"] in ("order", "repeat")) == (after, True)


@pytest.mark.parametrize(
    ("action", "state", "is_repeat"),
    [
        ("tryApprove", "Committed", True),
        ("tryApprove", "Cancelled", False),
        ("tryCancel", "Cancelled", True),
        ("tryCancel", "New", False),
        ("createShipment", "New", False),
        ("changeDeliveryAddress", "Committed", False),
    ],
)
async def test_a_wrong_order_is_counted_apart_from_a_repeat(action: str, state: str, is_repeat: bool) -> None:
    """A retry after an answer that was lost is refused too, but nothing was wrong with its order."""
    async with shop() as api:
        await brought_to(api, state)
        await api.act(**{action: PAYLOADS[action]})
        stats, last = await api.stats(), (await api.lines("effects"))[-1]
    assert (stats["wrong_order"], stats["refused_why"]["repeat"]) == ((0, 1) if is_repeat else (1, 0))
    assert (last["action"], last["outcome"], last["why"]) == (action, "refused", "repeat" if is_repeat else "order")


async def test_a_command_before_its_order_exists_is_a_wrong_order() -> None:
    """404, and counted: whoever sends it has put its commands in the wrong order."""
    async with shop() as api:
        status, problem = await api.act(tryApprove=True)
        assert (status, problem["code"], (await api.stats())["wrong_order"]) == (404, "NotFound", 1)


async def test_an_order_is_approved_only_with_a_price_for_every_item() -> None:
    """The guide's precondition; a person must set the price."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", None)])
        await api.put()
        status, problem = await api.act(tryApprove=True)
        assert (status, problem["code"], problem["path"]) == (400, "MissingPrice", "items.0")
        assert (await api.get(f"{ORDER}~with(totalAmount)"))["totalAmount"] is None
        await api.admin("PUT", "products", [product("WIDGET-001", "10")])
        assert (await api.act(tryApprove=True))[0] == 200


async def test_an_address_may_change_again_until_approval_and_the_last_one_holds() -> None:
    """A shop's customer moves twice; the same address again is no second change."""
    async with shop() as api:
        await api.put()
        for line in ("A 1", "B 2", "B 2"):
            assert (await api.act(changeDeliveryAddress=address(line1=line)))[0] == 200
        await api.act(changeInvoiceAddress=address(line1="C 3", line2="Apt 4", regionName="X", attention="Y"))
        found = await api.get(f"{ORDER}~with(deliveryAddresses,invoiceAddresses)")
        outcomes = [each["outcome"] for each in await api.lines("effects")]
        assert await api.get(f"{ORDER}/deliveryAddresses") == [address(line1="B 2")]
    assert [each["line1"] for each in found["deliveryAddresses"] + found["invoiceAddresses"]] == ["B 2", "C 3"]
    assert outcomes == ["done", "done", "done", "repeat", "done"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"tryApprove": False}, "InvalidField"),
        ({"tryCancel": 1}, "InvalidField"),
        ({"createShipment": {}}, "InvalidField"),
        ({}, "OneAction"),
        ({"tryApprove": True, "createShipment": True}, "OneAction"),
        ({"ship": True}, "UnknownAction"),
        ({"changeDeliveryAddress": address(street="X")}, "UnknownField"),
        ({"changeDeliveryAddress": address(postalCode=None)}, "MissingRequiredField"),
        ({"changeInvoiceAddress": address(countryCode="Sweden")}, "InvalidField"),
        ({"changeInvoiceAddress": "Storgatan"}, "InvalidField"),
        (b"{", "InvalidJson"),
        (b"[]", "InvalidJson"),
        (b'{"createPayment":{"amount":NaN}}', "InvalidJson"),
    ],
)
async def test_an_action_that_is_none_is_refused(body: Any, code: str) -> None:
    """Each mistake of a client has its own answer; none is taken for an action."""
    async with shop() as api:
        await api.put()
        status, problem = await api.call("PATCH", ACTIONS, body)
        assert (status, problem["code"], await api.status()) == (400, code, ["New"])
        assert (await api.stats())["refused_why"]["invalid"] == 1
