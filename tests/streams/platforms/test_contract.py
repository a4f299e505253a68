"""What every platform module promises, run over all of them from one case table."""

from decimal import Decimal

import pytest

from streams.platforms import PLATFORMS, Platform, Undecodable
from streams.vocabulary import EventType, OrderEvent
from tests.streams.platforms.cases import BIG, CASES, Case
from tests.streams.platforms.samples import RECEIVED_AT, Change, changed, event, payload, webhook

pytestmark = pytest.mark.parametrize("case", CASES, ids=lambda case: case.platform)


def module(case: Case) -> Platform:
    return PLATFORMS[case.platform]


def body(case: Case, change: Change) -> bytes:
    return changed(case.platform, case.sample, change)


def reason(case: Case, change: Change) -> str:
    with pytest.raises(Undecodable) as refusal:
        module(case).normalise(webhook(case.platform, body(case, change)))
    return refusal.value.reason


def test_module_is_listed_under_its_own_name(case: Case) -> None:
    """A module under another's name would read the wrong webhooks."""
    assert (module(case).NAME, set(module(case).METHODS) <= {"GET", "POST"}) == (case.platform, True)


def test_every_known_event_is_read_as_its_type(case: Case) -> None:
    """A word in the table that the code does not reach would be dropped in silence."""
    key = "event_type" if case.platform == "duda" else "action"
    for word, (type, rank) in module(case).EVENTS.items():
        sample = body(case, lambda document, word=word: document.update({key: word}))
        if word.startswith("ECOMM_REFUND_"):
            sample = sample.replace(b'"data": {', b'"data": {"order_id": "o-1", ')
        read = event(case.platform, sample)
        assert (read.type, read.rank, read.platform_event) == (type, rank, word)


def test_retry_and_replay_give_the_same_event_id(case: Case) -> None:
    """A platform that got no answer sends the same bytes again; another id would count the order twice."""
    sample = payload(case.platform, case.sample)
    assert event(case.platform, sample, offset=1).id == event(case.platform, sample, offset=2).id


def test_another_body_gives_another_event_id(case: Case) -> None:
    """An id that leaves something out would suppress real news as a repeat."""
    ids = {event(case.platform, sample).id for sample in (body(case, case.null_total), body(case, case.without_total))}
    assert len(ids) == 2


def test_another_source_gives_another_event_id(case: Case) -> None:
    """Two sources of one platform may send equal bytes; they are two orders."""
    raw = webhook(case.platform, payload(case.platform, case.sample))
    other = type(raw)("other-shop", raw.body, raw.origin, raw.receipt, raw.received_at)
    (one,), (two,) = module(case).normalise(raw), module(case).normalise(other)
    assert (one.id != two.id, two.order_key.partition(":")[0]) == (True, "other-shop")


def test_event_survives_its_own_json(case: Case) -> None:
    """What is written to the topic must be what is read from it, absent fields included."""
    read = event(case.platform, payload(case.platform, case.sample))
    back = OrderEvent.from_json(read.to_json())
    assert (back, back.data.model_fields_set) == (read, read.data.model_fields_set)


def test_webhook_about_another_thing_names_no_order(case: Case) -> None:
    """A product's id read as an order's would create an order that nobody placed."""
    sample = body(case, case.other_thing)
    assert module(case).identify(sample, {}).native_id is None
    assert tuple(module(case).normalise(webhook(case.platform, sample))) == ()


def test_unknown_event_of_an_order_is_observed_with_its_facts(case: Case) -> None:
    """A platform's new event must not be lost, nor guessed at."""
    read = event(case.platform, body(case, case.unknown_event))
    assert (read.type, read.data.total is not None) == (EventType.OBSERVED, True)


def test_webhook_without_an_event_type_is_refused(case: Case) -> None:
    """Without knowing what happened there is no fact to state."""
    assert reason(case, case.without_event) == "no-event-type"


def test_order_without_a_usable_id_is_refused_and_has_no_key(case: Case) -> None:
    """A key made of a missing or broken id would join strangers' orders."""
    for change in case.without_order:
        assert module(case).identify(body(case, change), {}).native_id is None
        assert reason(case, change) == "no-order-id"


def test_ids_above_64_bits_survive(case: Case) -> None:
    """orjson and JavaScript round such a number: the webhook would join another order."""
    sample = body(case, case.big_id).replace(str(BIG).encode(), str(BIG**2).encode())
    native_id = module(case).identify(sample, {}).native_id
    assert native_id is not None
    assert native_id.rpartition("/")[2] == str(BIG**2)
    assert event(case.platform, sample).order_key == f"{case.platform}:{native_id}"


def test_slash_in_an_id_does_not_join_two_orders(case: Case) -> None:
    """`a/b` + `c` and `a` + `b/c` are two orders."""
    keys = {module(case).identify(body(case, change), {}).native_id for change in case.slash_in_shop}
    assert keys == {"a%2Fb/c", "a/b/c"}


def test_amount_that_is_none_is_refused_without_telling_it(case: Case) -> None:
    """A total of nothing is worse than a quarantined webhook; and the reason lands in logs, so no values in it."""
    for change in case.bad_amounts:
        with pytest.raises(Undecodable) as refusal:
            module(case).normalise(webhook(case.platform, body(case, change)))
        assert refusal.value.reason == "invalid-field"
        assert "a lot" not in str(refusal.value)
        assert "three" not in str(refusal.value)


def test_wrong_types_in_describing_fields_do_not_cost_the_order(case: Case) -> None:
    """An address that is a list must not stop the order that it is on."""
    assert event(case.platform, body(case, case.odd_descriptions)).data.total is not None


def test_webhook_without_a_time_counts_from_its_receipt(case: Case) -> None:
    """Without any time the event could not be placed among the others."""
    assert event(case.platform, body(case, case.without_time)).occurred_at == RECEIVED_AT


def test_null_is_said_and_absent_is_not(case: Case) -> None:
    """Null states that there is no total; absent states nothing."""
    null, absent = (event(case.platform, body(case, change)).data for change in (case.null_total, case.without_total))
    assert ("total" in null.model_fields_set, null.total) == (True, None)
    assert "total" not in absent.model_fields_set


def test_amounts_never_pass_through_a_float(case: Case) -> None:
    """0.1 + 0.2 is where a float shows itself, and more than 17 digits."""
    exact = "12345678901234567890.12"
    sample = body(case, case.null_total)
    field = b'"total": null' if case.platform == "duda" else b'"price": null'
    assert field in sample
    assert event(case.platform, sample.replace(field, field[:-4] + exact.encode())).data.total == Decimal(exact)
