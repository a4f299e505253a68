"""Apicbase (seed 001): one document by webhook and by poll, and refusals that a customer can act on."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from streams.platforms import InvalidOptions, Problem, Undecodable, alone, platform_of
from streams.vocabulary import EventType, Line, OrderStatus, Person
from tests.streams.platforms.case import both, drop, one_event, put
from tests.streams.platforms.case_apicbase import APICBASE as CASE
from tests.streams.platforms.samples import PAYLOADS, Change, payload

STRUCTURE_DIGEST = "4b25dfb94cac09c486f5ab4b7ae9095e6f38ca4cfb3df239babc52d53b425bc1"
ORDERED_ON = datetime(2026, 3, 2, 14, 7, 31, 482913, tzinfo=UTC)


def problems(change: Change) -> list[Problem]:
    return list(CASE.module.validate(CASE.body(change), {}))


def test_the_structure_of_the_seed_is_kept_as_it_stands() -> None:
    """What the vendor documents is the specification; a tidied copy could hide what it says."""
    assert STRUCTURE_DIGEST == sha256((PAYLOADS / "apicbase" / "structure.txt").read_bytes()).hexdigest()


def test_the_sample_has_every_field_of_the_structure_in_its_order() -> None:
    """The seed has no example, only this structure: a sample that leaves a field out would test too little."""
    structure = (PAYLOADS / "apicbase" / "structure.txt").read_text()
    named = [line.split('"')[1] for line in structure.splitlines() if line.startswith('"')]
    order = json.loads(payload("apicbase", "purchase-order"))
    package = order["packages"][0]
    assert named == [
        *[name for name in order if name in ("id", "order_number", "status", "ordered_on", "owned_by")],
        *("order_remarks", "packages", "stock_item", *package["stock_item"]),
        *("supplier_package", *package["supplier_package"], "quantity_ordered", "total_theoretical_price"),
        *("expected_delivery_date", "theoretical_price", "supplier_customer_number"),
    ]


@pytest.mark.parametrize("change", [drop("theoretical_price"), put("theoretical_price", value=None)])
def test_order_without_a_total_is_flagged(change: Change) -> None:
    """It is taken (the seed demands none), and a target may wait for a total that never comes: a person is to know."""
    assert CASE.event(CASE.body(change)).data.flags == ("no-total",)
    assert CASE.event().data.flags is None


def test_every_field_of_the_order_is_in_the_event() -> None:
    """An order that loses its article numbers, its date or its remark on the way cannot be delivered."""
    read = CASE.event()
    facts = read.data
    assert (read.type, read.order_key, read.platform_event) == (
        EventType.PLACED,
        "apicbase:5f0c2a9e7b1d4c0012ab34cd",
        "ORDERED",
    )
    assert (read.occurred_at, facts.placed_at) == (ORDERED_ON, ORDERED_ON)
    assert (facts.order_id, facts.order_number) == ("5f0c2a9e7b1d4c0012ab34cd", "PO-2026-00417")
    assert (facts.status, facts.platform_status) == (OrderStatus.PENDING, "ORDERED")
    assert facts.expected_at == datetime(2026, 3, 4, 6, tzinfo=UTC)
    assert facts.note == "Livraison à l'arrière, après 7h — merci, Zoë"
    assert facts.customer == Person(id="CUST-0077", name="renée.dubois@bistro-lafleur.example")
    assert facts.total == Decimal("56.99")
    assert facts.lines == (
        Line(
            id="DAI-0042",
            sku="DAI-0042",
            name="Crème fraîche épaisse 30 %",
            quantity=Decimal(4),
            unit_price=Decimal("11.75"),
            total=Decimal(47),
        ),
        Line(
            id="VEG-1100",
            sku="VEG-1100",
            name="Tomates cœur de bœuf",
            quantity=Decimal(30),
            unit_price=Decimal("0.333"),
            total=Decimal("9.99"),
        ),
    )
    assert "currency" not in facts.model_fields_set


def test_the_currency_is_the_source_s_option() -> None:
    """The payload names none; amounts of an unknown currency are worth nothing downstream."""
    euro = platform_of(alone("apicbase", {"currency": "EUR"}))
    assert one_event(euro, CASE.webhook()).data.currency == "EUR"


@pytest.mark.parametrize("options", [{"currency": "euro"}, {"currency": ""}, {"currency": 5}, {"curency": "EUR"}])
def test_a_wrong_option_is_told_at_start(options: dict[str, object]) -> None:
    """A currency that is mistyped would be on every order before anyone saw it."""
    with pytest.raises(InvalidOptions) as refusal:
        platform_of(alone("apicbase", options))
    assert [(next(iter(options)),)] == [path for path, _, _ in refusal.value.problems]


@pytest.mark.parametrize("field", ["owned_by", "order_remarks", "expected_delivery_date"])
def test_null_is_allowed_where_the_structure_says_so(field: str) -> None:
    """Refusing an order for want of a remark would keep a customer from buying."""
    change = put(field, value=None)
    facts = CASE.event(CASE.body(change)).data
    assert problems(change) == []
    assert {"owned_by": facts.customer and facts.customer.name, "order_remarks": facts.note}.get(field) is None
    assert facts.expected_at is not None or field == "expected_delivery_date"


def test_one_article_in_two_packages_stays_two_lines() -> None:
    """Lines are told apart by their article; the second package of the same must not replace the first."""
    facts = CASE.event(
        CASE.body(put("packages", 1, "supplier_package", "supplier_article_number", value="DAI-0042"))
    ).data
    assert facts.lines is not None
    assert [(line.id, line.sku) for line in facts.lines] == [("DAI-0042", "DAI-0042"), ("DAI-0042#2", "DAI-0042")]


def test_delivered_is_a_placed_order_that_has_arrived() -> None:
    """Seen first by poll when it was delivered already, the order must exist all the same."""
    read = CASE.event(CASE.body(put("status", value="DELIVERED")))
    assert (read.type, read.data.status, read.data.is_placed) == (
        EventType.DELIVERED,
        OrderStatus.DELIVERED,
        True,
    )
    assert read.occurred_at == read.received_at
    assert read.data.placed_at == ORDERED_ON


def test_an_unknown_status_is_kept_by_name_and_asserts_nothing() -> None:
    """Whatever Apicbase adds is for a person to see, and no ground for moving the order."""
    facts = CASE.event(CASE.body(put("status", value="ARCHIVED"))).data
    assert (facts.platform_status, facts.status, facts.is_placed) == ("ARCHIVED", None, None)


def test_an_order_without_a_status_is_ordered() -> None:
    """The structure calls it a fixed value: an order that leaves it out is still one."""
    assert CASE.event(CASE.body(drop("status"))).type is EventType.PLACED


def test_webhook_and_poll_of_one_order_are_one_event() -> None:
    """The API writes the same document with other spaces, escapes and order of fields: one event."""
    webhook = CASE.body()
    document = json.loads(webhook)
    polled = json.dumps(dict(reversed(document.items())), indent=1).encode()
    assert (polled != webhook, polled.isascii()) == (True, True)
    assert CASE.event(webhook).id == CASE.event(polled).id


@pytest.mark.parametrize(
    "change",
    [
        put("packages", 0, "quantity_ordered", value=5),
        put("packages", 0, "supplier_package", "theoretical_price_per_package", value="11.76"),
        put("status", value="DELIVERED"),
        put("order_remarks", value="other"),
        put("a_new_field", value=1),
    ],
)
def test_another_content_is_another_event(change: Change) -> None:
    """An order that was changed must not pass for the one that is known."""
    assert CASE.event().id != CASE.event(CASE.body(change)).id


def test_a_message_names_package_article_field_and_remedy() -> None:
    """Apicbase shows it to the customer, who has to mend the order with nothing else to go by."""
    assert [
        Problem(
            "packages[1].quantity_ordered",
            "Package 2 (Tomatoes): the quantity must be a whole number greater than 0.",
        )
    ] == problems(
        both(
            put("packages", 1, "stock_item", "name", value="Tomatoes"), put("packages", 1, "quantity_ordered", value=0)
        )
    )


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (drop("id"), "id", "The order has no id."),
        (drop("order_number"), "order_number", "The order has no order number."),
        (put("ordered_on", value="yesterday"), "ordered_on", "not a date and time"),
        (drop("ordered_on"), "ordered_on", "not a date and time"),
        (drop("supplier_customer_number"), "supplier_customer_number", "The customer number is missing"),
        (put("supplier_customer_number", value=""), "supplier_customer_number", "The customer number is missing"),
        (put("packages", value=[]), "packages", "The order is empty"),
        (drop("packages"), "packages", "The order is empty"),
        (put("packages", value={"0": 1}), "packages", "The order is empty"),
        (put("packages", 0, value="cream"), "packages[0]", "Package 1 cannot be read."),
        (
            drop("packages", 0, "supplier_package", "supplier_article_number"),
            "packages[0].supplier_package.supplier_article_number",
            "Package 1 (Crème fraîche épaisse 30 %): the supplier's article number is missing",
        ),
        (
            put("packages", 0, "supplier_package", "theoretical_price_per_package", value="12,50"),
            "packages[0].supplier_package.theoretical_price_per_package",
            "the price per package must be a decimal number",
        ),
        (
            put("packages", 0, "total_theoretical_price", value="free"),
            "packages[0].total_theoretical_price",
            "the total price must be a decimal number",
        ),
        (put("theoretical_price", value="a lot"), "theoretical_price", "total price of the order is not a decimal"),
        (put("status", value=5), "status", "not a word"),
        *(
            (put("status", value=word), "status", "has not been placed")
            for word in ("ordered", "REJECTED", "DELIVERED")
        ),
    ],
)
def test_each_mistake_is_told_by_its_field(change: Change, field: str, says: str) -> None:
    """A refusal without a place leaves the customer guessing, and the order unplaced."""
    (problem,) = problems(change)
    assert (problem.field, says in problem.message) == (field, True)


def test_every_mistake_is_told_at_once_under_a_bound() -> None:
    """Mending one to be told of the next is ten orders sent in vain; ten thousand messages help nobody either."""
    two = both(put("packages", 0, "quantity_ordered", value=0), put("packages", 1, "quantity_ordered", value=0))
    assert ["packages[0].quantity_ordered", "packages[1].quantity_ordered"] == [each.field for each in problems(two)]
    assert len(problems(put("packages", value=[{}] * 5000))) == 20


def test_a_name_with_control_characters_stays_on_one_line() -> None:
    """The message is shown to people: a name must not break it up, nor fill the page."""
    (problem,) = problems(
        both(
            put("packages", 0, "stock_item", "name", value="To\nma\u202etoes" + "x" * 500),
            put("packages", 0, "quantity_ordered", value=0),
        )
    )
    assert problem.message.isprintable()
    assert len(problem.message) < 200


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"id":', b'{"id": NaN}', b'{"a":' * 5000])
def test_a_body_that_is_no_order_is_refused_in_words(body: bytes) -> None:
    """Stored and answered 2xx, it would be an order that the customer believes placed."""
    (problem,) = CASE.module.validate(body, {})
    assert problem.message.startswith("The order cannot be read: ")


def test_an_invalid_order_by_poll_is_set_aside_with_the_customer_s_words() -> None:
    """By poll nobody can be refused: whoever looks into quarantine must know what to tell the customer."""
    body = CASE.body(put("packages", 0, "quantity_ordered", value=0))
    with pytest.raises(Undecodable) as refusal:
        CASE.module.normalise(replace(CASE.webhook(body), is_fetched=True))
    (problem,) = CASE.module.validate(body, {})
    assert (refusal.value.reason, str(refusal.value)) == ("invalid-order", problem.message)
