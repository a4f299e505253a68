"""Money at CommerceOS, as seed 002 has it: what was taken and given back, each transaction once."""

from typing import Any

import pytest

from streams.vocabulary import Command, CommandType, EventType
from tests.projections.commerceos_events import CANCELLED, PAID, PLACED, REFUND, SPLIT
from tests.projections.commerceos_world import NOW, World, said

BASIC = ["create_order", "change_delivery_address", "create_payment", "approve_order"]


def payment_data(command: Command) -> tuple[str, str, str | None]:
    payment = command.data["payment"]
    return payment["transaction_id"], payment["amount"], payment["method"]


def test_payment_of_several_sellers_can_be_a_payment_order() -> None:
    """The vendor refuses an action there."""
    world = World({"sellers": ["NORTH", "SOUTH"], "payment_orders": "several_sellers"}).run(PLACED, PAID)
    (made,) = list(world.store.payment_orders)
    assert (format(made.amount, "f"), made.payer, made.payee) == (
        "125",
        {"com.acme.customer-id": "CUST-1"},
        {"com.acme.store-id": "NORTH"},
    )


def test_split_payment_is_recorded_part_by_part_with_its_method() -> None:
    """The guide's gift card and card."""
    world = World().run(PLACED, SPLIT)
    made = [payment_data(each) for each in world.commands if each.type is CommandType.CREATE_PAYMENT]
    assert made == [("gc-1", "50", "giftcard"), ("pi-1", "75", "card")]
    assert world.payments() == {"gc-1": "50", "pi-1": "75"}
    assert world.theirs and [each.method["methodId"] for each in world.theirs.payments] == [
        "com.heads.store-credit",
        "com.heads.card",
    ]


def test_amounts_that_come_after_the_whole_was_recorded_are_not_recorded_too() -> None:
    """The money came once."""
    assert World().run(PLACED, PAID, SPLIT).payments() == {"shop:1:paid": "125"}


def test_attempt_and_authorisation_are_no_payment_and_an_authorisation_lets_approve() -> None:
    """Money that was not taken must not stand in the books; but what is authorised can be picked."""
    words = ("FAILED", "EXPIRED", "authorized", "PENDING")
    tries = [{"id": f"t{number}", "amount": "125", "status": word} for number, word in enumerate(words)]
    world = World().run(PLACED, said(EventType.CHANGED, 1, payment_status="authorised", payments=tries))
    assert (world.statuses(), world.payments()) == (["Committed"], {})
    world.run(said(EventType.CHANGED, 2, payment_status="paid", payments=[{"id": "t2", "status": "CAPTURED"}]))
    assert world.payments() == {"t2": "125"}


def test_payment_after_the_approval_is_recorded() -> None:
    """Paid on delivery: the guide lets a committed order be paid."""
    world = World().run(PLACED, said(EventType.CHANGED, 1, payment_status="on_delivery"))
    assert (world.statuses(), world.payments()) == (["Committed"], {})
    assert world.run(PAID).payments() == {"shop:1:paid": "125"}


def test_time_and_currency_of_a_payment_are_the_platform_s() -> None:
    """The books go by when the money was taken, not by when we came to write it down."""
    payment = {"id": "pi-1", "amount": "10.10", "currency": "SEK"}
    world = World().run(PLACED, said(EventType.PAID, 60, payments=[payment]))
    assert world.data(CommandType.CREATE_PAYMENT)["payment"] == {
        "as": "action",
        "transaction_id": "pi-1",
        "timestamp": "2026-01-02T03:05:05Z",
        "method": None,
        "currency": "SEK",
        "amount": "10.1",
    }
    assert NOW.isoformat().startswith("2026-01-02T03:04:05")


def test_payment_that_is_named_without_an_amount_has_the_time_at_which_it_was_told_of() -> None:
    """Selldone and Duda name the transaction alone: written down late, it must not stand in another month's books."""
    world = World().run(said(EventType.PAID, 60, payments=[{"id": "sd-1", "method": "card"}]), PLACED)
    payment = world.data(CommandType.CREATE_PAYMENT)["payment"]
    assert ("shop:1:paid", "2026-01-02T03:05:05Z") == (payment["transaction_id"], payment["timestamp"])


def test_refund_is_a_negative_payment_and_comes_before_the_cancelling() -> None:
    """Once it is cancelled the order takes no payment any more."""
    world = World().run(PLACED, PAID)
    world.take(REFUND, CANCELLED)
    world.settle()
    assert world.types == [*BASIC, "create_payment", "cancel_order"]
    assert (world.statuses(), world.payments()) == (["Cancelled"], {"shop:1:paid": "125", "shop:1:rf-1": "-25"})
    assert world.dead == []


def test_refund_that_is_known_when_the_order_is_created_comes_after_its_payment() -> None:
    """Nothing can be given back of what was not taken; ids come in any order."""
    both = [{"id": "a-refund", "amount": "-25"}, {"id": "b-payment", "amount": "125"}]
    world = World().run(said(EventType.REFUNDED, 2, payment_status="partly_refunded", payments=both), PLACED)
    made = [payment_data(each)[:2] for each in world.commands if each.type is CommandType.CREATE_PAYMENT]
    assert made == [("b-payment", "125"), ("shop:1:a-refund", "-25")]


@pytest.mark.parametrize(("payment_orders", "dead"), [("never", ["create_payment"]), ("several_sellers", [])])
def test_refund_after_the_cancelling_is_told_to_a_person_or_a_payment_order(
    payment_orders: str, dead: list[str]
) -> None:
    """The most usual of orders: cancelled, then paid back. It must not be dropped without a word."""
    world = World({"payment_orders": payment_orders}).run(PLACED, PAID, CANCELLED, REFUND)
    assert ([each.type.value for each in world.dead], world.wrong) == (dead, [])
    assert [format(each.amount, "f") for each in world.store.payment_orders] == ([] if dead else ["-25"])
    if dead:
        assert "a person must record the payment" in (world.order.targets["cos"].last_error or "")


def test_payment_that_is_only_recorded_there_does_not_go_back() -> None:
    """Somebody took the money in the store: sent back it would be there twice."""
    world = World().run(PLACED)
    assert world.theirs is not None
    cash = {"id": "cash-1", "amount": "125"}
    world.run(said(EventType.CONFIRMED, 1, "erp", payments=[cash], payment_status="paid"))
    assert "create_payment" not in world.types
    world.run(PAID)
    assert "create_payment" not in world.types


def test_our_own_transactions_come_back_as_the_payments_that_they_are() -> None:
    """CommerceOS shows what we wrote there: counted again, a refund of a part would be one of all."""
    refund = said(EventType.REFUNDED, 5, payments=[{"id": "rf-1", "amount": "-70"}])
    world = World().run(PLACED, PAID, refund)
    assert world.payments() == {"shop:1:paid": "125", "shop:1:rf-1": "-70"}
    assert (sorted(each.id for each in world.order.payments), world.order.payment_status) == (
        ["paid", "rf-1", "sd-1"],
        "partly_refunded",
    )


@pytest.mark.parametrize(
    "later", [{"status": "VOIDED"}, {"status": "EXPIRED"}, {"status": "pending"}, {"amount": None}]
)
def test_payment_that_was_recorded_is_not_paid_a_second_time_by_the_total(later: dict[str, Any]) -> None:
    """Whatever is said of it later, CommerceOS has it: the total on top would be the same money twice."""
    taken = {"id": "pi-1", "amount": "125", "status": "CAPTURED"}
    world = World().run(
        PLACED,
        said(EventType.PAID, 3, payments=[taken]),
        said(EventType.CHANGED, 4, payments=[{**taken, **later}]),
    )
    assert (world.payments(), world.dead) == ({"pi-1": "125"}, [])


@pytest.mark.parametrize("word", ["REFUSED", "denied", "Failure", "DECLINED", "authorisation_pending", "?", "nähtud"])
def test_amount_of_a_word_that_is_not_known_to_mean_taken_is_not_recorded(word: str) -> None:
    """Money that was perhaps never taken must not stand in the books; alone it is the order's total that is paid."""
    tried, taken = ({"id": f"pi-{status}", "amount": "125", "status": status} for status in (word, "Captured"))
    assert World().run(PLACED, said(EventType.PAID, 3, payments=[tried, taken])).payments() == {"pi-Captured": "125"}
    assert World().run(PLACED, said(EventType.PAID, 3, payments=[tried])).payments() == {"shop:1:paid": "125"}


@pytest.mark.parametrize("word", [None, "", "Paid", "paid_out", "PAID_DEFERRED", "Payed", "succeeded", "Completed"])
def test_amount_of_a_word_for_what_was_taken_is_recorded(word: str | None) -> None:
    """Where nothing is said of it, the order says that it is paid."""
    taken = {"id": "pi-1", "amount": "100", "status": word}
    assert World().run(PLACED, said(EventType.PAID, 3, payments=[taken])).payments() == {"pi-1": "100"}


def test_word_of_an_amount_that_nobody_knows_is_told_to_a_person() -> None:
    """It was not recorded: were it taken after all, money is missing there."""
    said_of = [{"id": f"pi-{at}", "amount": "5", "status": word} for at, word in enumerate(("Odd", "PAID", "FAILED"))]
    world = World().run(PLACED, said(EventType.PAID, 3, payments=[*said_of, {"id": "sd", "status": "Other"}]))
    assert [flag for flag in world.order.flags if flag.startswith("unknown-")] == ["unknown-payment-status:Odd"]
