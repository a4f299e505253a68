"""What is measured: outcomes and delivery tables as readings."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alerts.levels import Level
from connectors.alerts.rules import Reading, Rule, State, readings
from connectors.alerts.window import Counts, Window, percentile
from connectors.vocabulary import DeliveryState
from streams.vocabulary import CommandType, Outcome, OutcomeResult
from tests.connectors.alerts.make import TARGET, alerts, outcome
from tests.connectors.make import at, delivery

DEAD, REFUSED, DELIVERED = OutcomeResult.DEAD, OutcomeResult.REFUSED, OutcomeResult.DELIVERED
NO_LEVEL = Level()


def read(
    outcomes: Iterable[Outcome] = (), level: Level = NO_LEVEL, s: float = 0, **given: Any
) -> Mapping[Rule, Reading]:
    """Every reading `s` seconds after the start."""
    settings = alerts(**given)
    window = Window(settings.window_s)
    for each in outcomes:
        window.add(each, at(s))
    return {each.rule: each for each in readings(TARGET, window.counts(TARGET, at(s)), level, settings)}


def state(rule: Rule, *args: Any, **given: Any) -> State:
    return read(*args, **given)[rule].state


def test_every_rule_has_one_reading_of_each_target() -> None:
    """A rule that is not read can never be resolved."""
    assert list(read()) == list(Rule)


@pytest.mark.parametrize(("slow", "said"), [(0, State.CLEAR), (5, State.CLEAR), (6, State.OVER), (100, State.OVER)])
def test_creating_an_order_is_slow_when_one_in_twenty_is(slow: int, said: State) -> None:
    """The seed's 500 ms: a mean would hide them, and the slowest one alone says nothing."""
    outcomes = [outcome(seconds=0.501 if n < slow else 0.1) for n in range(100)]
    assert state(Rule.LATENCY, outcomes) is said


def test_only_orders_that_were_created_count_for_latency() -> None:
    """A payment may take its time, and what died of a time-out is an error."""
    odd = [outcome(type=CommandType.CREATE_PAYMENT, seconds=9), outcome(DEAD, seconds=9), outcome(seconds=None)]
    assert read(odd * 100)[Rule.LATENCY].value is None
    assert read([outcome(REFUSED, seconds=0.7)] * 20)[Rule.LATENCY].value == 700


def test_attempts_that_failed_are_errors_whatever_came_of_them() -> None:
    """An API that fails every second time delivers all: nobody would know until it fails four times in a row."""
    assert read([outcome(attempts=2)] * 50)[Rule.ERRORS].value == 0.5
    assert read([outcome(DEAD, attempts=1)] + [outcome()] * 99)[Rule.ERRORS].value == 0.01
    assert read([outcome(REFUSED)] * 100)[Rule.ERRORS].value == 0
    assert read([outcome(DEAD, attempts=0)] * 100)[Rule.ERRORS].value is None, "no request was ever made"


@pytest.mark.parametrize(("rule", "least"), [(Rule.ERRORS, 100), (Rule.PAYMENTS, 20), (Rule.LATENCY, 20)])
def test_a_rate_of_few_is_never_too_high(rule: Rule, least: int) -> None:
    """One failure among ten would be ten per cent: at night every hiccup would wake somebody. Nor is it well then."""
    kind = CommandType.CREATE_PAYMENT if rule is Rule.PAYMENTS else CommandType.CREATE_ORDER
    good, bad = outcome(type=kind, seconds=0.1), outcome(type=kind, seconds=9)
    if rule is not Rule.LATENCY:
        bad = outcome(DEAD, kind)
    assert state(rule) is State.UNKNOWN, "of nothing nothing is known"
    assert [state(rule, [good] * count) for count in (1, least - 1, least)] == [State.CLEAR] * 3
    assert [state(rule, [bad] * count) for count in (1, least - 1)] == [State.BETWEEN] * 2
    assert state(rule, [bad] * least) is State.OVER
    assert state(rule, [bad, *[good] * (least - 2)]) is State.BETWEEN
    assert state(rule, [bad, *[good] * (least - 1)]) is not State.OVER


@pytest.mark.parametrize(("failed", "said"), [(9, State.CLEAR), (10, State.BETWEEN), (11, State.OVER)])
def test_errors_are_over_past_one_per_cent_and_clear_only_below_nine_tenths_of_it(failed: int, said: State) -> None:
    """About the threshold itself an alert stays as it is."""
    assert state(Rule.ERRORS, [outcome(DEAD)] * failed + [outcome()] * (1000 - failed)) is said


@pytest.mark.parametrize(("failed", "said"), [(4, State.CLEAR), (5, State.BETWEEN), (6, State.OVER)])
def test_payments_are_over_below_95_per_cent(failed: int, said: State) -> None:
    """The seed's threshold; a refused payment failed too."""
    payments = [outcome(DEAD if n % 2 else REFUSED, CommandType.CREATE_PAYMENT) for n in range(failed)]
    payments += [outcome(type=CommandType.CREATE_PAYMENT)] * (100 - failed)
    assert state(Rule.PAYMENTS, payments) is said


def test_what_an_operator_decides_is_no_attempt() -> None:
    """A discarded letter must not make the API look better, nor worse."""
    words = [outcome(type=kind, attempts=9) for kind in (CommandType.REDRIVE, CommandType.DISCARD)]
    let_go = [outcome(OutcomeResult.DISCARDED, type=CommandType.CREATE_PAYMENT, attempts=9)]
    found = read((words + let_go) * 100)
    assert (found[Rule.ERRORS].value, found[Rule.PAYMENTS].value) == (None, None)


def test_an_order_that_was_refused_is_told_of_once_it_was() -> None:
    """Out of stock: somebody has to know, however few there are."""
    assert read([outcome(REFUSED)])[Rule.STOCK].state is State.OVER
    assert read([outcome()])[Rule.STOCK].state is State.CLEAR


@given(st.lists(st.tuples(st.integers(0, 700), st.sampled_from([DEAD, DELIVERED, REFUSED])), max_size=40))
def test_the_window_counts_what_is_in_it_and_nothing_else(sent: list[tuple[int, OutcomeResult]]) -> None:
    """Whatever was added before, and in whatever order."""
    window = Window(300)
    for second, result in sent:
        window.add(outcome(result, when=at(second)), at(700))
    counts = window.counts(TARGET, at(700))
    inside = [result for second, result in sent if second > 400]
    assert (counts.attempts, counts.failed) == (len(inside), inside.count(DEAD))
    assert counts.refused == inside.count(REFUSED)
    assert window.counts(TARGET, at(1001)) == Counts()


def test_a_clock_that_is_ahead_counts_as_now() -> None:
    """Otherwise its outcomes would stay in the window for ever."""
    window = Window(300)
    window.add(outcome(when=at(10_000)), at(0))
    assert (window.counts(TARGET, at(0)).attempts, window.counts(TARGET, at(301)).attempts) == (1, 0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_with_that_share_below(values: list[float], share: float) -> None:
    """Off by one it is another order's time."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def level(*changes: tuple[str, bytes | None]) -> Level:
    made = Level()
    for second, (id, value) in enumerate(changes):
        made.change(id.encode(), value, at(second).timestamp())
    return made


def row(**fields: Any) -> bytes:
    return delivery().model_copy(update=fields).to_json()


def test_what_waits_is_what_is_pending() -> None:
    """Neither what is dead, nor what is done and only remembered, nor what is gone."""
    assert level(("a", row()), ("b", row())).pending.keys() == {b"a", b"b"}
    held = level(
        ("a", row()),
        ("b", row(state=DeliveryState.DEAD)),
        ("c", row(state=DeliveryState.DONE)),
        ("d", row()),
        ("d", None),
    )
    assert (set(held.pending), held.dead) == ({b"a"}, {b"b"})
    assert read(level=held)[Rule.DEAD].value == 1
    assert (
        read(level=level(("b", row(state=DeliveryState.DEAD)), ("b", row(redrives=1))))[Rule.DEAD].state is State.CLEAR
    )


@pytest.mark.parametrize(
    ("count", "said"), [(900, State.CLEAR), (901, State.BETWEEN), (1000, State.BETWEEN), (1001, State.OVER)]
)
def test_more_than_a_thousand_waiting_is_too_much(count: int, said: State) -> None:
    """The seed's threshold."""
    assert state(Rule.WAITING, level=level(*((str(n), row()) for n in range(count)))) is said


def tried(attempts: int, charged: int, error: str = "HTTP 503") -> bytes:
    return row(attempts=attempts, charged=charged, last_error=error)


def test_a_failure_that_the_breaker_does_not_count_shows_that_it_is_open() -> None:
    """Its state is in a worker's memory; the table has what it did."""
    closed = level(("a", row()), ("a", tried(1, 1)))
    assert state(Rule.BREAKER, level=closed) is State.CLEAR
    told_to_wait = level(("a", tried(1, 1)), ("a", tried(2, 1, "HTTP 429")))
    assert state(Rule.BREAKER, level=told_to_wait) is State.CLEAR
    redriven = level(("a", row(state=DeliveryState.DEAD, attempts=5, charged=5)), ("a", tried(5, 0)))
    assert state(Rule.BREAKER, level=redriven) is State.CLEAR
    opened = level(("a", tried(1, 1)), ("a", tried(2, 1)))
    assert [state(Rule.BREAKER, level=opened, s=s) for s in (2, 3600)] == [State.OVER] * 2, "whatever the wait"
    opened.worked(at(0).timestamp())
    assert state(Rule.BREAKER, level=opened, s=2) is State.OVER, "that was before"
    opened.worked(at(2).timestamp())
    assert state(Rule.BREAKER, level=opened, s=2) is State.CLEAR


@pytest.mark.parametrize(
    "after",
    [
        None,
        row(state=DeliveryState.DONE, attempts=3, charged=1),
        row(state=DeliveryState.DEAD, attempts=3, charged=1, last_error="HTTP 400"),
        tried(3, 2),
        tried(3, 1, "HTTP 429"),
    ],
    ids=["delivered", "remembered", "refused", "counted", "told-to-wait"],
)
def test_a_breaker_is_closed_once_the_target_answered_or_a_failure_counted(after: bytes | None) -> None:
    """Else it would be told as open for as long as anything waits. Partitions are read one after the other."""
    changes = [("b", row()), ("a", tried(1, 1)), ("a", tried(2, 1))]
    assert state(Rule.BREAKER, level=level(*changes)) is State.OVER
    mended = level(*changes, ("a", after))
    assert state(Rule.BREAKER, level=mended) is State.CLEAR
    for value in (tried(1, 1), tried(2, 1)):
        mended.change(b"c", value, at(2).timestamp())
    assert state(Rule.BREAKER, level=mended) is State.CLEAR, "another partition's, of before"
    unanswered = level(*changes, ("a", row(state=DeliveryState.DEAD, attempts=2, charged=1)))
    assert state(Rule.BREAKER, level=unanswered) is State.OVER, "it could not become a request"


@given(st.binary(max_size=40) | st.sampled_from([b"[]", b'{"state":"pending","attempts":"x"}', b"1e999", b"{}"]))
def test_a_record_that_cannot_be_read_stops_nothing(value: bytes) -> None:
    """Alerts are the last thing that may fall silent."""
    assert level(("a", value), ("b", row())).pending.keys() >= {b"b"}


def test_what_is_read_is_what_a_delivery_writes() -> None:
    """The two are written apart."""
    assert {"state", "attempts", "charged", "last_error"} <= orjson.loads(row()).keys()
