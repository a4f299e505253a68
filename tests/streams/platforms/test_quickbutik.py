"""Quickbutik: pings that only make us look, and what the API's answer says of the order."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.platforms import InvalidOptions, RawWebhook, Undecodable, alone
from streams.platforms.quickbutik import configure, identify
from streams.platforms.webhook import Identity
from streams.vocabulary import Address, EventType, Line, OrderEvent, OrderStatus, Payment, PaymentStatus, Person
from tests.streams.platforms.case import both, drop, one_event, put
from tests.streams.platforms.case_quickbutik import QUICKBUTIK_ORDER as ORDER
from tests.streams.platforms.case_quickbutik import QUICKBUTIK_PING as PING
from tests.streams.platforms.samples import Change

FIELDS = ("order_id", "total_amount", "customer", "email", "products", "qty", "payment", "refunds", "status")
NEW = {"event_type": "order.new", "order_id": "948102"}


def ping(receipt: str = "r-1", method: str = "GET", body: bytes = b"", **query: str) -> RawWebhook:
    return replace(PING.webhook(), receipt=receipt, method=method, body=body, query={**NEW, **query})


def fetched(change: Change | None = None, receipt: str = "f-1", word: str = "order.new") -> OrderEvent:
    raw = replace(ORDER.webhook(ORDER.body(change)), receipt=receipt, query={**NEW, "event_type": word})
    return one_event(ORDER.module, raw)


def refusal(change: Change) -> Undecodable:
    with pytest.raises(Undecodable) as refused:
        fetched(change)
    return refused.value


def whole(make: Callable[[dict[str, Any]], Any]) -> RawWebhook:
    """The sample with another whole answer, made from its order."""
    (order,) = json.loads(ORDER.body())
    return ORDER.webhook(json.dumps(make(order)).encode())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b'{"order_id": "666"}', b"\xff\x00", b"event_type=order.done&order_id=666"])
def test_a_ping_is_read_from_its_query_alone(method: str, body: bytes) -> None:
    """The vendor sends GET, the seed shows POST; a body must not name another order than the query does."""
    read = one_event(PING.module, ping(method=method, body=body))
    assert PING.module.identify(body, NEW) == Identity("948102", "order.new")
    assert (read.type, read.order_key, read.platform_event) == (EventType.OBSERVED, "quickbutik:948102", "order.new")
    assert read.data.model_dump(exclude_unset=True) == {"order_id": "948102", "is_ping": True}


def test_an_equal_ping_later_is_news_and_a_replayed_one_is_not() -> None:
    """A ping has no id: told by its content, the second `order.done` of an order would be suppressed for ever."""
    first, again, later = (one_event(PING.module, ping(receipt)).id for receipt in ("r-1", "r-1", "r-2"))
    assert (first == again, first == later) == (True, False)


@pytest.mark.parametrize("word", ["order.new", "order.done", "order.cancelled", "order.archived"])
def test_every_ping_is_an_observation_whatever_its_word(word: str) -> None:
    """Anyone with the URL can send `order.cancelled`: by itself it must cancel nothing; unknown words are kept."""
    read = one_event(PING.module, ping(event_type=word))
    assert (read.type, read.platform_event, read.data.status) == (EventType.OBSERVED, word, None)


def test_a_ping_about_a_product_names_no_order() -> None:
    """`product_id=67890` read as an order's would fetch a stranger's order."""
    query = {"event_type": "product.update", "product_id": "67890", "order_id": "67890"}
    assert identify(b"", query) == Identity(None, "product.update")
    assert () == tuple(PING.module.normalise(replace(ping(), query=query)))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"order_id": "1"}, "no-event-type"),
        ({"event_type": "order.new"}, "no-order-id"),
        ({"event_type": "order.new", "order_id": " "}, "no-order-id"),
        ({"event_type": "order.new", "order_id": "9" * 201}, "no-order-id"),
        ({"event_type": "ø" * 10, "order_id": "1"}, "no-event-type"),
    ],
)
def test_a_ping_that_names_nothing_is_refused_with_its_reason(query: dict[str, str], reason: str) -> None:
    """In quarantine it can be found again; as an event of no order it could not."""
    with pytest.raises(Undecodable) as refused:
        PING.module.normalise(replace(ping(), query=query))
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("word", "type"),
    [
        ("order.new", EventType.PLACED),
        ("order.done", EventType.SHIPPED),
        ("order.cancelled", EventType.CANCELLED),
        ("order.archived", EventType.CHANGED),
    ],
)
def test_a_fetched_order_is_the_fact_that_its_ping_named_and_is_placed(word: str, type: EventType) -> None:
    """Pings come in any order, or not at all: whichever comes first must be able to place the order."""
    read = fetched(word=word)
    assert (read.type, read.platform_event, read.data.is_placed, read.data.is_ping) == (type, word, True, None)


def test_the_document_is_read_by_the_seed_s_rules() -> None:
    """The seed's `transformOrder`, from the other side: every field that it uses, and every id of a product."""
    facts = fetched().data
    assert (facts.order_id, facts.currency, facts.note) == ("948102", "SEK", "Ring twice")
    amounts = (facts.total, facts.subtotal, facts.shipping_cost, facts.discount, facts.tax)
    assert amounts == tuple(Decimal(text) for text in ("648.95", "599.95", "49", "0", "129.79"))
    assert facts.lines == (
        Line(
            id="67890-789",
            product_id="67890",
            variation_id="789",
            sku="TSHIRT-RED-L",
            name="T-shirt Red",
            quantity=Decimal(2),
            unit_price=Decimal(299),
        ),
        Line(
            id="67891",
            product_id="67891",
            variation_id=None,
            sku="STICKER",
            name="Sticker",
            quantity=Decimal(1),
            unit_price=Decimal("1.95"),
        ),
    )
    assert facts.customer == Person(name="Kalle Ankasson", email="kalle@example.com", phone="+46701234567")
    assert facts.shipping_address == Address(
        name="Kalle Ankasson",
        company="",
        line1="Gladagatan 10",
        line2="lgh 1101",
        city="Ankeborg",
        postal_code="12345",
        country="SE",
    )
    assert facts.billing_address is not None
    assert facts.billing_address.company == "Bolaget AB"
    assert facts.payments == (Payment(id="TX-2025-0001", method="Klarna", currency="SEK"),)
    assert (facts.payment_status, facts.status, facts.platform_status) == (PaymentStatus.PAID, None, "1")
    assert (facts.placed_at, facts.platform_type) == (datetime(2025, 1, 29, 11, 35, 39, tzinfo=UTC), "consumer")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (drop(0, "total_amount"), "total_amount"),
        (put(0, "total_amount", value=""), "total_amount"),
        (put(0, "total_amount", value=0), "total_amount"),
        (drop(0, "customer"), "customer.email"),
        (put(0, "customer", value=None), "customer.email"),
        (put(0, "customer", "email", value=" "), "customer.email"),
        (put(0, "customer", "email", value=7), "customer.email"),
        (drop(0, "order_id"), "order_id"),
        (put(0, "order_id", value=1.5), "order_id"),
    ],
)
def test_an_order_that_the_seed_calls_invalid_is_refused_by_the_field(change: Change, field: str) -> None:
    """The seed's `validateOrder`; who mends it must know which field is missing."""
    refused = refusal(change)
    assert (refused.reason, str(refused).startswith(f"the order has no {field}:")) == ("invalid-order", True)


def test_an_order_for_nothing_is_valid_where_the_seed_finds_it_so() -> None:
    """`"0.00"` is a string and so true: a gift is an order."""
    assert fetched(put(0, "total_amount", value="0.00")).data.total == Decimal(0)


def test_currency_quantity_and_price_have_the_seed_s_defaults() -> None:
    """Without them a line would have no amount, and the external system refuses the order."""
    nothing = both(
        drop(0, "payment"),
        drop(0, "products", 0, "qty"),
        drop(0, "products", 0, "price"),
        put(0, "products", 1, "qty", value=None),
    )
    facts = fetched(nothing).data
    assert facts.lines is not None
    assert [(line.quantity, line.unit_price) for line in facts.lines] == [
        (Decimal(1), Decimal(0)),
        (Decimal(1), Decimal("1.95")),
    ]
    assert (facts.currency, fetched(put(0, "payment", "currency", value="EUR")).data.currency) == ("SEK", "EUR")


@pytest.mark.parametrize(
    ("given", "status", "paid"),
    [
        ("-1", None, PaymentStatus.UNPAID),
        (-1, None, PaymentStatus.UNPAID),
        ("1", None, PaymentStatus.PAID),
        ("2", OrderStatus.SHIPPED, None),
        (2, OrderStatus.SHIPPED, None),
        ("unpaid", None, PaymentStatus.UNPAID),
        ("Paid", None, PaymentStatus.PAID),
        ("done", OrderStatus.SHIPPED, None),
        ("cancelled", OrderStatus.CANCELLED, None),
        ("77", None, None),
        ("packed", None, None),
        ("", None, None),
    ],
)
def test_statuses_by_number_and_by_word(given: object, status: OrderStatus | None, paid: PaymentStatus | None) -> None:
    """The vendor's clients number them, its API takes words; one that is not known asserts nothing and is kept."""
    facts = fetched(both(put(0, "status", value=given), drop(0, "date_paid"))).data
    assert (facts.status, facts.payment_status, facts.platform_status) == (status, paid, str(given))


def test_an_order_that_is_done_and_was_paid_is_both() -> None:
    """There is one field for both: only the date tells that what was sent was paid before."""
    facts = fetched(put(0, "status", value="2")).data
    assert (facts.status, facts.payment_status) == (OrderStatus.SHIPPED, PaymentStatus.PAID)
    never = fetched(both(put(0, "status", value="2"), put(0, "date_paid", value="0000-00-00 00:00:00"))).data
    assert never.payment_status is None


def test_a_payment_without_a_transaction_id_still_says_how_it_is_paid() -> None:
    """Invoices have no transaction; a person wants to know that it is one."""
    change = both(put(0, "payment", value={"currency": "SEK"}), put(0, "paymethod", value={"name": "Invoice"}))
    assert fetched(change).data.payments == (Payment(id="paymethod", method="Invoice", currency="SEK"),)


@pytest.mark.parametrize(
    ("word", "status", "flags"),
    [
        ("order.new", "1", None),
        ("order.new", "2", None),
        ("order.done", "2", None),
        ("order.done", "done", None),
        ("order.done", "-1", ("order.done-but-status:-1",)),
        ("order.cancelled", "cancelled", None),
        ("order.cancelled", "2", ("order.cancelled-but-status:2",)),
        ("order.cancelled", "-2", ("unknown-status:-2",)),
        ("order.archived", "1", ("unknown-event:order.archived",)),
        ("order.archived", None, ("unknown-event:order.archived",)),
    ],
)
def test_a_ping_that_the_document_does_not_bear_out_is_flagged(
    word: str, status: object, flags: tuple[str, ...] | None
) -> None:
    """How a cancelled order shows its status is not documented: the word counts, and a person is told."""
    assert fetched(put(0, "status", value=status), word=word).data.flags == flags


def test_the_buyer_s_own_address_stands_in_for_billing_details_that_are_not_there() -> None:
    """Answers from before `billing_details` have it in `customer` itself; null still says that there is none."""
    own = both(
        drop(0, "customer", "billing_details"),
        put(0, "customer", "address", value="Gladagatan 10"),
        put(0, "customer", "city", value="Ankeborg"),
    )
    billing = fetched(own).data.billing_address
    assert billing == Address(name="Kalle Ankasson", line1="Gladagatan 10", city="Ankeborg", phone="+46701234567")
    assert "billing_address" not in fetched(drop(0, "customer", "billing_details")).data.model_fields_set
    assert fetched(put(0, "customer", "billing_details", value=None)).data.billing_address is None


@pytest.mark.parametrize("amount", ["100.00", "-100.00", 100])
def test_a_refund_is_a_payment_of_a_negative_amount(amount: object) -> None:
    """Whatever the sign that it is given with: two signs must not make money come back twice."""
    payments = fetched(put(0, "refunds", value=[{"id": 5, "amount": amount}, {"id": 6}, {"amount": "1"}])).data.payments
    refund = Payment(id="refund-5", status="REFUNDED", amount=Decimal(-100), currency="SEK")
    assert payments is not None
    assert payments[1:] == (refund,)


def test_a_refund_of_thirty_digits_is_exact() -> None:
    """Python's sign operators round a decimal to 28 digits."""
    amount = "123456789012345678901234567890.12"
    payments = fetched(put(0, "refunds", value=[{"id": 5, "amount": amount}])).data.payments
    assert payments is not None
    assert Decimal(f"-{amount}") == payments[-1].amount


def test_the_shop_s_own_time_is_read_in_the_zone_that_the_source_sets() -> None:
    """The vendor names no zone: read as another, an order of the evening would be the next day's."""
    stockholm = configure(replace(alone("quickbutik"), options={"time_zone": "Europe/Stockholm"}))
    placed_at = one_event(stockholm, ORDER.webhook()).data.placed_at
    assert placed_at == datetime(2025, 1, 29, 10, 35, 39, tzinfo=UTC)


@pytest.mark.parametrize("options", [{"time_zone": "Mars/Olympus"}, {"time_zone": 7}, {"time_zone": "../x"}, {"x": 1}])
def test_wrong_options_are_refused_at_the_start(options: dict[str, object]) -> None:
    """Found at the first order, a zone that does not exist would put every order of the shop into quarantine."""
    with pytest.raises(InvalidOptions):
        configure(replace(alone("quickbutik"), options=options))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda order: [], "order-not-found"),
        (lambda order: [{**order, "order_id": "1"}], "other-order"),
        (lambda order: [{**order, "order_id": "1"}, {**order, "order_id": "2"}], "other-order"),
        (lambda order: order, "not-a-list"),
        (lambda order: {"error": "no"}, "not-a-list"),
        (lambda order: None, "not-a-list"),
        (lambda order: ["948102"], "order-not-found"),
    ],
)
def test_an_answer_without_the_order_that_was_asked_for_changes_none(make: Callable[[Any], Any], reason: str) -> None:
    """The first of a list that holds other orders would be written under this one's key."""
    with pytest.raises(Undecodable) as refused:
        ORDER.module.normalise(whole(make))
    assert refused.value.reason == reason


def test_of_several_orders_the_one_that_was_asked_for_is_read() -> None:
    """An API that ignores the filter answers with the newest orders."""
    raw = whole(lambda order: [{**order, "order_id": "1", "total_amount": "1"}, {**order, "order_id": 948102}])
    assert one_event(ORDER.module, raw).data.total == Decimal("648.95")


def test_the_same_document_fetched_again_is_another_event_and_its_replay_is_not() -> None:
    """Told by its content, the third of paid, unpaid, paid would be taken for the first, and the order stay unpaid."""
    first, again, later = (fetched(receipt=receipt).id for receipt in ("f-1", "f-1", "f-2"))
    assert (first == again, first == later) == (True, False)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_answer_is_read_or_refused_with_a_reason(answer: object) -> None:
    """An answer that raised anything else would stop the partition."""
    try:
        PING.module.normalise(ORDER.webhook(json.dumps(answer).encode()))
    except Undecodable as refused:
        assert refused.reason
