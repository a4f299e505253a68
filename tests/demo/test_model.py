"""The second opinion on what the target must have: from the documents' examples, and from cases made by hand."""

import json
from decimal import Decimal
from typing import Any

import pytest

from streams.demo.model import expected, read, stock
from streams.demo.payloads import example
from streams.demo.platforms import PLATFORMS
from streams.demo.told import Arrived, Body, Reading, Told
from streams.demo.webhook import (
    APICBASE,
    COMMERCEOS,
    DUDA,
    EXTERNAL_SYSTEM,
    QUICKBUTIK,
    SELLDONE,
    WEBSHOP,
)

DUDA_KEY = "duda:66f8c067f6ab411c9eaaac106a6948b5/ECOM-1065"
PLATE = "duda:66f8c067f6ab411c9eaaac106a6948b5/string/string"
CREATED, UPDATED, DELETED = (
    Arrived(DUDA, example(DUDA, name)) for name in ("order_created", "order_status_updated", "order_deleted")
)
CHECKOUT, PAYMENT = (Arrived(SELLDONE, example(SELLDONE, name)) for name in ("checkout_order", "payment_order"))
ONE = Decimal(1)


def told(*arrived: Arrived) -> list[Told]:
    return [one for each in arrived for one in read(each).told]


def arrived(source: str, document: Any, query: dict[str, str] | None = None, *, is_fetched: bool = False) -> Arrived:
    return Arrived(source, json.dumps(document).encode(), query or {}, is_fetched)


def duda(event: str, at: int, total: str, status: str = "PROCESSED") -> Arrived:
    document: dict[str, Any] = json.loads(CREATED.body)
    document |= {"event_type": event, "event_timestamp": at}
    document["data"] |= {"total": float(total), "status": status}
    return arrived(DUDA, document)


def test_the_last_of_two_equal_keys_names_the_order() -> None:
    """The example has `invoice_number` twice; JSON parsers take the last (PLATFORMS, Duda)."""
    assert {DUDA_KEY} == expected(told(CREATED)).keys()


def test_the_selldone_examples_make_one_order_with_exact_amounts() -> None:
    """451.16 and 287 as they stand in the document."""
    body = Body(Decimal("451.16"), "USD", ((ONE, Decimal(287)),), "customer*****@mail.com")
    order = expected(told(CHECKOUT, PAYMENT))["selldone:1/1001"]
    assert (True, body) == (order.must, order.body)


def test_of_equal_times_the_kind_of_event_decides() -> None:
    """All three Duda examples carry one time: the update's three plates count, though it arrived first."""
    body = expected(told(UPDATED, CREATED))[DUDA_KEY].body
    assert body is not None
    assert ((Decimal(3), Decimal(45)),) == body.items


def test_a_late_event_does_not_win() -> None:
    """The platform's time decides, not the arrival."""
    late = told(
        duda("ECOMM_ORDER_CREATED", 1, "10"),
        duda("ECOMM_ORDER_STATUS_UPDATED", 3, "30"),
        duda("ECOMM_ORDER_STATUS_UPDATED", 2, "20"),
    )
    assert Decimal(30) == total(late)


def total(all_told: list[Told]) -> Decimal:
    body = expected(all_told)[DUDA_KEY].body
    assert body is not None
    return body.total


def test_cancelled_before_placed_must_not_be_there() -> None:
    """The one difference that the arrival order may make (DESIGN 3)."""
    order = expected(told(DELETED, CREATED))[DUDA_KEY]
    assert (False, False) == (order.must, order.may)


def test_cancelled_after_placed_may_be_there() -> None:
    """Whether it was created first depends on who was quicker."""
    order = expected(told(CREATED, DELETED))[DUDA_KEY]
    assert (False, True) == (order.must, order.may)


def test_late_news_of_a_cancelled_order_count_too() -> None:
    """The target ends in the same place whatever the order of arrival, cancelled or not."""
    late = duda("ECOMM_ORDER_STATUS_UPDATED", 2, "20")
    assert Decimal(20) == total(told(duda("ECOMM_ORDER_CREATED", 1, "10"), duda("ECOMM_ORDER_DELETED", 1, "10"), late))


def test_a_status_cancels_too() -> None:
    """Duda cancels by a status, not only by deleting."""
    all_told = told(duda("ECOMM_ORDER_CREATED", 1, "10"), duda("ECOMM_ORDER_STATUS_UPDATED", 2, "10", "CANCELLED"))
    assert not expected(all_told)[DUDA_KEY].must


def test_an_order_that_was_never_placed_must_not_be_there() -> None:
    """A payment alone creates nothing."""
    order = expected(told(PAYMENT))["selldone:1/1001"]
    assert (False, False) == (order.must, order.may)


def test_the_back_office_calls_off_an_order_of_others() -> None:
    """It speaks of it by our key, and what was bought is still the shop's to say."""
    cancelled = arrived(EXTERNAL_SYSTEM, {"event_type": "order.cancelled", "order_id": DUDA_KEY, "data": {}})
    order = expected(told(CREATED, cancelled))[DUDA_KEY]
    assert (False, True) == (order.must, order.may)
    assert expected(told(CREATED))[DUDA_KEY].body == order.body


def test_an_id_that_is_no_key_is_an_order_of_the_shop() -> None:
    """The seed's external system knows the shop's own ids."""
    (one,) = told(arrived(EXTERNAL_SYSTEM, {"event_type": "order.shipped", "order_id": "7", "data": {}}))
    assert "quickbutik:7" == one.order_key


ORDER = {
    "order_id": "7",
    "status": "1",
    "total_amount": "12.50",
    "customer": {"email": "a@example.com"},
    "products": [{"price": "12.50"}],
}
NEW = {"event_type": "order.new", "order_id": "7"}


def test_a_ping_places_nothing_and_what_is_fetched_does() -> None:
    """Quantity and currency are as `transformOrder` of the seed has them where they are not said."""
    ping = Arrived(QUICKBUTIK, b"", NEW)
    assert not expected(told(ping))["quickbutik:7"].may
    order = expected(told(ping, arrived(QUICKBUTIK, [ORDER], NEW, is_fetched=True)))["quickbutik:7"]
    assert Body(Decimal("12.50"), "SEK", ((ONE, Decimal("12.50")),), "a@example.com") == order.body
    assert order.must


def test_what_was_fetched_last_counts() -> None:
    """An answer is what the order was at that moment."""
    later = {**ORDER, "total_amount": "99"}
    answers = [arrived(QUICKBUTIK, [document], NEW, is_fetched=True) for document in (ORDER, later)]
    body = expected(told(*answers))["quickbutik:7"].body
    assert body is not None
    assert Decimal(99) == body.total


@pytest.mark.parametrize("missing", ["total_amount", "customer"])
def test_an_answer_without_a_required_field_is_bad(missing: str) -> None:
    """`validateOrder` of the seed."""
    document = {**ORDER, missing: {} if missing == "customer" else ""}
    assert Reading(is_bad=True) == read(arrived(QUICKBUTIK, [document], NEW, is_fetched=True))


def test_of_a_push_with_a_bad_item_the_others_count() -> None:
    """Set aside, and told all the same; the same item twice in one push is told once."""
    good = {"orderId": DUDA_KEY, "status": ["Committed"], "timestamp": "2025-01-02T03:04:05Z"}
    reading = read(arrived(COMMERCEOS, [good, {"status": ["New"]}, good]))
    assert ([DUDA_KEY], True) == ([one.order_key for one in reading.told], reading.is_bad)


def test_a_push_of_lines_is_read_line_by_line() -> None:
    """NDJSON."""
    lines = b'{"orderId":"duda:s/1","status":["New"]}\n{"shipmentId":"s","orderId":"K-2","status":["New"]}\n'
    assert ["duda:s/1", "commerceos:K-2"] == [one.order_key for one in told(Arrived(COMMERCEOS, lines))]


def test_an_order_of_apicbase_has_a_currency_and_no_address() -> None:
    """The currency is in the configuration: no document has it."""
    package = {"supplier_package": {"theoretical_price_per_package": "2.5000"}, "quantity_ordered": 4}
    order = {"id": "a", "status": "ORDERED", "ordered_on": "2025-01-02T03:04:05Z", "theoretical_price": "10.0000"}
    body = expected(told(arrived(APICBASE, {**order, "packages": [package]})))["apicbase:a"].body
    assert Body(Decimal(10), "EUR", ((Decimal(4), Decimal("2.5")),), None) == body


def test_stock_is_what_the_orders_hold() -> None:
    """Created takes one, updated three in all, deleted gives all back; in whatever order, and however often."""
    assert {PLATE: Decimal(-1)} == stock(told(CREATED))
    assert {PLATE: Decimal(-3)} == stock(told(UPDATED, CREATED, UPDATED))
    assert {PLATE: Decimal(0)} == stock(told(DELETED, CREATED, UPDATED))


@pytest.mark.parametrize("source", sorted(PLATFORMS))
def test_rubbish_is_no_order(source: str) -> None:
    """What is no order of the platform is left to the quarantine; what is not about an order says nothing."""
    for request in PLATFORMS[source].RUBBISH:
        assert () == read(Arrived(source, request.body, dict(request.query))).told


@pytest.mark.parametrize("source", [DUDA, SELLDONE, WEBSHOP, APICBASE, EXTERNAL_SYSTEM])
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"data": 1}', b"null"])
def test_what_is_no_document_is_bad(source: str, body: bytes) -> None:
    """Whatever it is, reading it never fails."""
    assert Reading(is_bad=True) == read(Arrived(source, body))
