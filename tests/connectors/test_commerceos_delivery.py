"""Every command of CommerceOS, from its record to the stand-in's, which keeps the guide's rules; and what is refused.

One worker delivers all of it once; each test looks at what came of it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.commerceos.tokens import Client
from streams.vocabulary import Command, DeadLetter, Outcome, OutcomeResult
from streams.vocabulary import CommandType as Type
from tests.connectors.api import TOKEN
from tests.connectors.commerceos import (
    CANCELLED,
    FULFILLED,
    Orders,
    address,
    given,
    order,
    payment,
    payment_order,
    shipment_order,
)
from tests.connectors.harness import line
from tests.connectors.sandbox_commerceos.shop import TOKEN as WATCHER
from tests.connectors.sandbox_commerceos.shop import product, shop

LAST_ONE = ("duda:s/last-1", "duda:s/last-2")
# An id that is full of what means something in a path.
AWKWARD = "duda:my shop/50%~with(status)=é"


@dataclass
class Delivered:
    """What came of it all: at the stand-in, in the outcomes and the dead letters, in the delivery table, in the log."""

    orders: dict[str, dict[str, Any]]
    shipments: list[dict[str, Any]]
    payment_orders: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    stats: dict[str, Any]
    commands: list[Command]
    outcomes: dict[str, Outcome]
    letters: dict[str, DeadLetter]
    waiting: dict[bytes | None, dict[str, Any]]
    log: str

    def of(self, key: str) -> list[tuple[Command, Outcome | None]]:
        """What became of the order's commands; None: they wait."""
        return [(each, self.outcomes.get(each.id)) for each in self.commands if each.order_key == key]

    def results(self, key: str) -> list[str]:
        return [outcome.result if outcome else "waiting" for _, outcome in self.of(key)]

    def letter(self, key: str) -> DeadLetter:
        (found,) = (each for each in self.letters.values() if each.command.order_key == key)
        return found


def everything(orders: Orders) -> None:
    """Notes all commands, in the order in which they are sent."""
    orders.commands(AWKWARD, *FULFILLED)
    orders.commands("duda:s/cancelled", *CANCELLED)
    orders.command(
        "duda:s/device",
        Type.CREATE_ORDER,
        {
            "order": order(
                items=[
                    {"sku": "PLAN-UNLIMITED", "instances": [{"phoneImei": "359876543210123"}]},
                    {"sku": "IPHONE-16-PRO", "instances": [{"imei": "359876543210123"}, {"imei": "359876543210124"}]},
                ]
            )
        },
    )
    orders.command("duda:s/own", Type.CREATE_ORDER)
    for amount in ("500.00", "500.00", "499.99"):
        made = payment_order(transaction_id="TX/own", amount=amount)
        orders.command("duda:s/own", Type.CREATE_PAYMENT, {"payment": made})
    orders.command("duda:s/own-shipment", Type.CREATE_SHIPMENT, {"shipment": shipment_order()})
    orders.command("duda:s/own-shipment", Type.CREATE_SHIPMENT, {"shipment": shipment_order()})
    orders.command("duda:s/split", Type.CREATE_ORDER)
    for id, method, amount in (("GC", "Gift", "100.00"), ("CARD", "Stripe", "397.5"), ("BACK", "Stripe", "-0.10")):
        made = payment(transaction_id=f"split-{id}", method=method, amount=amount)
        orders.command("duda:s/split", Type.CREATE_PAYMENT, {"payment": made})
    orders.commands("duda:s/late", Type.CREATE_ORDER, Type.APPROVE_ORDER)
    for line1 in ("Storgatan 2", "Storgatan 3"):
        late = {"address": address(line1=line1), "after_approval": True}
        orders.command("duda:s/late", Type.CHANGE_DELIVERY_ADDRESS, late)
    orders.command(
        "duda:s/late",
        Type.UPDATE_ORDER,
        {"order": order(items=[{"sku": "GADGET-002", "quantity": "1"}]), "after_approval": True},
    )
    orders.commands("duda:s/late", Type.CREATE_SHIPMENT)
    orders.commands("duda:s/too-early", Type.CREATE_ORDER, Type.CANCEL_ORDER, Type.APPROVE_ORDER)
    orders.command("duda:s/short", Type.CREATE_ORDER, {"order": order(items=[{"sku": "SCARCE", "quantity": "2"}])})
    for key in LAST_ONE:
        orders.command(key, Type.CREATE_ORDER, {"order": order(items=[{"sku": "SCARCE", "quantity": "1"}])})
    orders.command("duda:s/unknown", Type.CREATE_ORDER, {"order": order(items=[{"sku": "NO-SUCH", "quantity": "1"}])})
    orders.command("duda:s/unmapped", Type.CREATE_PAYMENT, {"payment": payment(method="Wolt")})
    orders.commands("duda:s/nowhere", Type.APPROVE_ORDER)


def when_these_are_there(orders: Orders) -> None:
    """Of two orders with one transaction the first has it; both that want the last of a product must have been made
    before one of them takes it."""
    for key in LAST_ONE:
        orders.commands(key, Type.APPROVE_ORDER)
    orders.command("duda:s/taken", Type.CREATE_ORDER)
    orders.command("duda:s/taken", Type.CREATE_PAYMENT, {"payment": payment(transaction_id="split-GC")})


@pytest.fixture(scope="module")
def delivered(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return asyncio.run(_deliver(kafka, tmp_path_factory.mktemp("delivered")))


async def _deliver(kafka: str, folder: Path) -> Delivered:
    client = Client(client_secret=TOKEN, fixed_token=WATCHER, token_ttl_s=3600)
    async with shop(client) as stand_in, line(kafka, stand_in.url, folder, **given(stand_in.url)) as made:
        stand_in.api.store.products.put(product("SCARCE", stock="1"))
        orders = Orders(made.name)
        everything(orders)
        await made.send(orders.made)
        await made.wait_for_outcomes(len(orders.made) - 1)  # one is held by a dead letter
        first = len(orders.made)
        when_these_are_there(orders)
        await made.send(orders.made[first:])
        outcomes = await made.wait_for_outcomes(len(orders.made) - 1)
        shown = {each["identifiers"]["com.acme.order-id"]: each for each in await stand_in.lines("orders")}
        return Delivered(
            shown,
            await stand_in.lines("shipments"),
            await stand_in.lines("payment-orders"),
            await stand_in.lines("effects"),
            await stand_in.stats(),
            orders.made,
            {each.command_id: each for each in outcomes},
            {each.id: each for each in await made.letters()},
            await made.waiting(),
            made.workers[0].log_file.read_text(),
        )


def test_an_order_is_created_addressed_paid_approved_and_shipped(delivered: Delivered) -> None:
    """The guide's whole flow, under an id that would break a path."""
    found = delivered.orders[AWKWARD]
    assert delivered.results(AWKWARD) == ["delivered"] * len(FULFILLED)
    assert found["identifiers"]["com.acme.channel"] == "duda"
    assert (found["status"], [each["status"] for each in found["shipments"]]) == (["Committed"], [["Released"]])
    (where,) = found["deliveryAddresses"]
    assert where == {"line1": "Storgatan 1", "postalCode": "11122", "cityName": "Stockholm", "countryCode": "SE"}
    assert found["invoiceAddresses"] == [where]
    assert [(each["transactionId"], each["amount"]) for each in found["payments"]] == [(f"TX-{AWKWARD}", "497.50")]
    refs = {
        outcome.ref
        for command, outcome in delivered.of(AWKWARD)
        if outcome and command.type is not Type.RELEASE_SHIPMENT
    }
    assert refs == {found["identifiers"]["key"]}


def test_an_approved_order_is_cancelled(delivered: Delivered) -> None:
    assert delivered.orders["duda:s/cancelled"]["status"] == ["Cancelled"]
    assert delivered.results("duda:s/cancelled") == ["delivered"] * 3


def test_devices_come_before_the_plans_that_name_them_and_one_to_an_item(delivered: Delivered) -> None:
    """The API heeds the first instance of an item alone, and refuses a plan before its device."""
    items = delivered.orders["duda:s/device"]["items"]
    assert [each["instances"] for each in items] == [
        [{"imei": "359876543210123"}],
        [{"imei": "359876543210124"}],
        [{"phoneImei": "359876543210123"}],
    ]


def test_split_payments_and_refunds_are_exact(delivered: Delivered) -> None:
    """Each transaction once, each by its own method, a refund below zero."""
    paid = delivered.orders["duda:s/split"]["payments"]
    assert [(each["amount"], each["method"]["identifiers"]["methodId"]) for each in paid] == [
        ("100.00", "com.heads.store-credit"),
        ("397.50", "com.heads.card"),
        ("-0.10", "com.heads.card"),
    ]


def test_what_is_posted_is_made_once(delivered: Delivered) -> None:
    """A second POST would make a second one: it is looked for first. One of another amount is somebody's mistake."""
    assert len(delivered.payment_orders) == 1
    assert delivered.payment_orders[0]["amount"] == "500.00"
    assert delivered.results("duda:s/own") == ["delivered", "delivered", "delivered", "dead"]
    assert "another amount" in _error(delivered, "duda:s/own")
    own = [each for each in delivered.shipments if "com.acme.shipment-order-id" in each["identifiers"]]
    assert len(own) == 1
    assert delivered.results("duda:s/own-shipment") == ["delivered", "delivered"]
    assert delivered.stats["doubled"] == 0


def test_a_change_after_approval_is_a_person_s_and_holds_nothing_up(delivered: Delivered) -> None:
    """The shipment behind it goes; the newer of two changes of the address is the one that is left."""
    assert delivered.results("duda:s/late") == ["delivered", "delivered", "dead", "dead", "dead", "delivered"]
    late = [command for command, _ in delivered.of("duda:s/late")]
    waiting = {id for id, each in delivered.waiting.items() if each["command"]["order_key"] == "duda:s/late"}
    assert waiting == {late[3].id.encode(), late[4].id.encode()}
    letter = delivered.letters[late[3].id]
    assert letter.exchange is not None
    assert (letter.exchange.method, letter.exchange.status) == ("PATCH", 400)
    assert "a person must change it" in (delivered.outcomes[late[3].id].error or "")
    assert "AddressNotChangeable; the order is Committed" in (delivered.outcomes[late[3].id].error or "")


def test_a_cancel_at_the_wrong_time_shows_the_request_that_was_refused(delivered: Delivered) -> None:
    """Not the look at the order afterwards: what was sent, and what it was told. The order waits for a person."""
    assert delivered.results("duda:s/too-early") == ["delivered", "dead", "waiting"]
    exchange = delivered.letter("duda:s/too-early").exchange
    assert exchange is not None
    assert (exchange.method, exchange.status, exchange.request_body) == ("PATCH", 400, '{"tryCancel":true}')
    assert "OrderNotCancellable" in (exchange.response_body or "")
    assert _error(delivered, "duda:s/too-early") == "HTTP 400 OrderNotCancellable; the order is New"


def test_out_of_stock_is_refused_for_good_and_says_which_product(delivered: Delivered) -> None:
    """There is nothing to mend, so no dead letter: the order learns of it."""
    ((_, outcome),) = delivered.of("duda:s/short")
    assert outcome is not None
    assert (outcome.result, outcome.http_status, outcome.attempts) == (OutcomeResult.REFUSED, 409, 1)
    assert outcome.error == "HTTP 409 OutOfStock (items): out of stock: SCARCE"
    assert [] == [each for each in delivered.letters.values() if each.command.order_key == "duda:s/short"]


def test_of_two_approvals_for_the_last_one_the_second_is_refused(delivered: Delivered) -> None:
    """The command names no product: the order is asked, and the first answer is the one that counts."""
    assert sorted(delivered.results(key)[1] for key in LAST_ONE) == ["delivered", "refused"]
    (outcome,) = (of for key in LAST_ONE for _, of in delivered.of(key) if of and of.result is OutcomeResult.REFUSED)
    assert (outcome.http_status, outcome.error) == (409, "HTTP 409 OutOfStock (items): out of stock: SCARCE")
    assert '"code":"OutOfStock"' in (outcome.response or "")


def _error(delivered: Delivered, key: str) -> str:
    return next(outcome.error or "" for _, outcome in delivered.of(key) if outcome and outcome.result == "dead")


REFUSALS: dict[str, Callable[[Delivered], bool]] = {
    "HTTP 400 ProductNotFound (items.0.product)": lambda it: "NO-SUCH" in str(it.letter("duda:s/unknown").exchange),
    "HTTP 409 TransactionOfAnotherOrder": lambda it: "split-GC" in str(it.letter("duda:s/taken").exchange),
    "HTTP 404 NotFound: there is no such order": lambda it: "tryApprove" in str(it.letter("duda:s/nowhere").exchange),
    "data.payment.method is not in targets.": lambda it: it.letter("duda:s/unmapped").exchange is None,
}


@pytest.mark.parametrize(("key", "error"), [*zip(("unknown", "taken", "nowhere", "unmapped"), REFUSALS, strict=True)])
def test_what_a_person_has_to_mend_says_what(delivered: Delivered, key: str, error: str) -> None:
    """With the whole exchange, where there was one; else with the setting that is missing."""
    assert _error(delivered, f"duda:s/{key}").startswith(error)
    assert REFUSALS[error](delivered)


def test_no_secret_and_no_customer_is_in_the_log(delivered: Delivered) -> None:
    """Nor is a token fetched for each request: one is for delivery, one for what else the worker asks."""
    assert [] == [each for each in (TOKEN, "Storgatan", "CUST-001") if each in delivered.log]
    assert delivered.stats["tokens"] <= 2
