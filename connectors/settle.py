"""What becomes of a delivery after an attempt: its outcome, or its next attempt, or a dead letter. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.exchange import ERROR_CHARS_MAX, Answer, Attempt, Masker, cut, shown
from connectors.room import has_room
from connectors.schedule import jittered_s, retry_after_s, retry_delay_s
from connectors.targets import kind_of
from connectors.verdict import Verdict
from connectors.vocabulary import Delivery, DeliveryState
from streams import cloudevents, topics
from streams.receipt import with_receipt
from streams.record import Output
from streams.settings.model import Target
from streams.vocabulary import DeadLetter, HttpExchange, Outcome, OutcomeResult

REJECTED = "rejected"
EXHAUSTED = "retries-exhausted"
UNPROCESSABLE = "unprocessable"

# Also attempts that the schedule does not count have an end.
ATTEMPTS_MAX = 1000
OUTCOME_RESPONSE_CHARS_MAX = 2000
# Bodies of a dead letter are cut to the first of these with which it fits into a record.
BODY_CHARS_STEPS = (1024 * 1024, 128 * 1024, 16 * 1024, 1024, 0)
# Headers and Kafka's own, on top of a record's value.
RECORD_OVERHEAD_BYTES = 1024
# The least by which two times differ in the order of an order's events.
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """`delivery` is what is to be done from now on (None: it is finished), `outputs` what the world is told.

    `remembered`: what the table keeps of one that is finished. `result`: of one that is finished.
    """

    before: Delivery
    delivery: Delivery | None
    at: datetime
    outputs: tuple[Output, ...] = ()
    remembered: Delivery | None = None
    result: OutcomeResult = OutcomeResult.DELIVERED

    @property
    def has_ended(self) -> bool:
        """It has an outcome."""
        return self.delivery is None or self.delivery.is_dead

    @property
    def change(self) -> tuple[bytes, bytes | None]:
        """The change of the delivery table."""
        held = self.delivery or self.remembered
        return self.before.id.encode(), held.to_json() if held else None


@dataclass(frozen=True, slots=True)
class Judged:
    """An attempt and what it means. `charged`: the retry schedule counts it. `random`: in [0, 1), for the jitter.

    `why`: what is wrong with the answer, where its status does not say it. `after_s`: the least wait.
    """

    attempt: Attempt
    verdict: Verdict
    charged: bool
    random: float
    at: datetime
    why: str | None = None
    after_s: float = 0.0


class Settler:
    """`record_bytes_max`: what one Kafka record may hold."""

    def __init__(self, target: Target, record_bytes_max: int) -> None:
        self._target, self._record_bytes_max = target, record_bytes_max
        self._kind = kind_of(target)

    def settle(self, delivery: Delivery, judged: Judged, masker: Masker) -> Settled:
        """Delivered, to be tried again, or dead."""
        made = delivery.attempts + 1
        error = _error(judged, masker)
        if judged.verdict is Verdict.DELIVERED:
            return self._done(delivery, judged, masker)
        if judged.verdict is Verdict.REFUSED:
            return self._refused(delivery, judged, error, masker)
        if judged.verdict is Verdict.REJECTED:
            return self._dead(delivery.model_copy(update={"attempts": made}), REJECTED, error, judged, masker)
        charged = delivery.charged + judged.charged
        tried = delivery.model_copy(update={"attempts": made, "charged": charged, "last_error": error})
        delay_s = retry_delay_s(self._target.retry_delays_s, charged)
        if delay_s is None or made >= ATTEMPTS_MAX:
            return self._dead(tried, EXHAUSTED, error, judged, masker)
        return Settled(delivery, tried.model_copy(update={"due_at": _due_at(judged, delay_s)}), judged.at)

    def unprocessable(self, delivery: Delivery, error: str, now: datetime) -> Settled:
        """Dead without an attempt: the command cannot become a request."""
        return self._to_dead(delivery, UNPROCESSABLE, error, now, None, None)

    def discarded(self, dead: Delivery, now: datetime) -> Output:
        """The outcome of one that an operator let go: never before its death, though another's clock told that."""
        at = max(now, dead.due_at + TICK)
        outcome = Outcome(
            **_about(dead), result=OutcomeResult.DISCARDED, attempts=dead.attempts, error=dead.last_error, at=at
        ).to_json()
        type = f"delivery.{OutcomeResult.DISCARDED}"
        return _output(topics.OUTCOMES, dead, outcome, type, dead.attempts, at, "-discarded")

    def again(self, done: Delivery) -> Output:
        """The outcome of one that is remembered, as it is commanded a second time: where it is known, no news."""
        result = OutcomeResult.DEAD if done.last_error else OutcomeResult.DELIVERED
        outcome = Outcome(
            **_about(done), result=result, attempts=done.attempts, error=done.last_error, at=done.due_at
        ).to_json()
        return _output(topics.OUTCOMES, done, outcome, f"delivery.{result}", done.attempts, done.due_at)

    def _done(self, delivery: Delivery, judged: Judged, masker: Masker) -> Settled:
        """Delivered, with what the kind writes besides; dead where that must not, or cannot, be written."""
        answer = judged.attempt.answer
        assert answer is not None
        records = tuple(self._kind.records(delivery.command, answer, judged.at))
        for record in records:
            if problem := self._problem(record, masker):
                held = delivery.model_copy(update={"attempts": delivery.attempts + 1})
                return self._dead(held, REJECTED, problem, judged, masker)
        # What is kept whole in a record of its own is not kept in the outcome too.
        response = None if records else cut(masker.body(answer.body), OUTCOME_RESPONSE_CHARS_MAX)
        outcome = self._delivered(delivery, judged, answer, response)
        kept = delivery.done(judged.at) if delivery.is_remembered else None
        return Settled(delivery, None, judged.at, (*records, outcome), kept)

    def _refused(self, delivery: Delivery, judged: Judged, error: str, masker: Masker) -> Settled:
        """Finished, without its effect: nothing is left to be sent or mended."""
        made, answer = delivery.attempts + 1, judged.attempt.answer
        outcome = Outcome(
            **_about(delivery),
            result=OutcomeResult.REFUSED,
            attempts=made,
            http_status=judged.attempt.status,
            response=cut(masker.body(answer.body), OUTCOME_RESPONSE_CHARS_MAX) if answer else None,
            error=error,
            seconds=_seconds(judged.attempt, judged.at),
            at=judged.at,
        ).to_json()
        told = _output(topics.OUTCOMES, delivery, outcome, f"delivery.{OutcomeResult.REFUSED}", made, judged.at)
        return Settled(delivery, None, judged.at, (told,), result=OutcomeResult.REFUSED)

    def _problem(self, record: Output, masker: Masker) -> str | None:
        value = record.value or b""
        if not has_room(record, self._record_bytes_max):
            return f"the answer has {len(value)} bytes: more than a record holds (kafka.record_bytes_max)"
        if masker.finds(value) or any(masker.finds(content) for _, content in record.headers):
            return "the answer holds a credential of ours, so it is not stored"
        return None

    def _delivered(self, delivery: Delivery, judged: Judged, answer: Answer, response: str | None) -> Output:
        return _output(
            topics.OUTCOMES,
            delivery,
            Outcome(
                **_about(delivery),
                result=OutcomeResult.DELIVERED,
                attempts=delivery.attempts + 1,
                http_status=answer.status,
                response=response,
                ref=self._kind.ref(answer),
                seconds=_seconds(judged.attempt, judged.at),
                at=judged.at,
            ).to_json(),
            f"delivery.{OutcomeResult.DELIVERED}",
            delivery.attempts + 1,
            judged.at,
        )

    def _dead(self, delivery: Delivery, reason: str, error: str, judged: Judged, masker: Masker) -> Settled:
        return self._to_dead(delivery, reason, error, judged.at, judged.attempt, masker)

    def _to_dead(
        self, delivery: Delivery, reason: str, error: str, at: datetime, attempt: Attempt | None, masker: Masker | None
    ) -> Settled:
        held = delivery.model_copy(update={"state": DeliveryState.DEAD, "due_at": at, "last_error": error})
        answer = attempt.answer if attempt else None
        outcome = Outcome(
            **_about(delivery),
            result=OutcomeResult.DEAD,
            attempts=delivery.attempts,
            http_status=answer.status if answer else None,
            response=cut(masker.body(answer.body), OUTCOME_RESPONSE_CHARS_MAX) if answer and masker else None,
            error=error,
            seconds=_seconds(attempt, at) if attempt else None,
            at=at,
        )
        made = (delivery.attempts, at)
        return Settled(
            delivery,
            held,
            at,
            (
                _output(topics.OUTCOMES, delivery, outcome.to_json(), f"delivery.{OutcomeResult.DEAD}", *made),
                _output(
                    topics.DEADLETTERS,
                    delivery,
                    self._letter(held, reason, attempt, masker),
                    "delivery.deadletter",
                    *made,
                ),
            ),
        )

    def _letter(self, dead: Delivery, reason: str, attempt: Attempt | None, masker: Masker | None) -> bytes:
        """The dead letter, its bodies as long as a record can hold."""
        for body_chars_max in BODY_CHARS_STEPS:
            exchange = shown(attempt, masker, body_chars_max) if attempt and masker else None
            letter = _letter(dead, reason, exchange)
            if len(letter) + RECORD_OVERHEAD_BYTES <= self._record_bytes_max:
                return letter
        return _letter(dead, reason, None)


def _letter(dead: Delivery, reason: str, exchange: HttpExchange | None) -> bytes:
    return DeadLetter(
        id=dead.id,
        command=dead.command,
        exchange=exchange,
        attempts=dead.attempts,
        reason=reason,
        error=dead.last_error,
        at=dead.due_at,
    ).to_json()


def _about(delivery: Delivery) -> dict[str, Any]:
    """The fields of an outcome that are its command's."""
    command = delivery.command
    return {
        "command_id": command.id,
        "type": command.type,
        "target": command.target,
        "order_key": command.order_key,
        "receipt": command.receipt,
    }


def _output(
    topic: str, delivery: Delivery, value: bytes, type: str, attempts: int, at: datetime, suffix: str = ""
) -> Output:
    headers = cloudevents.headers(
        id=f"{delivery.id}-{attempts}-{delivery.redrives}{suffix}",
        source=f"/connectors/{delivery.command.target}",
        type=type,
        time=at,
    )
    return Output(topic, delivery.key.encode(), value, with_receipt(headers, delivery.command.receipt))


def _seconds(attempt: Attempt, at: datetime) -> float:
    """How long it took; a clock that was set back counts as no time at all."""
    return max(0.0, round((at - attempt.at).total_seconds(), 6))


def _due_at(judged: Judged, delay_s: float) -> datetime:
    answer = judged.attempt.answer
    asked_s = retry_after_s(answer.headers, judged.at) if answer else None
    least_s = max(delay_s, asked_s or 0.0, judged.after_s)
    return judged.at + timedelta(seconds=jittered_s(least_s, judged.random))


def _error(judged: Judged, masker: Masker) -> str:
    """Short and without customer data: the answer's body stays in the dead letter."""
    if judged.why is not None:
        return masker.text(judged.why)
    attempt = judged.attempt
    return f"HTTP {attempt.status}" if attempt.answer else masker.text(attempt.error or "no answer")[:ERROR_CHARS_MAX]
