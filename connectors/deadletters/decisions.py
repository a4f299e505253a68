"""What an operator decides becomes records in the target's own command topic: so it is taken up in order, and once.

A run that stops half-way is run again: what was decided meanwhile is no longer open, or shows as decided.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b

from confluent_kafka import KafkaError, Producer

from connectors.deadletters.log import answering, client, told
from connectors.deadletters.model import Letter, Verb
from streams import cloudevents, topics
from streams.admin.errors import Refused, Unreachable
from streams.vocabulary import Command

ACK_TIMEOUT_S = 10.0
# Sent and not yet acknowledged: what an interruption leaves in doubt.
IN_FLIGHT_MAX = 500


@dataclass(slots=True)
class Published:
    """`acknowledged`: by all in-sync replicas. `failure`: why it went no further, None where all were acknowledged."""

    acknowledged: int = 0
    failure: Unreachable | Refused | None = None


def decision(letter: Letter, verb: Verb, who: str, why: str, now: datetime) -> Command:
    """The record that redrives or discards `letter`. One death decided twice in one way has one id.

    It says what the letter said, since it is kept for longer than the letter may be.
    """
    about = {"type": letter.type.value, "reason": letter.reason, "error": letter.error}
    told_of = {name: value for name, value in about.items() if value is not None}
    return Command(
        id=_id(letter, verb),
        type=verb.command_type,
        target=letter.target,
        order_key=letter.order_key,
        data={"command_id": letter.id, "who": who, "why": why, **told_of},
        caused_by=f"operator:{who}",
        receipt=letter.receipt,
        created_at=now,
    )


def publish(
    bootstrap: str,
    decided: Iterable[tuple[Letter, Command]],
    acknowledged: Callable[[Letter], None],
    ack_timeout_s: float = ACK_TIMEOUT_S,
) -> Published:
    """Writes the decisions, in their order, until one fails; `acknowledged` is called for each that is written."""
    writer = _Writer(bootstrap, acknowledged, ack_timeout_s)
    try:
        for letter, command in decided:
            writer.write(letter, command)
            if writer.published.failure:
                break
    except (Unreachable, Refused) as error:
        writer.published.failure = error
    finally:  # also where a person breaks it off: what was sent is waited for, and counted
        writer.finish()
    return writer.published


@dataclass(slots=True)
class _Writer:
    """One producer. What is in flight is bounded, and so is every wait."""

    bootstrap: str
    acknowledged: Callable[[Letter], None]
    ack_timeout_s: float
    published: Published = field(default_factory=Published)
    _producer: Producer = field(init=False)

    def __post_init__(self) -> None:
        self._producer = Producer(
            {
                **client(self.bootstrap),
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "message.timeout.ms": int(self.ack_timeout_s * 1000),
            }
        )

    def write(self, letter: Letter, command: Command) -> None:
        headers = cloudevents.headers(id=command.id, source="/operators", type=command.type, time=command.created_at)
        with answering(self.bootstrap):
            self._producer.produce(
                topics.commands(command.target),
                command.to_json(),
                command.order_key.encode(),
                headers=dict(headers),
                on_delivery=partial(self._done, letter),
            )
            self._producer.poll(0)
        deadline = time.monotonic() + self.ack_timeout_s + 5  # a delivery report comes in time, also of a failure
        while len(self._producer) >= IN_FLIGHT_MAX and time.monotonic() < deadline:
            self._producer.poll(0.1)

    def finish(self) -> None:
        if self.published.failure:
            self._producer.purge(in_flight=False)
        left = self._producer.flush(self.ack_timeout_s + 5)
        if left and not self.published.failure:
            self.published.failure = Unreachable(f"it is not known whether the last {left} were written")

    def _done(self, letter: Letter, error: KafkaError | None, _: object) -> None:
        if error is None:
            self.published.acknowledged += 1
            self.acknowledged(letter)
        elif self.published.failure is None:
            self.published.failure = told(self.bootstrap, error)


def _id(letter: Letter, verb: Verb) -> str:
    text = f"{letter.id}:{verb}:{letter.redrives}:{letter.at.isoformat()}"
    return blake2b(text.encode(), digest_size=16, person=b"orderlog.decide").hexdigest()
