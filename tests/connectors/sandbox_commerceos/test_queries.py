"""Reading by path operators: each as the guide uses it, and anything else refused rather than ignored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from connectors.sandbox.commerceos.path import Operator, Step, parse
from connectors.sandbox.commerceos.refusal import Refused
from tests.connectors.api import lines
from tests.connectors.sandbox_commerceos.shop import ORDER, Shop, payment, shop

ORDERS = "/v1/trade-orders"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["identifiers"]["com.acme.order-id"] for each in found]


async def three(api: Shop) -> None:
    """O-1 is committed, O-2 and O-3 are new; O-3 came by another channel, is partly reserved and has another seller."""
    for id in ("O-1", "O-2"):
        await api.put(id)
    await api.act("O-1", tryApprove=True)
    await api.put(
        "O-3",
        identifiers={"com.acme.order-id": "O-3", "com.acme.channel": "b2b"},
        items=[
            {"product": {"identifiers": {"com.acme.sku": "WIDGET-001"}}, "quantity": 1},
            {
                "product": {"identifiers": {"com.acme.sku": "GADGET-002"}},
                "quantity": 1,
                "reservedUntil": "2999-01-01T00:00:00Z",
            },
        ],
        sellers=[{"identifiers": {"com.acme.store-id": "NORTH"}}, {"identifiers": {"com.acme.store-id": "SOUTH"}}],
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("~where(identifiers/com.acme.channel=webshop)", ["O-1", "O-2"]),
        ("~where(identifiers/com.acme.channel=null)", []),
        ("~where(identifiers/com.acme.seen=null)", ["O-1", "O-2", "O-3"]),
        ("~where(identifiers/com.acme.channel!=webshop)", ["O-3"]),
        ("~where(status=Committed)", ["O-1"]),
        ("~where(status=New)", ["O-2"]),
        ("~where(status=~New)", ["O-2", "O-3"]),
        ("~where(sellers/identifiers/com.acme.store-id=SOUTH)", ["O-3"]),
        ("~where(totalAmount>497)", ["O-1", "O-2"]),
        ("~where(totalAmount%3E%3D258.750)", ["O-1", "O-2", "O-3"]),
        ("~where(totalAmount<497.5)", ["O-3"]),
        ("~where(totalAmount=497.5)", []),
        ("~where(timestamp>=2026-11-21T12:00:00Z)~where(timestamp<2026-11-22)", ["O-1", "O-2", "O-3"]),
        ("~where(timestamp<2026-11-21T14:00:00%2B02:00)", []),
        ("~where(status=New)~where(identifiers/com.acme.channel=webshop)", ["O-2"]),
        ("~where(status=New,identifiers/com.acme.channel=b2b)", []),
        ("~orderBy(totalAmount)~take(1)", ["O-3"]),
        ("~orderBy(timestamp:desc)~take(2)", ["O-3", "O-2"]),
        ("~orderBy(timestamp:desc)~skip(2)~take(2)", ["O-1"]),
        ("~where(no-such/field=1)", []),
    ],
)
async def test_a_list_is_narrowed_as_its_operators_say(query: str, found: list[str]) -> None:
    """A poller that reads by status must see what the API would show it, neither more nor less."""
    times = iter(START + timedelta(seconds=number) for number in range(100_000))
    async with shop(now=lambda: next(times)) as api:
        await three(api)
        assert ids(await api.get(f"{ORDERS}{query}")) == found


async def test_counts_and_the_first() -> None:
    """What reconciliation compares."""
    async with shop() as api:
        await three(api)
        assert await api.get(f"{ORDERS}~where(status=~New)~count") == 2
        assert await api.get(f"{ORDERS}~where(status=~New)/count") == 2
        assert await api.get(f"{ORDERS}/count") == 3
        assert await api.get(f"{ORDER}/items/count") == 1
        assert (await api.get(f"{ORDERS}~where(status=Committed)~first"))["identifiers"]["com.acme.order-id"] == "O-1"


async def test_only_what_is_asked_for_is_shown() -> None:
    """A client that does not ask for the status does not get it, as with the guide's answers."""
    async with shop() as api:
        await api.put()
        await api.act(createPayment=payment())
        key = (await api.get(ORDER))["identifiers"]["key"]
        assert list(await api.get(ORDER)) == ["identifiers"]
        assert list(await api.get(f"/v1/trade-orders/{key}~with(status,totalAmount)")) == [
            *("identifiers", "status", "totalAmount"),
        ]
        assert await api.get(f"{ORDER}~just(status,paid:payments/0/amount)") == {"status": ["New"], "paid": "497.50"}
        nested = await api.get(f"{ORDER}~with(items~with(statusDetails)~just(quantity))")
        assert nested["items"] == [{"quantity": "2"}]
        everything = await api.get(f"{ORDER}~withAll")
        assert {"supplier", "sellers", "items", "payments", "shipments", "balanceAmount"} <= set(everything)


async def test_a_list_comes_in_lines_where_they_are_asked_for() -> None:
    """The guide streams thousands of items as NDJSON."""
    async with shop() as api:
        await three(api)
        _, body, headers = await api.raw("GET", f"{ORDERS}~with(status)", Accept="application/x-ndjson")
    assert headers["Content-Type"] == "application/x-ndjson"
    assert ids(lines(body)) == ["O-1", "O-2", "O-3"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ORDERS}~wher(status=New)", 400),
        (f"{ORDERS}~where(status)", 400),
        (f"{ORDERS}~take(many)", 400),
        (f"{ORDERS}~take(10001)", 400),
        (f"{ORDERS}~orderBy(timestamp:up)", 400),
        (f"{ORDERS}~with(colour)", 400),
        (f"{ORDERS}~with(status", 400),
        (f"{ORDERS}~with)status(", 400),
        (f"{ORDER}~take(1)", 400),
        (f"{ORDER}~just(colour)", 400),
        (f"{ORDER}/colour", 404),
        (f"{ORDERS}/com.acme.order-id=O-9~with(status)", 404),
        (f"{ORDERS}/TO404", 404),
        ("/v1/trade-orderz", 404),
        ("/v1/payment-methods/com.heads.card", 404),
        (f"{ORDERS}~where({'x' * 9000}=1)", 400),
    ],
)
async def test_a_path_that_means_nothing_is_refused(path: str, status: int) -> None:
    """An operator that is ignored would let a wrong query pass for a right one."""
    async with shop() as api:
        await api.put()
        answered, body, _ = await api.raw("GET", path)
    assert answered == status, orjson.loads(body)


def test_brackets_hold_a_path_together() -> None:
    """A slash, a comma or a tilde within them belongs to the operator; an escaped one to the name."""
    assert parse("/v1/orders~where(a/b=~c)~with(items~with(x,y),z)/n%2F1%7Ea~count") == (
        Step("v1"),
        Step("orders", (Operator("where", ("a/b=~c",)), Operator("with", ("items~with(x,y)", "z")))),
        Step("n/1~a", (Operator("count"),)),
    )
    for wrong in ("a(", "a)", "a~with(x))", "//", "a~"):
        with pytest.raises(Refused):
            parse(wrong)


async def test_operators_are_not_for_writing() -> None:
    """An action on a query is a mistake, not an action on all that it finds."""
    async with shop() as api:
        await api.put()
        status, problem = await api.call("PATCH", f"{ORDER}~with(status)/actions", {"tryApprove": True})
        assert (status, problem["code"], await api.status()) == (400, "InvalidPath", ["New"])
