"""Seed 004 table by table: every trigger, status, delivery state and type, and people who are masked or not there."""

import json
from decimal import Decimal
from typing import Any

import pytest

from streams.platforms import selldone
from streams.vocabulary import EventType, OrderEvent, OrderStatus, PaymentStatus, Person
from tests.projections.events import folded
from tests.streams.platforms.case import drop, put
from tests.streams.platforms.samples import Change, changed, event, payload

# "Available Triggers": what the event is, and where the order and its money are once it was the only one.
TRIGGERS = [
    ("CheckoutOrder", EventType.PLACED, OrderStatus.PENDING, PaymentStatus.UNPAID),
    ("PaymentOrder", EventType.PAID, OrderStatus.PENDING, PaymentStatus.PAID),
    ("CancelProduct", EventType.LINE_CANCELLED, OrderStatus.PENDING, PaymentStatus.UNPAID),
    ("OrderConfirm", EventType.CONFIRMED, OrderStatus.CONFIRMED, PaymentStatus.UNPAID),
    ("PreparingOrder", EventType.PROCESSING, OrderStatus.PROCESSING, PaymentStatus.UNPAID),
    ("SentOrder", EventType.SHIPPED, OrderStatus.SHIPPED, PaymentStatus.UNPAID),
    ("ToCustomer", EventType.DELIVERED, OrderStatus.DELIVERED, PaymentStatus.UNPAID),
    ("ReturnOrder", EventType.RETURNED, OrderStatus.RETURNED, PaymentStatus.UNPAID),
    ("DeliveryCanceled", EventType.DELIVERY_CANCELLED, OrderStatus.PENDING, PaymentStatus.UNPAID),
]
# "Status".
STATUSES = [
    ("Open", OrderStatus.PENDING, PaymentStatus.UNPAID),
    ("Reserved", OrderStatus.PENDING, PaymentStatus.UNPAID),
    ("Payed", OrderStatus.PENDING, PaymentStatus.PAID),
    ("Canceled", OrderStatus.CANCELLED, PaymentStatus.UNPAID),
    ("COD", OrderStatus.PENDING, PaymentStatus.ON_DELIVERY),
]
# "Delivery State Codes".
DELIVERY_STATES = [
    ("CheckQueue", OrderStatus.PENDING),
    ("OrderConfirm", OrderStatus.CONFIRMED),
    ("PreparingOrder", OrderStatus.PROCESSING),
    ("SentOrder", OrderStatus.SHIPPED),
    ("ToCustomer", OrderStatus.SHIPPED),
]
# "Order Types".
TYPES = ["PHYSICAL", "VIRTUAL", "SERVICE", "FILE", "SUBSCRIPTION"]


def read(*changes: Change, sample: str = "checkout-order") -> OrderEvent:
    def change(document: dict[str, Any]) -> None:
        for one in changes:
            one(document)

    return event("selldone", changed("selldone", sample, change))


def test_tables_are_the_modules_tables() -> None:
    """A word that the page has and the module lacks would be flagged as unknown; one more would be made up."""
    assert {row[0] for row in TRIGGERS} == set(selldone.EVENTS)
    assert {row[0] for row in STATUSES} == {*selldone.PAYMENT_STATUSES, selldone.CANCELLED}
    assert {row[0] for row in DELIVERY_STATES} == set(selldone.DELIVERY_STATES)
    assert set(TYPES) == selldone.TYPES


@pytest.mark.parametrize(("action", "type", "status", "paid"), TRIGGERS, ids=[row[0] for row in TRIGGERS])
def test_every_trigger_moves_the_order_as_the_page_says(
    action: str, type: EventType, status: OrderStatus, paid: PaymentStatus
) -> None:
    """Nine actions; `CancelProduct` is about a product, `DeliveryCanceled` about a delivery, not the order."""
    one = read(put("action", value=action))
    order = folded(one)
    assert (one.type, one.platform_event) == (type, action)
    assert (order.status, order.payment_status) == (status, paid)
    assert order.flags == (("delivery-cancelled",) if action == "DeliveryCanceled" else ())


@pytest.mark.parametrize(("word", "status", "paid"), STATUSES, ids=[row[0] for row in STATUSES])
def test_every_status_is_about_the_money_but_for_canceled(word: str, status: OrderStatus, paid: PaymentStatus) -> None:
    """`Payed` is how it is written; `COD` is not paid yet, and no order waits for its payment."""
    order = folded(read(put("basket", "status", value=word)))
    assert (order.status, order.payment_status, order.platform_status) == (status, paid, word)
    assert order.flags == ()


@pytest.mark.parametrize(("word", "status"), DELIVERY_STATES, ids=[row[0] for row in DELIVERY_STATES])
def test_every_delivery_state_says_where_the_order_is(word: str, status: OrderStatus) -> None:
    """As a state, ToCustomer is "en route"; taken for the action of that name, the parcel would have arrived."""
    order = folded(read(put("basket", "delivery_state", value=word)))
    assert (order.status, order.platform_delivery_state, order.flags) == (status, word, ())


@pytest.mark.parametrize("word", TYPES)
def test_every_type_of_order_is_kept(word: str) -> None:
    """A file needs no parcel: targets have to know."""
    order = folded(read(put("basket", "type", value=word)))
    assert (order.platform_type, order.flags) == (word, ())


@pytest.mark.parametrize(
    ("user", "customer", "expected"),
    [
        ("as it is", "as it is", Person(id="74", name="John Doe", email="customer*****@mail.com", phone="*****603")),
        (None, "as it is", Person(id="74", name="John Doe", email="customer*****@mail.com", phone="*****603")),
        ("as it is", None, Person(id="2", name="John Doe", email="user*****@mail.com", phone="*****000")),
        (None, None, None),
    ],
)
def test_user_and_customer_may_each_be_null(user: object, customer: object, expected: Person | None) -> None:
    """ "User object … or null", "Customer object or null": a guest has bought without an account."""
    nulls = [put(key, value=None) for key, value in (("user", user), ("customer", customer)) if value is None]
    assert folded(read(*nulls)).customer == expected


def test_user_in_full_beats_a_masked_customer() -> None:
    """Field by field: who is known in full is whom a mail reaches."""
    order = folded(read(put("user", "email", value="john@mail.com")))
    assert order.customer is not None
    assert (order.customer.email, order.customer.phone) == ("john@mail.com", "*****603")


@pytest.mark.parametrize("field", ["name", "email", "phone"])
@pytest.mark.parametrize("nothing", ["", " ", None])
def test_user_tells_what_the_customer_leaves_empty(field: str, nothing: str | None) -> None:
    """An empty string is what a form gives that nobody filled in: no mail reaches it."""
    order = folded(read(put("customer", field, value=nothing), put("user", field, value="+49 30 1 john@x.com")))
    assert order.customer is not None
    assert "+49 30 1 john@x.com" == getattr(order.customer, field)


def test_people_who_are_null_later_are_still_known() -> None:
    """An order does not lose its buyer because a later webhook does not name one."""
    nobody = read(put("customer", value=None), put("user", value=None), sample="payment-order")
    for order in (folded(read(), nobody), folded(nobody, read())):
        assert order.customer is not None
        assert order.customer.id == "74"


@pytest.mark.parametrize("field", ["tax", "discount", "delivery_price"])
def test_amount_that_is_absent_later_stays_and_one_that_is_null_goes(field: str) -> None:
    """The page's own payment payload lacks the three that its checkout payload has."""
    name = {"delivery_price": "shipping_cost"}.get(field, field)
    absent, null = (read(change, sample="payment-order") for change in (drop("user"), put("basket", field, value=None)))
    before = getattr(folded(read()), name)
    assert before is not None
    assert (getattr(folded(read(), absent), name), getattr(folded(read(), null), name)) == (before, None)


def test_checkout_then_payment_of_the_page_make_one_whole_order() -> None:
    """Both payloads as they stand, in either order of arrival."""
    names = ("checkout-order", "payment-order")
    first, second = (event("selldone", payload("selldone", name), offset) for offset, name in enumerate(names))
    for order in (folded(first, second), folded(second, first)):
        assert (order.key, order.order_number, order.shop) == ("selldone:1/1001", "SINX-1", "1")
        assert (order.total, order.currency) == (Decimal("451.16"), "USD")
        assert (order.tax, order.discount, order.shipping_cost) == (
            Decimal("63.75"),
            Decimal("136.48"),
            Decimal("5.51"),
        )
        assert (order.status, order.payment_status) == (OrderStatus.PENDING, PaymentStatus.PAID)
        (line,) = order.lines
        assert (line.product_id, f"{line.quantity}") == ("9361", "1")
        assert (line.unit_price, line.tax) == (Decimal(287), Decimal("57.4"))
        (paid,) = order.payments
        assert (paid.id, paid.method, paid.currency) == ("934", "stripe", "USD")
        assert (order.version, order.flags) == (2, ())


def test_placeholder_payload_of_the_page_names_no_order() -> None:
    """The format is shown with words in place of objects: sent as a test, it must end in quarantine, with a reason."""
    text = {"event": "OnlineOrder", "action": "CheckoutOrder", "shop": {"id": 1}, "basket": "Order object"}
    assert selldone.identify(json.dumps(text).encode(), {}).native_id is None
