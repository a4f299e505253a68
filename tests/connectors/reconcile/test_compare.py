"""Which differences there are between two sides: pure, one order at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.reconcile.compare import Kind, differences
from connectors.reconcile.ours import Expected, expected
from connectors.reconcile.theirs import Shown, shown
from connectors.status.snapshot import snapshots
from projections.commerceos import APPROVE, CANCEL, CREATE, PAYMENT, RELEASE, SHIPMENT, WHOLE_PAYMENT
from projections.commerceos_view import UPDATE
from projections.payments import WHOLE
from projections.spec import TargetSpec
from streams.settings.commerceos import CommerceOS
from streams.vocabulary import OrderStatus, Payment, PaymentStatus
from tests.connectors.reconcile.scene import Made

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MAPPING = CommerceOS(company="ACME", sellers=("MAIN",), payment_methods={"*": "com.heads.card"})
TARGET = TargetSpec("site", "commerceos", frozenset({"till"}), MAPPING)
SHIPPED = (CREATE, APPROVE, SHIPMENT, RELEASE)


def ours(*steps: str, target: TargetSpec = TARGET, **given: Any) -> Expected:
    return expected(Made("site", "shop", 1, dict.fromkeys(steps, "delivered"), **given).order, target)


def theirs(*words: str, payments: dict[str, str] | None = None, shipments: tuple[str, ...] = ()) -> Shown:
    amounts = {id: Decimal(amount) for id, amount in (payments or {}).items()}
    return Shown("shop:1", AT, words, None, amounts, (), [(word,) for word in shipments])


def found(order: Expected, there: Shown | None) -> list[tuple[Kind, tuple[str, ...]]]:
    """Each difference, and the steps whose repeat may mend it."""
    return [(each.kind, each.steps) for each in differences(order, there)]


@pytest.mark.parametrize(
    ("steps", "words", "repeats"),
    [
        ((CREATE,), ["New"], None),
        ((CREATE,), ["Reserved"], None),
        ((CREATE,), ["Committed"], ()),
        ((CREATE,), ["Cancelled"], ()),
        ((CREATE, APPROVE), ["Committed"], None),
        ((CREATE, APPROVE), ["Committed", "Fulfilled"], None),
        ((CREATE, APPROVE), ["Fulfilled"], None),
        ((CREATE, APPROVE), ["New"], (APPROVE,)),
        ((CREATE, APPROVE), ["Unreserved", "Reserved"], (APPROVE,)),
        ((CREATE, APPROVE), ["Cancelled"], ()),
        ((CREATE, APPROVE, CANCEL), ["Cancelled"], None),
        ((CREATE, APPROVE, CANCEL), ["Committed"], (CANCEL,)),
        ((CREATE, APPROVE, CANCEL), ["New"], (APPROVE, CANCEL)),
    ],
)
def test_statuses_of_both_sides(steps: tuple[str, ...], words: list[str], repeats: tuple[str, ...] | None) -> None:
    """`tryCancel` takes only what is `Committed`: repeated alone on a new order, it would be refused for good."""
    assert ([] if repeats is None else [(Kind.STATUS, repeats)]) == found(ours(*steps), theirs(*words))


def test_what_we_know_of_the_other_side_is_no_difference() -> None:
    """Approved or cancelled there, and told to us: both sides know."""
    cancelled = ours(CREATE, APPROVE, said=(OrderStatus.CANCELLED,))
    assert [] == found(cancelled, theirs("Cancelled"))
    assert [] == found(ours(CREATE, said=(OrderStatus.CANCELLED,)), theirs("New")), "cancelled before its approval"
    made = Made("site", "shop", 1, {CREATE: "delivered"}).order
    told = made.bookkeeping.updated({"voices": {"confirmed": ("till",)}})
    assert [] == found(expected(made.updated({"bookkeeping": told}), TARGET), theirs("Committed"))


@pytest.mark.parametrize(
    ("there", "repeats"),
    [
        (None, (Kind.MISSING, (CREATE,))),
        (theirs("New"), (Kind.STATUS, ())),
        (theirs("Committed"), (Kind.SHIPMENT, ())),
        (theirs("Committed", shipments=("New",)), (Kind.SHIPMENT, ())),
    ],
)
def test_order_that_is_cancelled_here_is_never_picked_by_a_repeat(there: Shown | None, repeats: Any) -> None:
    """Its cancellation was given up, and no new one is ever commanded: who heals must not have it sent."""
    order = ours(*SHIPPED, said=(OrderStatus.CANCELLED,))
    assert repeats in found(order, there)
    assert all(not {APPROVE, SHIPMENT, RELEASE} & set(steps) for _, steps in found(order, there))
    assert there is None or all(each.why for each in differences(order, there) if not each.steps)


@pytest.mark.parametrize(
    ("became", "kinds"), [("pending", []), ("refused", []), ("discarded", []), ("dead", [(Kind.MISSING, ())])]
)
def test_an_order_that_was_not_created_is_expected_nowhere(became: str, kinds: list[Any]) -> None:
    """Refused for want of stock, or let go by a person, nothing is to be there; given up, a person has to know."""
    order = expected(Made("site", "shop", 1, {CREATE: became}).order, TARGET)
    assert kinds == found(order, None)
    assert became != "pending" or order.waits


def test_what_waits_behind_a_dead_letter_does_not_hide_a_difference() -> None:
    """It may wait for weeks: what was delivered before is compared all the same."""
    steps = {CREATE: "delivered", f"{PAYMENT}A": "dead", APPROVE: "pending"}
    order = expected(Made("site", "shop", 1, steps, paid={"A": "5"}).order, TARGET)
    assert (False, [(Kind.MISSING, (CREATE,))]) == (order.waits, found(order, None))
    assert expected(Made("site", "shop", 1, {CREATE: "delivered", APPROVE: "pending"}).order, TARGET).waits


def test_all_that_was_delivered_is_repeated_for_a_missing_order() -> None:
    """What the target refused or gave up is not: it would only refuse it again."""
    steps = {CREATE: "delivered", UPDATE: "dead", APPROVE: "delivered"}
    order = expected(Made("site", "shop", 1, steps).order, TARGET)
    assert [(Kind.MISSING, (CREATE, APPROVE))] == found(order, None)


@pytest.mark.parametrize(
    ("there", "repeats"),
    [
        ({"A": "100", "B": "397.50"}, None),
        ({"A": "100"}, (f"{PAYMENT}B",)),
        ({}, (f"{PAYMENT}A", f"{PAYMENT}B")),
        ({"A": "100", "B": "397.49"}, ()),
        ({"A": "397.50", "B": "100"}, ()),
        ({"A": "100", "B": "397.50", "C": "1"}, ()),
    ],
)
def test_payments_of_both_sides(there: dict[str, str], repeats: tuple[str, ...] | None) -> None:
    """Each transaction with its amount: two wrong ones with the right sum are wrong."""
    order = ours(CREATE, f"{PAYMENT}A", f"{PAYMENT}B", paid={"A": "100.00", "B": "397.5"})
    assert ([] if repeats is None else [(Kind.PAYMENTS, repeats)]) == found(order, theirs("New", payments=there))


def test_payments_that_the_api_shows_without_ids_are_compared_by_count_and_sum() -> None:
    """The guide's answer has no transaction ids; which of them is missing cannot be told then."""
    order = ours(CREATE, f"{PAYMENT}A", f"{PAYMENT}B", paid={"A": "100", "B": "397.5"})
    assert [] == found(order, replace(theirs("New"), unnamed=(Decimal("397.5"), Decimal(100))))
    assert [(Kind.PAYMENTS, ())] == found(order, replace(theirs("New"), unnamed=(Decimal("497.5"),)))


def test_a_payment_that_they_told_us_of_is_expected_there() -> None:
    """Taken at the till: it is theirs, and it is right that it is there."""
    made = Made("site", "shop", 1, {CREATE: "delivered"}).order
    book = made.bookkeeping.updated({"voices": {"payment:T-1": ("till",)}})
    order = expected(made.updated({"payments": (Payment(id="T-1", amount=Decimal(5)),), "bookkeeping": book}), TARGET)
    assert [] == found(order, theirs("New", payments={"T-1": "5"}))
    assert [(Kind.PAYMENTS, ())] == found(order, theirs("New"))


def test_the_payment_of_a_whole_order_goes_by_an_id_of_ours() -> None:
    """Platforms that say only that it is paid: one payment of the total, under the order's own id."""
    made = Made("site", "shop", 1, dict.fromkeys((CREATE, WHOLE_PAYMENT), "delivered")).order
    book = made.bookkeeping.updated({"voices": {"paid": ("shop",)}})
    paid = {"payment_status": PaymentStatus.PAID, "total": Decimal("497.5"), "bookkeeping": book}
    order = expected(made.updated(paid), TARGET)
    assert [] == found(order, theirs("New", payments={f"shop:1:{WHOLE}": "497.50"}))
    assert [(Kind.PAYMENTS, (WHOLE_PAYMENT,))] == found(order, theirs("New"))


def test_payment_orders_are_none_of_the_orders() -> None:
    """They are resources of their own there: their absence in the order is no difference."""
    target = replace(TARGET, commerceos=MAPPING.model_copy(update={"payment_orders": "always"}))
    assert [] == found(ours(CREATE, f"{PAYMENT}A", paid={"A": "1"}, target=target), theirs("New"))


@pytest.mark.parametrize(
    ("shipments", "repeats"),
    [
        (("Released",), None),
        (("Transiting",), None),
        (("Released", "PartiallyTransiting"), None),
        (("New",), (RELEASE,)),
        (("PartiallyReleased",), (RELEASE,)),
        (("Released", "New"), (RELEASE,)),
        ((), (SHIPMENT, RELEASE)),
    ],
)
def test_shipments_of_both_sides(shipments: tuple[str, ...], repeats: tuple[str, ...] | None) -> None:
    """Released here and not there: nobody would send it."""
    there = theirs("Committed", shipments=shipments)
    assert ([] if repeats is None else [(Kind.SHIPMENT, repeats)]) == found(ours(*SHIPPED), there)
    assert [] == found(ours(CREATE, APPROVE, SHIPMENT), theirs("Committed", shipments=("New",)))
    assert [(Kind.SHIPMENT, (SHIPMENT,))] == found(ours(CREATE, APPROVE, SHIPMENT), theirs("Committed"))


@pytest.mark.parametrize("steps", [SHIPPED, (CREATE, APPROVE, SHIPMENT), (CREATE, APPROVE, RELEASE)])
def test_units_that_are_in_no_shipment_are_told(steps: tuple[str, ...]) -> None:
    """The warehouse made a shipment of a part by itself, so none of ours was made: both steps count as delivered."""
    there = replace(theirs("Committed", shipments=("Released",)), unshipped=Decimal(1))
    (one,) = differences(ours(*steps), there)
    assert (one.kind, one.theirs, one.steps, bool(one.why)) == (Kind.SHIPMENT, "1 in no shipment", (), True)
    assert [] == found(ours(CREATE, APPROVE), there), "nobody says that it is to be sent"


def test_what_the_api_shows_is_read_exactly() -> None:
    """Amounts as texts or numbers, with all their digits; what is no amount counts as nothing."""
    body = b"""[{"identifiers": {"key": "k", "com.acme.order-id": "shop:1"}, "status": ["Committed", "Fulfilled"],
      "totalAmount": "497.50", "timestamp": "2026-11-21T12:00:00Z",
      "payments": [{"transactionId": "A", "amount": 0.1}, {"transactionId": "A", "amount": "0.2"}, {"amount": "x"}],
      "shipments": [{"status": ["New"]}, {"status": "Released"}, {}],
      "items": [{"statusDetails": [{"status": "Committed", "quantity": "0.5"}, {"status": "Released", "quantity": 2}]},
                {"statusDetails": [{"status": ["Committed"], "quantity": 0.5}, {"status": "Committed"}]}, {}]}]"""
    (one,) = snapshots("site", "com.acme.order-id", body, AT)
    order = shown(one)
    assert (("Committed", "Fulfilled"), Decimal("497.5"), Decimal("0.3")) == (order.words, order.total, order.paid)
    assert ({"A": Decimal("0.3")}, [Decimal(0)]) == (order.payments, order.unnamed)
    assert ([("New",), ("Released",), ()], False) == (order.shipments, order.is_released)
    assert Decimal(1) == order.unshipped
