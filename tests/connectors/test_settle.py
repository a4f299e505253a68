"""What becomes of a delivery after an attempt, as values."""

from typing import Any

import orjson
import pytest

from connectors.exchange import Answer, Attempt, Masker, masker
from connectors.schedule import RETRY_AFTER_S_MAX
from connectors.settle import ATTEMPTS_MAX, RECORD_OVERHEAD_BYTES, Judged, Settled, Settler
from connectors.targets import external
from connectors.verdict import Verdict, classify
from connectors.vocabulary import Delivery, DeliveryState
from streams import topics
from streams.vocabulary import Command, DeadLetter, Outcome, OutcomeResult
from tests.connectors.make import at, command, delivery, order, target

MIB = 1024 * 1024
SECRETS = masker({"s3cret-token"})


def attempt(status: int | None, body: bytes = b"{}", error: str | None = None, **headers: str) -> Attempt:
    request = external.request(command())
    sent = {**request.headers, "Authorization": "Bearer s3cret-token"}
    answer = None if status is None else Answer(status, {"content-type": "text/plain", **headers}, body)
    return Attempt("http://127.0.0.1:9/api/orders", request, sent, at(0), answer, error)


def judged(made: Attempt, *, charged: bool = True, random: float = 0.0) -> Judged:
    return Judged(made, classify(made.status), charged, random, at(1))


def settle(before: Delivery, made: Attempt, record_bytes_max: int = 4 * MIB, **given: Any) -> Settled:
    return Settler(target(), record_bytes_max).settle(before, judged(made, **given), SECRETS)


def outcome_of(settled: Settled) -> Outcome:
    return next(Outcome.from_json(each.value or b"") for each in settled.outputs if each.topic == topics.OUTCOMES)


def letter_of(settled: Settled) -> DeadLetter:
    return next(DeadLetter.from_json(each.value or b"") for each in settled.outputs if each.topic == topics.DEADLETTERS)


def test_delivered_has_one_outcome_and_leaves_the_table() -> None:
    """A delivery that stays would be sent for ever; one without an outcome is never known to have happened."""
    settled = settle(delivery(attempts=2, charged=2), attempt(201, b'{"id":"x"}'))
    outcome = outcome_of(settled)
    assert settled.change == (b"c-1", None)
    assert [each.topic for each in settled.outputs] == [topics.OUTCOMES]
    assert (outcome.result, outcome.attempts, outcome.http_status) == (OutcomeResult.DELIVERED, 3, 201)
    assert (settled.outputs[0].key, outcome.response) == (b"duda:shop/1", '{"id":"x"}')


def test_a_dead_letter_that_is_let_go_has_an_outcome_after_its_death() -> None:
    """Without one its order looks dead for ever; before the death, by another worker's clock, it would not count."""
    dead = settle(delivery(), attempt(422)).delivery
    assert dead is not None
    for now in (at(-60), at(60)):
        output = Settler(target(), 4 * MIB).discarded(dead, now)
        outcome = Outcome.from_json(output.value or b"")
        assert (output.topic, output.key, outcome.command_id) == (topics.OUTCOMES, b"duda:shop/1", "c-1")
        assert (outcome.result, outcome.type, outcome.attempts) == (OutcomeResult.DISCARDED, dead.command.type, 1)
        assert (outcome.error, outcome.at > dead.due_at, outcome.at >= now) == ("HTTP 422", True, True)
        died = settle(delivery(), attempt(422)).outputs
        assert dict(output.headers)["ce_id"] not in {dict(each.headers)["ce_id"] for each in died}


def test_an_outcome_says_how_long_the_last_attempt_took() -> None:
    """Who watches latency reads outcomes: they are the same whichever worker sent."""
    assert outcome_of(settle(delivery(), attempt(201))).seconds == 1
    assert outcome_of(settle(delivery(), attempt(400))).seconds == 1
    assert outcome_of(Settler(target(), 4 * MIB).unprocessable(delivery(), "no order", at(0))).seconds is None


def test_a_failure_is_put_off_by_the_schedule_and_tells_nobody() -> None:
    """An outcome per attempt would be more than one outcome per command."""
    before, waits_s = delivery(), list[float]()
    for _ in range(5):
        settled = settle(before, attempt(500))
        assert settled.delivery is not None
        assert settled.outputs == ()
        waits_s.append((settled.delivery.due_at - at(1)).total_seconds())
        before = settled.delivery
    assert waits_s == [0, 1, 2, 5, 10]
    assert (before.attempts, before.charged, before.last_error) == (5, 5, "HTTP 500")


def test_the_schedule_used_up_is_a_dead_letter_that_holds_its_order() -> None:
    """Given up in silence, the order would be lost; freed, later commands would run without it."""
    settled = settle(delivery(attempts=5, charged=5), attempt(503))
    assert settled.delivery is not None
    assert settled.delivery.state is DeliveryState.DEAD
    assert (letter_of(settled).reason, letter_of(settled).attempts) == ("retries-exhausted", 6)
    assert (outcome_of(settled).result, outcome_of(settled).error) == (OutcomeResult.DEAD, "HTTP 503")


def test_a_rejection_is_a_dead_letter_at_once() -> None:
    """Asking an API five times more about an order it refused is noise."""
    settled = settle(delivery(), attempt(422, b'{"fields":["total_amount"]}'))
    letter = letter_of(settled)
    assert (letter.reason, letter.error, letter.attempts, letter.id) == ("rejected", "HTTP 422", 1, "c-1")
    assert letter.exchange is not None
    assert letter.exchange.response_body == '{"fields":["total_amount"]}'


def test_attempts_that_are_not_charged_use_nothing_up() -> None:
    """While the breaker is open or the target asks for quiet, no order may come closer to its dead letter."""
    settled = settle(delivery(attempts=9, charged=5), attempt(503), charged=False)
    assert settled.delivery is not None
    assert (settled.delivery.is_dead, settled.delivery.attempts, settled.delivery.charged) == (False, 10, 5)


def test_uncharged_attempts_have_an_end_too() -> None:
    """Everything is bounded, also the patience with a target that answers 429 for ever."""
    settled = settle(delivery(attempts=ATTEMPTS_MAX - 1), attempt(429), charged=False)
    assert letter_of(settled).reason == "retries-exhausted"


@pytest.mark.parametrize(("asked", "least_s"), [("30", 30), ("0", 1), ("999999999", RETRY_AFTER_S_MAX)])
def test_retry_after_is_never_shortened(asked: str, least_s: float) -> None:
    """Neither by the schedule (1 s here), nor by the jitter."""
    for random in (0.0, 0.999):
        settled = settle(delivery(charged=1, attempts=1), attempt(429, **{"retry-after": asked}), random=random)
        assert settled.delivery is not None
        wait_s = (settled.delivery.due_at - at(1)).total_seconds()
        assert least_s <= wait_s <= least_s + 5


def test_what_the_target_s_module_wants_to_wait_is_waited() -> None:
    """A POST whose answer was lost may still be under way there."""
    lost = Judged(attempt(None, error="timed out"), Verdict.RETRY, True, 0, at(1), after_s=30)
    settled = Settler(target(), 4 * MIB).settle(delivery(), lost, SECRETS)
    assert settled.delivery is not None
    assert settled.delivery.due_at == at(31)


def test_a_dead_letter_shows_the_whole_exchange_and_no_secret() -> None:
    """An operator needs all of it; a token in a topic that is kept for 90 days is a leak."""
    echoed = attempt(400, b"no s3cret-token here", **{"set-cookie": "session=1", "x-debug": "got s3cret-token"})
    exchange = letter_of(settle(delivery(), echoed)).exchange
    assert exchange is not None
    assert exchange.request_headers["Authorization"] == "***"
    assert exchange.request_headers["Idempotency-Key"] == "c-1"
    assert orjson.loads(exchange.request_body)["external_order_id"] == "duda:shop/1"
    assert exchange.response_headers == {"content-type": "text/plain", "set-cookie": "***", "x-debug": "got ***"}
    assert exchange.response_body == "no *** here"
    assert all(b"s3cret" not in (each.value or b"") for each in settle(delivery(), echoed).outputs)


def test_no_secret_gets_out_by_an_error_message() -> None:
    """A library's error may quote the URL or the header that it could not use."""
    settled = settle(delivery(charged=5, attempts=5), attempt(None, error="cannot use s3cret-token"))
    assert outcome_of(settled).error == "cannot use ***"
    assert b"s3cret" not in settled.outputs[1].value + (settled.change[1] or b"")  # type: ignore[operator]


def test_a_dead_letter_always_fits_into_a_record() -> None:
    """One that does not would fail its transaction for ever and stop the whole partition."""
    wide = "\x01" * 100_000  # six bytes each in JSON
    large = delivery().model_copy(update={"command": command(data={"order": {**order(), "customer_email": wide}})})
    made = attempt(400, b"\x01" * 200_000)
    for record_bytes_max in (16 * MIB, 2 * MIB, 1 * MIB, len(large.to_json()) + 8 * 1024):
        settled = settle(large, made, record_bytes_max)
        assert len(settled.outputs[1].value or b"") + RECORD_OVERHEAD_BYTES <= record_bytes_max
        assert letter_of(settled).command == large.command


def test_an_unprocessable_command_is_dead_without_an_attempt() -> None:
    """Nothing was sent, so no attempt is counted and no exchange is shown."""
    settled = Settler(target(), MIB).unprocessable(delivery(), "data.order is not an object", at(1))
    letter = letter_of(settled)
    assert (letter.reason, letter.attempts, letter.exchange) == ("unprocessable", 0, None)
    assert outcome_of(settled).error == "data.order is not an object"


def test_outcomes_of_two_rounds_are_two_events() -> None:
    """Dead, redriven and delivered: a reader that drops repeated event ids must see both."""
    dead = settle(delivery(), attempt(400))
    assert dead.delivery is not None
    again = settle(dead.delivery.redriven(at(5)), attempt(201))
    ids = [dict(each.headers)["ce_id"] for settled in (dead, again) for each in settled.outputs[:1]]
    assert len(set(ids)) == 2


def test_a_redrive_starts_a_new_round_of_the_schedule() -> None:
    """Else a redriven order would be dead again after one failure."""
    dead = delivery(attempts=6, charged=6, state=DeliveryState.DEAD).redriven(at(9))
    settled = settle(dead, attempt(500))
    assert settled.delivery is not None
    assert (settled.delivery.is_dead, settled.delivery.charged, settled.delivery.attempts) == (False, 1, 7)


def test_the_table_gives_back_what_was_put_in() -> None:
    """A delivery that changes in the table would send other bytes after a restart."""
    before = delivery(attempts=3, charged=2, last_error="HTTP 500")
    assert Delivery.from_json(before.to_json()) == before
    assert isinstance(before.command, Command)


def test_half_a_secret_is_not_shown_at_a_cut() -> None:
    """Cutting before masking would leave the first half of a token in sight."""
    body = b"x" * (1024 * 1024 - 6) + b"s3cret-token"
    exchange = letter_of(settle(delivery(), attempt(400, body), 16 * MIB)).exchange
    assert exchange is not None
    assert "s3cret" not in (exchange.response_body or "")


def test_short_secrets_do_not_blacken_everything() -> None:
    """A one-letter password would otherwise turn every text into stars."""
    assert Masker(frozenset({"a"})).text("alpha") == "alpha"
