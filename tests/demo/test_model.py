"""The second opinion on what the target must have: from the documents' examples, and from cases made by hand."""

import json
from decimal import Decimal
from typing import Any

from streams.demo.evidence import Body
from streams.demo.model import expected, read
from streams.demo.payloads import example
from streams.demo.webhook import DUDA, SELLDONE

DUDA_KEY = "duda:66f8c067f6ab411c9eaaac106a6948b5/ECOM-1065"
CREATED, UPDATED, DELETED = (
    (DUDA, example(DUDA, name)) for name in ("order_created", "order_status_updated", "order_deleted")
)
CHECKOUT, PAYMENT = ((SELLDONE, example(SELLDONE, name)) for name in ("checkout_order", "payment_order"))


def duda(event: str, at: int, total: str, status: str = "PROCESSED") -> tuple[str, bytes]:
    document: dict[str, Any] = json.loads(CREATED[1])
    document |= {"event_type": event, "event_timestamp": at}
    document["data"] |= {"total": float(total), "status": status}
    return DUDA, json.dumps(document).encode()


def test_the_last_of_two_equal_keys_names_the_order() -> None:
    """The example has `invoice_number` twice; JSON parsers take the last (PLATFORMS, Duda)."""
    assert {DUDA_KEY} == expected([CREATED]).keys()


def test_the_selldone_examples_make_one_order_with_exact_amounts() -> None:
    """451.16 and 287 as they stand in the document."""
    body = Body(Decimal("451.16"), "USD", ((Decimal(1), Decimal(287)),), "customer*****@mail.com")
    order = expected([CHECKOUT, PAYMENT])["selldone:1/1001"]
    assert (True, body) == (order.must, order.body)


def test_of_equal_times_the_kind_of_event_decides() -> None:
    """All three Duda examples carry one time: the update's three plates count, though it arrived first."""
    assert ((Decimal(3), Decimal(45)),) == expected([UPDATED, CREATED])[DUDA_KEY].body.items


def test_a_late_event_does_not_win() -> None:
    """The platform's time decides, not the arrival."""
    arrived = [
        duda("ECOMM_ORDER_CREATED", 1, "10"),
        duda("ECOMM_ORDER_STATUS_UPDATED", 3, "30"),
        duda("ECOMM_ORDER_STATUS_UPDATED", 2, "20"),
    ]
    assert Decimal(30) == expected(arrived)[DUDA_KEY].body.total


def test_cancelled_before_placed_must_not_be_there() -> None:
    """The one difference that the arrival order may make (DESIGN 3)."""
    order = expected([DELETED, CREATED])[DUDA_KEY]
    assert (False, False) == (order.must, order.may)


def test_cancelled_after_placed_may_be_there() -> None:
    """Whether it was created first depends on who was quicker."""
    order = expected([CREATED, DELETED])[DUDA_KEY]
    assert (False, True) == (order.must, order.may)


def test_late_news_of_a_cancelled_order_count_too() -> None:
    """The target ends in the same place whatever the order of arrival, cancelled or not."""
    late = duda("ECOMM_ORDER_STATUS_UPDATED", 2, "20")
    arrived = [duda("ECOMM_ORDER_CREATED", 1, "10"), duda("ECOMM_ORDER_DELETED", 1, "10"), late]
    assert Decimal(20) == expected(arrived)[DUDA_KEY].body.total


def test_a_status_cancels_too() -> None:
    """Duda cancels by a status, not only by deleting."""
    arrived = [duda("ECOMM_ORDER_CREATED", 1, "10"), duda("ECOMM_ORDER_STATUS_UPDATED", 2, "10", "CANCELLED")]
    assert not expected(arrived)[DUDA_KEY].must


def test_an_order_that_was_never_placed_must_not_be_there() -> None:
    """A payment alone creates nothing."""
    order = expected([PAYMENT])["selldone:1/1001"]
    assert (False, False) == (order.must, order.may)


def test_rubbish_is_no_order() -> None:
    """What is no order of the platform is left to the quarantine."""
    assert [None] * 4 == [read(DUDA, body) for body in (b"", b"[]", b"\xff", b'{"data": 1}')]
