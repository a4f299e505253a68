"""The declarative mapping: the worked example of its page, exact values, batches, and bounds that hold."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.platforms import BadItem, Platform, SourceConfig, Undecodable, platform_of
from streams.platforms.mapping import ITEMS_MAX
from streams.platforms.mapping.read import time_of
from streams.vocabulary import EventType, OrderEvent
from tests.streams.platforms.example import ENVELOPE, block, expected, options
from tests.streams.platforms.samples import payload, webhook

SOURCES = frozenset({"acme", "duda"})
BASE: dict[str, Any] = {"event": "event", "order_id": "id", "events": {"created": "order.placed"}}


def mapped(orders_of: str = "acme", **given: Any) -> Platform:
    return platform_of(SourceConfig("acme", "mapping", orders_of, SOURCES, {**BASE, **given}))


def read(document: Any, **given: Any) -> list[OrderEvent | BadItem]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(mapped(**given).normalise(webhook("acme", body)))


def one(document: Any, **given: Any) -> OrderEvent:
    (event,) = read(document, **given)
    assert isinstance(event, OrderEvent)
    return event


def created(**more: Any) -> dict[str, Any]:
    return {"event": "created", "id": "1", **more}


def reason(document: Any, **given: Any) -> str:
    with pytest.raises(Undecodable) as refusal:
        read(document, **given)
    return refusal.value.reason


def test_page_promises_the_event_that_its_example_gives() -> None:
    """A worked example that does not work is worse than none."""
    body = block("json payload").encode()
    assert payload("mapping", "order-paid") == body
    platform = platform_of(SourceConfig("acme", "mapping", "acme", SOURCES, options()))
    (event,) = platform.normalise(webhook("acme", body))
    assert isinstance(event, OrderEvent)
    assert expected() == {name: value for name, value in event.to_dict().items() if name not in ENVELOPE}


def test_second_example_of_the_page_reads_its_batch() -> None:
    """The curl line beneath it sends two orders."""
    platform = platform_of(SourceConfig("plain", "mapping", "plain", frozenset({"plain"}), options(1)))
    body = b'{"event":"created","orders":[{"id":"1"},{"id":"2"}]}'
    assert body.decode() in block("sh")
    found = platform.normalise(webhook("plain", body))
    assert ["plain:1", "plain:2"] == [event.order_key for event in found if isinstance(event, OrderEvent)]
    assert {EventType.PLACED} == {event.type for event in found if isinstance(event, OrderEvent)}


def test_texts_that_look_like_numbers_stay_texts_and_numbers_stay_exact() -> None:
    """0010 is not 10, and 12345678901234567890.10 is not 12345678901234567000."""
    order = {"order_number": "number", "total": "total", "note": "weight", "tax": "tax"}
    body = b'{"event":"created","id":"007","number":"0010","total":12345678901234567890.10,"weight":1.50,"tax":"1e2"}'
    event = one(body, order=order)
    facts = event.data
    assert ("acme:007", "0010", "1.50") == (event.order_key, facts.order_number, facts.note)
    assert (Decimal("12345678901234567890.1"), Decimal(100)) == (facts.total, facts.tax)


def test_functions_on_numbers_are_exact() -> None:
    """The library's own would make floats, round at 28 digits, or not take a decimal at all."""
    document = (
        b'{"event":"created","id":"1","rows":[{"a":0.1},{"a":0.2},{"a":12345678901234567890123456789.01}],'
        b'"text":"19.99","neg":-1234567890123456789012345678.9}'
    )
    order = {
        "total": "sum(rows[].a)",
        "tax": "to_number(text)",
        "discount": "abs(neg)",
        "subtotal": "max(rows[].a)",
        "shipping_cost": "rows[?a < `0.15`] | [0].a",
        "note": "to_string(rows[0].a)",
        "type": "type(neg)",
    }
    facts = one(document, order=order).data
    assert Decimal("12345678901234567890123456789.31") == facts.total
    assert (Decimal("19.99"), Decimal("1234567890123456789012345678.9")) == (facts.tax, facts.discount)
    assert (Decimal("12345678901234567890123456789.01"), Decimal("0.1")) == (facts.subtotal, facts.shipping_cost)
    assert ("0.1", "number") == (facts.note, facts.platform_type)


@pytest.mark.parametrize("number", ["19_99", "１９", "٣", "1\u00a0000"])
def test_text_that_only_python_takes_for_a_number_is_none(number: str) -> None:
    """A date, a phone number or an article's: none of them is a thousand."""
    facts = one(created(n=number), order={"total": "to_number(n)"}).data
    assert "total" not in facts.model_fields_set


def test_literal_of_an_expression_is_the_decimal_that_was_written() -> None:
    """As a float it would equal no decimal of a body, and be refused as an amount."""
    facts = one(created(price=19.99), order={"total": "`19.99`", "note": "price == `19.99` && 'same' || 'other'"}).data
    assert (Decimal("19.99"), "same") == (facts.total, facts.note)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T12:00:05+02:00", datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)),
        ("2026-03-01T12:00:05", datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)),
        (1772366405, datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)),
        (1772366405250, datetime(2026, 3, 1, 12, 0, 5, 250_000, tzinfo=UTC)),
        ("1772366405", datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)),
        (Decimal("1772366405.25"), datetime(2026, 3, 1, 12, 0, 5, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_iso_or_seconds_or_milliseconds(value: Any, expected: datetime) -> None:
    """Milliseconds taken for seconds would make each event later than all others for fifty thousand years."""
    assert expected == time_of(value)


@pytest.mark.parametrize("value", [None, True, -1, 0, 10**30, "soon", [], Decimal("1e400"), Decimal("-0.5")])
def test_time_that_is_none_counts_as_absent(value: Any) -> None:
    """The time of receipt is used then."""
    assert not isinstance(time_of(value), datetime)


@pytest.mark.parametrize("number", ["1e900000", "0e900000", "1e1001", "-1e-900000", "9" * 5000])
@pytest.mark.parametrize("setting", ["event", "occurred_at", "order_id", "note"])
@pytest.mark.parametrize("expression", ["n", "ceil(n)", "ceil(to_number(s))", "to_string(to_number(s))"])
def test_number_of_a_few_bytes_costs_neither_minutes_nor_gigabytes(number: str, setting: str, expression: str) -> None:
    """`1e900000` took half a minute to become an integer, in ingest too; a few more digits, and all memory as text."""
    given = {"order": {"note": expression}} if setting == "note" else {setting: expression}
    body = f'{{"event":"created","id":"1","n":{number},"s":"{number}"}}'.encode()
    platform, started_s = mapped(**given), time.process_time()
    platform.identify(body, {})
    with suppress(Undecodable):
        platform.normalise(webhook("acme", body))
    assert time.process_time() - started_s < 1


def test_unknown_words_are_kept() -> None:
    """A sender's new word must neither be lost nor guessed at."""
    given = {"order": {"status": "state", "payment_status": "paid"}, "statuses": {"open": "confirmed"}}
    event = one({"event": "audited", "id": "1", "state": "packed", "paid": "perhaps"}, **given)
    assert (EventType.OBSERVED, "audited", "packed") == (event.type, event.platform_event, event.data.platform_status)
    assert {"status", "payment_status"}.isdisjoint(event.data.model_fields_set)
    assert ("unknown-status:packed",) == event.data.flags


def test_what_an_expression_does_not_find_is_not_stated() -> None:
    """Stated as null it would take away what another webhook has said."""
    given = {
        "order": {"total": "total", "note": "note"},
        "lines": {"each": "lines", "sku": "sku"},
        "customer": {"name": "who"},
    }
    assert {"order_id"} == one(created(note=None), **given).data.model_fields_set


def test_one_object_counts_as_a_list_of_one_and_anything_else_is_refused() -> None:
    """Payments often come as one object; a list of words is no list of lines."""
    given = {"payments": {"each": "payment", "id": "ref"}, "lines": {"each": "lines", "sku": "sku"}}
    facts = one(created(payment={"ref": "p-1"}), **given).data
    assert ["p-1"] == [payment.id for payment in facts.payments or ()]
    assert "invalid-field" == reason(created(lines=["a"]), **given)
    assert "invalid-field" == reason(created(lines="a"), **given)


def test_lines_without_ids_are_told_apart() -> None:
    """Two lines of one id would be one."""
    lines = {"each": "lines", "sku": "sku", "quantity": "qty"}
    facts = one(created(lines=[{"sku": "a"}, {"sku": "a", "qty": "0.5"}, {}]), lines=lines).data
    expected = [("a", Decimal(1)), ("a#2", Decimal("0.5")), ("line", Decimal(1))]
    assert expected == [(line.id, line.quantity) for line in facts.lines or ()]


def test_order_of_another_source_is_found_by_its_key_or_its_id() -> None:
    """A warehouse speaks of a shop's orders."""
    warehouse = mapped("duda", refers=True)
    for id, key in (("duda:site/1", "duda:site/1"), ("site/1", "duda:site/1")):
        body = json.dumps({"event": "created", "id": id}).encode()
        (event,) = warehouse.normalise(webhook("acme", body))
        assert isinstance(event, OrderEvent)
        assert (key, key, None) == (warehouse.identify(body, {}).order_key, event.order_key, event.data.order_id)


def test_sender_that_is_not_said_to_refer_cannot_reach_anothers_order() -> None:
    """Its id `duda:site/1` is an id of its own, whatever it looks like."""
    assert "acme:duda:site/1" == one({"event": "created", "id": "duda:site/1"}).order_key


def test_batch_takes_the_good_items_and_names_the_bad() -> None:
    """One bad item must not cost the others; and what the envelope says counts for all."""
    body = {
        "event": "created",
        "at": 1772366405,
        "orders": [{"id": "1"}, 7, {"id": None}, {"id": "2", "total": "?"}, {"id": "3"}],
    }
    found = read(body, items="orders", occurred_at="at", order={"total": "total"})
    good = [event for event in found if isinstance(event, OrderEvent)]
    assert ["acme:1", "acme:3"] == [event.order_key for event in good]
    assert {datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)} == {event.occurred_at for event in good}
    bad = [(item.index, item.reason) for item in found if isinstance(item, BadItem)]
    assert [(1, "not-an-object"), (2, "no-order-id"), (3, "invalid-field")] == bad


def test_item_in_another_batch_is_the_same_event() -> None:
    """A sender that pages pushes the same item in other company."""
    first = read({"event": "created", "orders": [{"id": "1", "n": 1}]}, items="orders")
    second = read(
        {"event": "created", "orders": [{"id": "2"}, {"n": 1, "id": "1"}, {"id": "1", "n": 1}]}, items="orders"
    )
    other = read({"event": "closed", "orders": [{"id": "1", "n": 1}]}, items="orders")
    ids = [[event.id for event in found if isinstance(event, OrderEvent)] for found in (first, second, other)]
    assert (ids[0][0], 2) == (ids[1][1], len(ids[1]))
    assert ids[2] != ids[0]


def test_top_level_list_is_a_batch_too() -> None:
    """`items = "@"` is the body itself."""
    assert 2 == len(read([created(), {"event": "created", "id": "2"}], items="@"))


def test_expression_that_does_not_fit_the_body_is_refused_without_its_values() -> None:
    """The library's own message has the value in it, and ours lands in logs."""
    document = created(rows=[{"a": "secret-text"}, {"a": 1}], secret="secret-text")
    for expression in ("sum(rows[].a)", "sort(rows[].a) | [0]", "rows[0].a > rows[1].a && `1`", "abs(secret)"):
        with pytest.raises(Undecodable) as refusal:
            read(document, order={"total": expression})
        assert ("mapping-misfit", False) == (refusal.value.reason, "secret-text" in str(refusal.value))
        assert "order.total" in str(refusal.value)


def test_misfit_in_a_describing_field_does_not_cost_the_order() -> None:
    """A buyer without a last name has ordered all the same."""
    event = one(created(total="5"), order={"total": "total"}, customer={"name": "join(' ', [first, last])", "id": "id"})
    assert (Decimal(5), {"id"}) == (event.data.total, event.data.customer and event.data.customer.model_fields_set)


@pytest.mark.parametrize(
    ("document", "given", "expected"),
    [
        ({"orders": [{}] * (ITEMS_MAX + 1)}, {"items": "orders"}, "too-many-items"),
        ({"orders": {}}, {"items": "orders"}, "no-items"),
        (created(rows=[{}] * 2001), {"lines": {"each": "rows"}}, "too-large"),
        (
            created(rows=list(range(1000))),
            {"order": {"total": "[rows, rows][]" + " | [@, @][]" * 14 + " | length(@)"}},
            "too-large",
        ),
        (
            created(rows=list(range(2000))),
            {"order": {"total": "length(rows[].[@][].[@][].[@][].[@][])" + " || a" * 20}},
            None,
        ),
    ],
    ids=["items", "no-list", "members", "doubling", "within"],
)
def test_work_on_one_body_is_bounded(document: Any, given: dict[str, Any], expected: str | None) -> None:
    """A body, or a careless expression, must not hold up every other webhook."""
    if expected is None:
        assert one(document, **given).data.total == 2000
    else:
        assert expected == reason(document, **given)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "event", "a", "b"]), inner, max_size=4)
    ),
)
_EXPRESSIONS = st.sampled_from(
    [
        *(
            "id",
            "a.b",
            "a[].b",
            "a[?b > `1`].id | [0]",
            "sum(a)",
            "join(',', a)",
            "sort_by(a, &b)[0].id",
            "max_by(a, &b).id",
        ),
        *(
            "to_number(a)",
            "to_string(@)",
            "keys(@)[0]",
            "a || b",
            "length(a)",
            "a[::2]",
            "values(@)[0]",
            "contains(a, b)",
        ),
        *("merge(a, b).id", "map(&id, a)[0]", "reverse(a)", "not_null(a, b)", "a.*.id[]", "ceil(a)", "type(a)"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(document=_JSON, each=_EXPRESSIONS, value=_EXPRESSIONS, id=_EXPRESSIONS, batch=st.booleans())
def test_any_expression_on_any_body_ends_in_events_or_a_refusal(
    document: Any, each: str, value: str, id: str, batch: bool
) -> None:
    """Whatever the library raises on odd values must come out with a reason; a worker that stops stops every order."""
    given: dict[str, Any] = {
        **({"items": each} if batch else {}),
        "order_id": id,
        "occurred_at": value,
        "order": {"total": value, "note": value, "placed_at": value},
        "lines": {"each": each, "quantity": value, "id": id},
        "customer": {"name": value},
    }
    platform, body = mapped(**given), json.dumps(document).encode()
    identity = platform.identify(body, {})
    try:
        found = platform.normalise(webhook("acme", body))
    except Undecodable as refusal:
        assert refusal.reason.replace("-", "").isalnum()
        return
    events = [event for event in found if isinstance(event, OrderEvent)]
    assert all(OrderEvent.from_json(event.to_json()) == event for event in events)
    if len(found) == 1 and events:
        assert events[0].order_key == f"acme:{identity.native_id}"


def test_serialised_units_are_read_and_counted() -> None:
    """A phone without its IMEI cannot be sold; two of them in one line are two pieces."""
    lines = {"each": "rows", "sku": "sku", "quantity": "n", "instances": "units"}
    rows = [
        {"sku": "PHONE", "units": [{"imei": 359876543210123, "colour": None}, {"imei": "359876543210124"}]},
        {"sku": "PLAN", "units": {"phoneImei": "359876543210123"}},
        {"sku": "CASE", "n": 3, "units": []},
    ]
    facts = one(created(rows=rows), lines=lines).data
    assert [
        ("PHONE", 2, ({"imei": "359876543210123"}, {"imei": "359876543210124"})),
        ("PLAN", 1, ({"phoneImei": "359876543210123"},)),
        ("CASE", 3, None),
    ] == [(line.sku, line.quantity, line.instances) for line in facts.lines or ()]
    for units, reason in (
        ([{"imei": "1"}] * 2001, "too-large"),
        ([{"imei": "1"}, "359876543210125"], "invalid-field"),
        ("359876543210125", "invalid-field"),
    ):
        with pytest.raises(Undecodable) as refused:
            one(created(rows=[{"sku": "PHONE", "units": units}]), lines=lines)
        assert reason == refused.value.reason
