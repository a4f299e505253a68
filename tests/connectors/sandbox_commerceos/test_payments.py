"""Payments: each transaction id once, exact to the digit; and payment orders, which `POST` doubles."""

from typing import Any

import orjson
import pytest

from connectors.sandbox.commerceos.rules import Rules
from tests.connectors.sandbox_commerceos.shop import ACTIONS, ORDER, item, payment, product, shop

PAYMENT_ORDER: dict[str, Any] = {
    "identifiers": {"com.acme.paymentOrderId": "PO-1"},
    "amount": "500.00",
    "currency": {"identifiers": {"currencyCode": "SEK"}},
    "method": {"identifiers": {"methodId": "com.heads.card"}},
    "payer": {"identifiers": {"com.acme.customer-id": "CUST-001"}},
    "payee": {"identifiers": {"com.acme.store-id": "STORE-001"}},
}


async def test_the_same_transaction_is_one_record() -> None:
    """After a timeout the payment is sent again: the customer paid once."""
    async with shop() as api:
        await api.put()
        answers = [(await api.act(createPayment=payment(amount=amount)))[0] for amount in ("497.50", 497.5, "497.500")]
        payments, stats = await api.get(f"{ORDER}/payments"), await api.stats()
    assert answers == [200, 200, 200]
    assert [(each["transactionId"], each["amount"]) for each in payments] == [("TX-1", "497.50")]
    assert (stats["payments"], stats["repeats"]) == (1, 2)


@pytest.mark.parametrize(
    "changes",
    [{"amount": "497.51"}, {"amount": "-497.50"}, {"method": {"identifiers": {"methodId": "com.heads.cash"}}}],
)
async def test_the_same_transaction_with_another_content_is_a_conflict(changes: dict[str, Any]) -> None:
    """Swallowed as a repeat, the difference would be lost without a word."""
    async with shop() as api:
        await api.put()
        await api.act(createPayment=payment())
        status, problem = await api.act(createPayment=payment(**changes))
        assert (status, problem["code"]) == (409, "TransactionDiffers")
        assert [each["amount"] for each in await api.get(f"{ORDER}/payments")] == ["497.50"]
        assert (await api.stats())["refused_why"]["conflict"] == 1


async def test_a_transaction_of_another_order_is_a_conflict() -> None:
    """Ids of two shops may be alike: the second payment must not vanish into the first."""
    async with shop() as api:
        await api.put("O-1")
        await api.put("O-2")
        await api.act("O-1", createPayment=payment())
        status, problem = await api.act("O-2", createPayment=payment())
        assert (status, problem["code"]) == (409, "TransactionOfAnotherOrder")


async def test_split_payments_and_refunds_add_up_exactly() -> None:
    """A float would make 0.1 + 0.2 something else; a refund is a negative payment."""
    async with shop() as api:
        await api.put()
        for id, amount in (("A", "0.1"), ("B", "0.2"), ("C", "497.20"), ("D", "-497.50")):
            assert (await api.act(createPayment=payment(id, amount)))[0] == 200
        found = await api.get(f"{ORDER}~with(payments,totalAmount,balanceAmount)")
    assert [each["amount"] for each in found["payments"]] == ["0.10", "0.20", "497.20", "-497.50"]
    assert (found["totalAmount"], found["balanceAmount"]) == ("497.50", "497.50")


async def test_an_amount_keeps_every_digit_it_came_with() -> None:
    """Also in the record of effects, where a checker reads it."""
    async with shop() as api:
        await api.put()
        body = orjson.dumps({"createPayment": payment(amount="@")}).replace(b'"@"', b"12345678901234567890.1234")
        assert (await api.call("PATCH", ACTIONS, body))[0] == 200
        amount = (await api.get(f"{ORDER}/payments"))[0]["amount"]
        _, effects, _ = await api.raw("GET", "/_sandbox/commerceos/effects")
    assert amount == "12345678901234567890.1234"
    assert b'"amount":12345678901234567890.1234' in effects


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transactionId": None}, "MissingRequiredField"),
        ({"transactionId": 7}, "InvalidField"),
        ({"transactionId": " "}, "InvalidField"),
        ({"timestamp": None}, "MissingRequiredField"),
        ({"timestamp": "yesterday"}, "InvalidField"),
        ({"amount": "0.00"}, "InvalidAmount"),
        ({"amount": "many"}, "InvalidAmount"),
        ({"amount": True}, "InvalidAmount"),
        ({"amount": "1e400"}, "InvalidAmount"),
        ({"amount": "NaN"}, "InvalidAmount"),
        ({"amount": "1234567890123456789012345.1"}, "InvalidAmount"),
        ({"method": {"identifiers": {"methodId": "com.heads.shells"}}}, "PaymentMethodNotFound"),
        ({"currency": {"identifiers": {"currencyCode": "EUR"}}}, "CurrencyMismatch"),
        ({"tip": "1.00"}, "UnknownField"),
    ],
)
async def test_a_payment_that_is_none_is_refused(changes: dict[str, Any], code: str) -> None:
    """No payment is recorded that the order's money would not bear out."""
    async with shop() as api:
        await api.put()
        status, problem = await api.act(createPayment=payment(**changes))
        assert (status, problem["code"], await api.get(f"{ORDER}/payments")) == (400, code, [])


async def test_a_cancelled_order_takes_no_payment_but_the_one_it_has() -> None:
    """Cancelled is terminal in the guide's table, so a refund goes before it; a retry of an old payment is no news."""
    async with shop() as api:
        await api.put()
        await api.act(tryApprove=True)
        await api.act(createPayment=payment())
        await api.act(tryCancel=True)
        assert (await api.act(createPayment=payment()))[0] == 200
        status, problem = await api.act(createPayment=payment("REFUND", "-497.50"))
        assert (status, problem["code"]) == (400, "OrderNotPayable")
        await api.admin("PUT", "rules", {"takes_payments_after_cancel": True})
        assert (await api.act(createPayment=payment("REFUND", "-497.50")))[0] == 200


async def test_no_sum_is_rounded_however_large() -> None:
    """Decimals keep 28 digits unless told otherwise; a balance must keep them all."""
    async with shop() as api:
        price = "1234567890123456789012.34"
        await api.admin("PUT", "products", [product("WIDGET-001", price)])
        await api.put(items=[item("WIDGET-001", quantity="1000000000000000.01")])
        found = await api.get(f"{ORDER}~with(totalAmount)")
    assert found["totalAmount"] == "1234567890123456801358018901234567890.1234"


async def test_the_stricter_rules_of_an_installation_can_be_set() -> None:
    """The vendor's reference refuses a payment of an order of several sellers, and one above the balance."""
    sellers = [{"identifiers": {"com.acme.store-id": id}} for id in ("NORTH", "SOUTH")]
    rules = Rules(takes_payments_of_several_sellers=False, takes_more_than_the_balance=False)
    async with shop(rules=rules) as api:
        await api.put("O-1")
        await api.put("O-2", sellers=sellers)
        assert (await api.act("O-1", createPayment=payment("A", "497.51")))[1]["code"] == "InvalidAmount"
        assert (await api.act("O-1", createPayment=payment("A", "497.50")))[0] == 200
        assert (await api.act("O-2", createPayment=payment("B")))[1]["code"] == "SeveralSellers"


async def test_posting_a_payment_order_twice_makes_two_and_that_shows() -> None:
    """`POST` is not idempotent: whoever does not look before must be seen to double."""
    async with shop() as api:
        answers = [await api.call("POST", "/v1/payment-orders", PAYMENT_ORDER) for _ in range(2)]
        found, stats = await api.get("/v1/payment-orders"), await api.stats()
        outcomes = [each["outcome"] for each in await api.lines("effects")]
        assert (await api.get("/v1/payment-orders/com.acme.paymentOrderId=PO-1"))["amount"] == "500.00"
    assert [status for status, _ in answers] == [201, 201]
    assert [each["amount"] for each in found] == ["500.00", "500.00"]
    assert (stats["doubled"], stats["payment_orders"], outcomes) == (1, 2, ["done", "doubled"])


@pytest.mark.parametrize("field", PAYMENT_ORDER)
async def test_a_payment_order_needs_all_of_its_fields(field: str) -> None:
    """As the guide's example has them."""
    async with shop() as api:
        body = {name: value for name, value in PAYMENT_ORDER.items() if name != field}
        status, problem = await api.call("POST", "/v1/payment-orders", body)
        assert (status, problem["code"], problem["path"]) == (400, "MissingRequiredField", field)


async def test_payment_methods_can_be_discovered() -> None:
    """The guide says to ask always."""
    async with shop() as api:
        methods = await api.get("/v1/payment-methods")
    assert [each["identifiers"]["methodId"] for each in methods] == [
        *("com.heads.card", "com.heads.cash", "com.heads.store-credit", "com.heads.wolt"),
        "com.heads.klarna.ecommerce",
    ]
