"""What every platform module promises, run over all of them from one case table."""

from dataclasses import replace
from decimal import Decimal

import pytest

from streams.platforms import PLATFORMS, Undecodable
from streams.vocabulary import EventType, OrderEvent
from tests.streams.platforms.case import BIG, EXACT, RECEIVED_AT, Case, names, one_event
from tests.streams.platforms.cases import CASES
from tests.streams.platforms.samples import Change


def over(*fields: str) -> pytest.MarkDecorator:
    """Over the cases that have all these."""
    return pytest.mark.parametrize("case", [case for case in CASES if all(getattr(case, f) for f in fields)], ids=str)


def reason(case: Case, change: Change) -> str:
    with pytest.raises(Undecodable) as refusal:
        case.module.normalise(case.webhook(case.body(change)))
    return refusal.value.reason


def test_every_platform_is_in_the_suite() -> None:
    """A platform without a case would be held to nothing."""
    assert {case.platform for case in CASES} >= set(PLATFORMS)


@over()
def test_module_is_listed_under_its_own_name(case: Case) -> None:
    """A module under another's name would read the wrong webhooks."""
    assert (case.module.NAME, set(case.module.METHODS) <= {"GET", "POST"}) == (case.platform, True)


@over()
def test_method_of_the_sample_is_one_that_ingest_lets_through(case: Case) -> None:
    """A method that the platform uses and the module does not name would be answered 405."""
    assert case.is_fetched or case.method in case.module.METHODS


@over("saying")
def test_every_known_event_is_read_as_its_type(case: Case) -> None:
    """A word in the table that the code does not reach would be dropped in silence."""
    assert case.saying is not None
    for word, (type, rank) in case.module.EVENTS.items():
        read = one_event(case.module, case.saying(case, word))
        assert (read.type, read.rank, read.platform_event) == (type, rank, word)


@over()
def test_sample_is_found_valid(case: Case) -> None:
    """A check before storing that refuses the vendor's own example refuses everyone's."""
    assert [] == list(case.module.validate(case.body(), case.query))


@over()
def test_order_of_the_identity_is_the_order_of_the_event(case: Case) -> None:
    """The raw record lies under the identity's key: under another, an order's webhooks would be read out of order."""
    identity = case.identify()
    assert case.event().order_key == (identity.order_key or f"{case.platform}:{identity.native_id}")


@over("has_ids")
def test_retry_and_replay_give_the_same_event_id(case: Case) -> None:
    """A platform that got no answer sends the same bytes again; another id would count the order twice."""
    again = replace(case.webhook(offset=2), receipt="another")
    assert case.event(offset=1).id == one_event(case.module, again).id


@over()
def test_replay_of_a_record_gives_the_same_event(case: Case) -> None:
    """The raw record says all that the event needs: nothing comes from a clock."""
    assert case.event() == case.event()


@over("null_total", "without_total")
def test_another_body_gives_another_event_id(case: Case) -> None:
    """An id that leaves something out would suppress real news as a repeat."""
    ids = {case.event(sample).id for sample in (case.body(case.null_total), case.body(case.without_total))}
    assert len(ids) == 2


@over()
def test_another_source_gives_another_event_id(case: Case) -> None:
    """Two sources of one platform may send equal bytes; they are two orders."""
    raw = case.webhook()
    one, two = (one_event(case.module, each) for each in (raw, replace(raw, source="other-shop")))
    assert (one.id != two.id, two.source) == (True, "other-shop")


@over()
def test_event_survives_its_own_json(case: Case) -> None:
    """What is written to the topic must be what is read from it, absent fields included."""
    read = case.event()
    back = OrderEvent.from_json(read.to_json())
    assert (back, back.data.model_fields_set) == (read, read.data.model_fields_set)


@over("other_thing")
def test_webhook_about_another_thing_names_no_order(case: Case) -> None:
    """A product's id read as an order's would create an order that nobody placed."""
    sample = case.body(case.other_thing)
    assert names(case.identify(sample)) is None
    assert tuple(case.module.normalise(case.webhook(sample))) == ()


@over("unknown_event")
def test_unknown_event_of_an_order_is_observed_with_its_facts(case: Case) -> None:
    """A platform's new event must not be lost, nor guessed at."""
    read = case.event(case.body(case.unknown_event))
    assert (read.type, read.data.total is not None) == (EventType.OBSERVED, case.has_total)


@over("without_event")
def test_webhook_without_an_event_type_is_refused(case: Case) -> None:
    """Without knowing what happened there is no fact to state."""
    assert case.without_event is not None
    assert reason(case, case.without_event) == "no-event-type"


@over("without_order")
def test_order_without_a_usable_id_is_refused_and_has_no_key(case: Case) -> None:
    """A key made of a missing or broken id would join strangers' orders."""
    for change in case.without_order:
        assert names(case.identify(case.body(change))) is None
        assert reason(case, change) == "no-order-id"


@over("big_id")
def test_ids_above_64_bits_survive(case: Case) -> None:
    """orjson and JavaScript round such a number: the webhook would join another order."""
    sample = case.body(case.big_id).replace(str(BIG).encode(), str(BIG**2).encode())
    named = names(case.identify(sample))
    assert named is not None
    assert named.endswith(str(BIG**2))
    assert case.event(sample).order_key.endswith(named)


@over("slash_in_shop")
def test_slash_in_an_id_does_not_join_two_orders(case: Case) -> None:
    """`a/b` + `c` and `a` + `b/c` are two orders."""
    assert case.slash_in_shop is not None
    assert {names(case.identify(case.body(change))) for change in case.slash_in_shop} == {"a%2Fb/c", "a/b/c"}


@over("bad_amounts")
def test_amount_that_is_none_is_refused_without_telling_it(case: Case) -> None:
    """A total of nothing is worse than a quarantined webhook; and the reason lands in logs, so no values in it."""
    for change in case.bad_amounts:
        with pytest.raises(Undecodable) as refusal:
            case.module.normalise(case.webhook(case.body(change)))
        assert refusal.value.reason in ("invalid-field", "invalid-order")
        assert "a lot" not in str(refusal.value)
        assert "three" not in str(refusal.value)


@over("broken_lists")
def test_list_that_is_none_is_refused(case: Case) -> None:
    """Without what was left out it would be another order: fewer lines, stock given back, money unseen."""
    for change in case.broken_lists:
        assert reason(case, change) in ("invalid-field", "invalid-order")


@over("odd_descriptions")
def test_wrong_types_in_describing_fields_do_not_cost_the_order(case: Case) -> None:
    """An address that is a list must not stop the order that it is on."""
    assert (case.event(case.body(case.odd_descriptions)).data.total is not None) == case.has_total


@over("without_time")
def test_webhook_without_a_time_counts_from_its_receipt(case: Case) -> None:
    """Without any time the event could not be placed among the others."""
    assert case.event(case.body(case.without_time)).occurred_at == RECEIVED_AT


@over("null_total", "without_total")
def test_null_is_said_and_absent_is_not(case: Case) -> None:
    """Null states that there is no total; absent states nothing."""
    null, absent = (case.event(case.body(change)).data for change in (case.null_total, case.without_total))
    assert ("total" in null.model_fields_set, null.total) == (True, None)
    assert "total" not in absent.model_fields_set


@over("exact_total")
def test_amounts_never_pass_through_a_float(case: Case) -> None:
    """0.1 + 0.2 is where a float shows itself, and more than 17 digits."""
    exact = "12345678901234567890.12"
    sample = case.body(case.exact_total)
    assert str(EXACT).encode() in sample
    assert case.event(sample.replace(str(EXACT).encode(), exact.encode())).data.total == Decimal(exact)
