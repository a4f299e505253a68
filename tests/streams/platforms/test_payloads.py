"""The seeds' own payloads: kept byte for byte, and read as their documents mean them."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from streams.platforms import PLATFORMS, Identity
from streams.vocabulary import EventType, Line, OrderStatus, Payment, PaymentStatus, Person
from tests.streams.platforms.samples import event, payload

SITE = "66f8c067f6ab411c9eaaac106a6948b5"
DUDA = [
    ("order-created", "ECOMM_ORDER_CREATED", EventType.PLACED),
    ("order-status-updated", "ECOMM_ORDER_STATUS_UPDATED", EventType.CHANGED),
    ("order-deleted", "ECOMM_ORDER_DELETED", EventType.DELETED),
]
SELLDONE = [
    ("checkout-order", "CheckoutOrder", EventType.PLACED),
    ("payment-order", "PaymentOrder", EventType.PAID),
]
DIGESTS = {
    ("duda", "order-created"): "02d1af4675b992590e571a9100b311c626779fb3621fb6a35f93ff607089c363",
    ("duda", "order-status-updated"): "69ccca30dc65ac325e5031427b40a6d7f2ff47a6d585978be75e14fb05c2a96d",
    ("duda", "order-deleted"): "6b95d32a1bdce59d6d6bef0feb5f06f9526869c3bb43204e273b65f8e1c122ba",
    ("selldone", "checkout-order"): "8c34c8391f5d478e833b7fdbe8ae5d0f8bdb1cbfb8d634b439bcdfc349e6a631",
    ("selldone", "payment-order"): "e201a524717dd4e40a1a25ea1f02ce7be905bde112d18ac85bdcf5ed3419d0dc",
}


@pytest.mark.parametrize(("platform", "name"), DIGESTS)
def test_payload_is_not_tidied_by_an_editor(platform: str, name: str) -> None:
    """Tabs and duplicate keys are the point of these files; re-indenting them would lose both."""
    assert sha256(payload(platform, name)).hexdigest() == DIGESTS[platform, name]


@pytest.mark.parametrize(("name", "word", "type"), DUDA)
def test_duda_payload_names_its_order_by_the_last_invoice_number(name: str, word: str, type: EventType) -> None:
    """`invoice_number` stands there twice; JSON parsers take the last, ECOM-1065."""
    body = payload("duda", name)
    assert PLATFORMS["duda"].identify(body, {}) == Identity(f"{SITE}/ECOM-1065", word)
    read = event("duda", body)
    assert (read.type, read.order_key, read.platform_event) == (type, f"duda:{SITE}/ECOM-1065", word)


def test_duda_payloads_of_one_time_are_told_apart_by_rank() -> None:
    """All three carry the same event_timestamp; without a rank, a delete could be undone by its own create."""
    events = [event("duda", payload("duda", name)) for name, _, _ in DUDA]
    assert {one.occurred_at for one in events} == {datetime(2023, 1, 12, 18, 14, 23, 361000, tzinfo=UTC)}
    assert [one.rank for one in events] == sorted({one.rank for one in events})


def test_duda_amounts_are_exact_and_sums_are_made() -> None:
    """45.00 as a float, or a tax that is not summed, would be a wrong amount downstream."""
    facts = event("duda", payload("duda", "order-status-updated")).data
    amounts = (facts.total, facts.subtotal, facts.tax, facts.discount, facts.shipping_cost)
    assert amounts == tuple(Decimal(text) for text in ("62.85", "152.35", "22.35", "15", "14"))
    assert facts.lines is not None
    assert [(line.quantity, line.unit_price) for line in facts.lines] == [(Decimal(3), Decimal(45))]


def test_duda_payload_says_paid_and_shows_its_payment() -> None:
    """The order is in USD and was paid in CAD: neither may overwrite the other."""
    facts = event("duda", payload("duda", "order-created")).data
    payment = Payment(id="ch_3MPVHQHiZehw2KYT1r9REUbz", status="PAID", method="CreditCard", currency="CAD")
    assert (facts.status, facts.payment_status, facts.currency) == (OrderStatus.CONFIRMED, PaymentStatus.PAID, "USD")
    assert facts.payments == (payment,)


@pytest.mark.parametrize(("name", "word", "type"), SELLDONE)
def test_selldone_payload_names_its_order_by_shop_and_basket(name: str, word: str, type: EventType) -> None:
    """Basket ids are unique within a shop only, so the key needs both."""
    body = payload("selldone", name)
    assert PLATFORMS["selldone"].identify(body, {}) == Identity("1/1001", word)
    read = event("selldone", body)
    assert (read.type, read.order_key, read.platform_event) == (type, "selldone:1/1001", word)


def test_selldone_fields_that_payment_lacks_stay_absent() -> None:
    """Were absent read as null, the payment webhook would erase tax, discount and delivery of the checkout."""
    facts = event("selldone", payload("selldone", "payment-order")).data
    assert {"tax", "discount", "shipping_cost", "platform_delivery_state"}.isdisjoint(facts.model_fields_set)
    assert facts.payment_status is PaymentStatus.PAID


def test_selldone_line_without_count_is_one_piece() -> None:
    """The page's items have no quantity at all; an order of nothing would be delivered."""
    facts = event("selldone", payload("selldone", "checkout-order")).data
    line = Line(id="1906", product_id="9361", quantity=Decimal(1), unit_price=Decimal(287), tax=Decimal("57.4"))
    assert facts.lines == (line,)


def test_selldone_masked_values_are_kept_as_given() -> None:
    """A masked email still tells a person something; it is the fold that never lets it replace a known one."""
    facts = event("selldone", payload("selldone", "checkout-order")).data
    assert facts.customer == Person(id="74", name="John Doe", email="customer*****@mail.com", phone="*****603")
