"""Quickbutik's API as a target: a command as the bytes that are sent, an answer as what becomes of it."""

import os

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from connectors.auth import NoCredential, auth_of
from connectors.exchange import Answer, Attempt, Masker, masker
from connectors.outlet import Outlet
from connectors.room import ADDED_BYTES
from connectors.settle import Judged, Settled, Settler
from connectors.targets import quickbutik
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Verdict
from connectors.vocabulary import Delivery
from streams import topics
from streams.normalise import normalise_step, raw_webhook
from streams.platforms import PLATFORMS
from streams.record import Output, Record
from streams.runtime.compute import RECORD_OVERHEAD_BYTES
from streams.runtime.quarantine import quarantined
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.auth import TargetBasic
from streams.vocabulary import Command, CommandType, DeadLetter, EventType, OrderEvent, Outcome, OutcomeResult
from tests.connectors.make import at, command, fetch, target
from tests.streams.platforms.samples import payload

KEY = "sk_live_abc123"
ORDER = payload("quickbutik", "order")
MIB = 1024 * 1024
ASKED = fetch(order_id="948102", receipt="ping-1")


def answer(body: bytes = ORDER, status: int = 200, *, is_cut: bool = False) -> Answer:
    return Answer(status, {"content-type": "application/json"}, body, is_cut)


def settle(given: Answer, record_bytes_max: int = 4 * MIB, secrets: Masker | None = None, attempts: int = 0) -> Settled:
    """As the outlet and the loop do it, after one attempt."""
    ruling = quickbutik.judge(ASKED, quickbutik.request(ASKED), given)
    request = quickbutik.request(ASKED)
    attempt = Attempt("https://api.example/v1/orders", request, request.headers, at(0), given)
    judged = Judged(attempt, ruling.verdict, ruling.verdict is Verdict.RETRY, 0, at(1), ruling.why)
    before = Delivery(command=ASKED, sequence=0, due_at=at(0), attempts=attempts, charged=attempts)
    settler = Settler(target(name="quickbutik-api", kind="quickbutik"), record_bytes_max)
    return settler.settle(before, judged, secrets or masker({KEY}))


def stored(settled: Settled) -> list[Output]:
    return [output for output in settled.outputs if output.topic == topics.webhooks("quickbutik")]


def bytes_of(output: Output) -> int:
    headers = sum(len(name) + len(value) for name, value in output.headers)
    return len(output.key or b"") + len(output.value or b"") + headers


def outcome(settled: Settled) -> Outcome:
    return next(Outcome.from_json(each.value or b"") for each in settled.outputs if each.topic == topics.OUTCOMES)


def test_the_order_is_asked_for_with_its_details() -> None:
    """The seed's query: without `include_details` the answer has no customer, and every order is invalid."""
    request = quickbutik.request(ASKED)
    assert (request.method, request.body) == ("GET", b"")
    assert request.path == "/v1/orders?order_id=948102&include_details=true&apps_load=true"
    assert "Idempotency-Key" not in request.headers


def test_an_id_that_a_ping_made_up_stays_within_its_parameter() -> None:
    """Whoever knows the webhook's URL must not be able to ask the API for something else."""
    request = quickbutik.request(fetch(order_id="1&status=done#x/../products?é "))
    assert request.path == (
        "/v1/orders?order_id=1%26status%3Ddone%23x%2F..%2Fproducts%3F%C3%A9+&include_details=true&apps_load=true"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        command(type=CommandType.CREATE_ORDER),
        command(type=CommandType.FETCH_ORDER, data={"order_id": "1"}),
        command(type=CommandType.FETCH_ORDER, data={"event_type": "order.new"}),
        command(type=CommandType.FETCH_ORDER, data={"order_id": 1, "event_type": "order.new"}),
    ],
)
def test_a_command_that_it_cannot_do_is_a_dead_letter_at_once(wrong: Command) -> None:
    """Tried again, it would only be wrong again."""
    with pytest.raises(Unprocessable):
        quickbutik.request(wrong)


def test_the_key_is_user_and_password_and_is_named_once() -> None:
    """The vendor's way to sign in; written as a `user` the key would stand in the file."""
    auth = auth_of(TargetBasic(scheme="basic", password="env:QB"), {**os.environ, "QB": KEY})
    assert auth.secrets == {KEY, "c2tfbGl2ZV9hYmMxMjM6c2tfbGl2ZV9hYmMxMjM="}


def test_the_answer_is_stored_as_it_came_with_its_outcome() -> None:
    """The raw record is what a replay reads: changed by a byte, it would be another fact."""
    settled = settle(answer())
    (record,) = stored(settled)
    headers = dict(record.headers)
    assert (record.key, record.value, settled.delivery) == (b"quickbutik:948102", ORDER, None)
    assert (headers["ce_id"], headers["ce_source"]) == (ASKED.id.encode(), b"/targets/quickbutik-api")
    assert headers["ce_type"] == b"webhook.quickbutik.fetched"
    assert (headers["http_method"], headers["receipt"]) == (b"GET", b"ping-1")
    assert orjson.loads(headers["http_query"]) == {"event_type": "order.new", "order_id": "948102"}
    assert (outcome(settled).result, outcome(settled).response) == (OutcomeResult.DELIVERED, None)


def test_normalise_reads_the_stored_answer_as_fetched() -> None:
    """The two sides of the topic are written apart: what one writes the other must take for what it is."""
    (record,) = stored(settle(answer()))
    read = Record(record.topic, 0, 5, 0, record.key, record.value, record.headers)
    assert raw_webhook(read).is_fetched
    (output,) = normalise_step(PLATFORMS["quickbutik"])(read, Overlay(MemoryStore()))
    event = OrderEvent.from_json(output.value or b"")
    assert (event.type, event.order_key, event.receipt) == (EventType.PLACED, "quickbutik:948102", ASKED.id)
    assert (event.occurred_at, event.data.is_placed) == (at(1), True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[]", "order-not-found"),
        (b'[{"order_id": "1"}]', "other-order"),
        (b'{"error": "later"}', "not-a-list"),
        (b"<html>maintenance</html>", "not-json"),
        (b"", "not-json"),
    ],
)
def test_an_answer_without_the_order_is_asked_for_again_and_then_given_up(body: bytes, why: str) -> None:
    """A ping may be ahead of the API; an order that never comes must not be asked for without end."""
    again = settle(answer(body))
    assert again.delivery is not None
    assert (again.outputs, again.delivery.is_dead, again.delivery.charged) == ((), False, 1)
    dead = settle(answer(body), attempts=3)
    letter = next(DeadLetter.from_json(each.value or b"") for each in dead.outputs if each.topic == topics.DEADLETTERS)
    assert (stored(dead), letter.reason, letter.attempts) == ([], "retries-exhausted", 4)
    assert f"HTTP 200, but {why}: " in (outcome(dead).error or "")


def test_retries_are_the_seed_s() -> None:
    """Three, after 1 s times the attempt."""
    assert target(kind="quickbutik").retry_delays_s == (1, 2, 3)
    waits = [settle(answer(status=500), attempts=made).delivery for made in range(3)]
    assert [(each.due_at - at(1)).total_seconds() for each in waits if each is not None] == [1, 2, 3]
    assert (last := settle(answer(status=500), attempts=3).delivery) is not None
    assert last.is_dead


def test_a_cut_answer_is_never_stored_as_if_whole() -> None:
    """Half a list is not JSON, or worse: it is, with fewer lines."""
    settled = settle(answer(b"[" + b" " * 100, is_cut=True))
    assert (stored(settled), outcome(settled).result) == ([], OutcomeResult.DEAD)
    assert "response_bytes_max" in (outcome(settled).error or "")


def test_an_answer_that_no_record_can_hold_is_a_dead_letter_that_says_so() -> None:
    """The broker would refuse the whole transaction, and the partition would stop."""
    (record,) = stored(settle(answer()))
    fits = bytes_of(record) + ADDED_BYTES
    assert len(stored(settle(answer(), fits))) == 1
    settled = settle(answer(), fits - 1)
    assert (stored(settled), outcome(settled).result) == ([], OutcomeResult.DEAD)
    assert "kafka.record_bytes_max" in (outcome(settled).error or "")


def test_a_header_of_the_answer_makes_no_record_too_large() -> None:
    """The largest answer that is stored must also fit with its headers, and once more where it is set aside."""
    type = "application/json;" + " " * 8000
    fits = bytes_of(stored(settle(answer()))[0]) + ADDED_BYTES
    settled = settle(Answer(200, {"content-type": type}, ORDER), fits + 200)
    assert [] == [len(v) for output in stored(settled) for _, v in output.headers if len(v) > 200]
    (record,) = stored(settle(answer(), fits))
    aside = quarantined(Record("in", 0, 0, 0, record.key, record.value, record.headers), "invalid-order", "x" * 5000)
    assert bytes_of(aside) + RECORD_OVERHEAD_BYTES <= fits


def test_an_answer_that_repeats_our_key_is_not_stored() -> None:
    """Raw records are read by many; a credential in one of them is everyone's."""
    settled = settle(answer(ORDER.replace(b"Ring twice", KEY.encode())))
    assert (stored(settled), outcome(settled).result) == ([], OutcomeResult.DEAD)
    assert all(KEY.encode() not in (output.value or b"") for output in settled.outputs)
    assert all(KEY.encode() not in value for output in settled.outputs for _, value in output.headers)


def test_an_order_that_is_invalid_is_stored_and_set_aside_by_normalise() -> None:
    """It is the order that is wrong and not the answer: in quarantine a person finds it, and a replay reads it."""
    assert len(stored(settle(answer(ORDER.replace(b'"email"', b'"e-mail"'))))) == 1
    assert len(stored(settle(answer(ORDER.replace(b'"Ring twice"', b"NaN"))))) == 1


@given(st.binary(max_size=60) | st.sampled_from([b"[{}]", b"[[[", b"[1]", b'[{"order_id": 1e400}]', b"\xff"]))
def test_any_answer_has_a_ruling_and_never_customer_data_in_its_reason(body: bytes) -> None:
    """An answer without a meaning would stop the sink."""
    ruling = quickbutik.judge(ASKED, quickbutik.request(ASKED), answer(body))
    assert ruling.verdict in (Verdict.RETRY, Verdict.DELIVERED)
    assert ruling.why is None or len(ruling.why) < 300


async def test_an_answer_without_the_order_does_not_blame_the_target() -> None:
    """A forged ping must not be able to open the breaker for every order of the shop."""
    outlet = Outlet(target(kind="quickbutik"), NoCredential())
    entered = outlet.gate.enter(1e9)
    request = quickbutik.request(ASKED)
    delivery = Delivery(command=ASKED, sequence=0, due_at=at(0))
    judged = outlet._judge(delivery, Attempt("", request, {}, at(0), answer(b"[]")), entered)
    assert (judged.verdict, judged.charged, outlet.gate.breaker.state.name) == (Verdict.RETRY, True, "CLOSED")


def judged_by(outlet: Outlet, given: Answer, now: float = 0) -> Judged:
    entered = outlet.gate.enter(now)
    delivery = Delivery(command=ASKED, sequence=0, due_at=at(0))
    judged = outlet._judge(delivery, Attempt("", quickbutik.request(ASKED), {}, at(0), given), entered)
    outlet.gate.leave(entered)
    return judged


async def test_a_page_that_says_back_soon_costs_time_and_no_order() -> None:
    """With status 200 and for an hour, it would have every order of that hour given up after a few seconds."""
    outlet = Outlet(target(kind="quickbutik"), NoCredential(), monotonic=lambda: 0)
    failures = outlet.target.breaker.failures
    page = answer(b"<html>Back soon</html>")
    charged = [judged_by(outlet, page, now).charged for now in range(3 * failures)]
    assert charged == [True] * failures + [False] * 2 * failures
    assert outlet.gate.breaker.state.name == "OPEN"


async def test_a_limit_that_names_no_time_costs_time_and_no_order() -> None:
    """429 is about our rate: charged to the orders, a burst of pings would have them given up after a few seconds."""
    kind = target(kind="quickbutik", rate_per_second=1000, retry_delays_s=(1, 2, 3))
    outlet = Outlet(kind, NoCredential(), monotonic=lambda: 0)
    judged = judged_by(outlet, answer(b"", 429))
    assert (judged.verdict, judged.charged, outlet.gate.wait_s(0)) == (Verdict.RETRY, False, 3)


async def test_a_target_that_wants_no_requests_for_long_is_told_of() -> None:
    """Nothing goes out for an hour: who looks at the logs at night must find out why."""
    for seconds, told in ((5, []), (3600, [3600])):
        outlet = Outlet(target(kind="quickbutik", rate_per_second=1000), NoCredential(), monotonic=lambda: 0)
        with structlog.testing.capture_logs() as lines:
            judged_by(outlet, Answer(429, {"retry-after": f"{seconds}"}, b""))
        assert told == [line["seconds"] for line in lines if line["event"] == "target wants no requests"]
