"""Repeats commands whose effect is missing: the very records, with their ids, into the target's own command topic.

The API keeps an effect once, whatever is repeated: PUT by identifier, a transaction's id, an action that is done. They
are read back from `orders.commands.<target>`, which keeps them 30 days; what is older cannot be repeated. The delivery
table lets be what it holds: a command that is under way or dead.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Producer
from pydantic import ValidationError

from connectors.deadletters.log import Log, answering, client
from connectors.reconcile.compare import Difference
from connectors.reconcile.run import Result
from streams import cloudevents, topics
from streams.admin.errors import Unreachable
from streams.receipt import with_receipt
from streams.record import Record
from streams.vocabulary import Command

ACK_TIMEOUT_S = 10.0
IN_FLIGHT_MAX = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """`repeats`: the commands, each order's in the order in which they were decided. `cannot`: difference → why not."""

    repeats: Sequence[Command]
    cannot: Sequence[tuple[Difference, str]]


def plan(log: Log, target: str, result: Result) -> Plan:
    """What of the differences a repeat can mend. Raises `Unreachable`, `Refused`."""
    wanted = {each: _ids(each, result) for each in result.differences}
    ids = {id for several in wanted.values() for id in several}
    found = {command.id: command for command in _commands(log, target, ids)}
    cannot = [(each, why) for each, several in wanted.items() if (why := _why_not(each, several, found))]
    hopeless = {each for each, _ in cannot}
    mended = {id for each, several in wanted.items() if each not in hopeless for id in several}
    return Plan([command for id, command in found.items() if id in mended], cannot)


def publish(bootstrap: str, target: str, commands: Iterable[Command], acknowledged: Callable[[Command], None]) -> None:
    """Writes them, in their order. Raises `Unreachable`, `Refused`; what was acknowledged until then is written."""
    failed: list[KafkaError] = []

    def done(command: Command) -> Callable[[KafkaError | None, object], None]:
        return lambda error, _: failed.append(error) if error else acknowledged(command)

    producer = Producer(
        {
            **client(bootstrap),
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "message.timeout.ms": int(ACK_TIMEOUT_S * 1000),
        }
    )
    with answering(bootstrap):
        for command in commands:
            about = cloudevents.headers(id=command.id, source="/operators", type=command.type, time=command.created_at)
            headers: dict[str, str | bytes | None] = dict(with_receipt(about, command.receipt))
            key = command.order_key.encode()
            producer.produce(
                topics.commands(target), command.to_json(), key, headers=headers, on_delivery=done(command)
            )
            while len(producer) >= IN_FLIGHT_MAX and not failed:
                producer.poll(0.1)
            if failed:
                break
        left = producer.flush(ACK_TIMEOUT_S + 5)
        if failed:
            raise KafkaException(failed[0])
    if left:
        raise Unreachable(f"it is not known whether the last {left} were written")


def _ids(difference: Difference, result: Result) -> tuple[str, ...]:
    """Of the commands that are to be repeated."""
    steps = result.steps.get(difference.key, {})
    return tuple(steps[step] for step in difference.steps if step in steps)


def _commands(log: Log, target: str, ids: set[str]) -> Iterable[Command]:
    """Those of the ids that are still there, in the order of their first records."""
    seen: set[str] = set()
    for record in log.scan(topics.commands(target)) if ids else ():
        command = _read(record)
        if command is not None and command.id in ids and command.id not in seen:
            seen.add(command.id)
            yield command


def _read(record: Record) -> Command | None:
    try:
        return Command.from_json(record.value or b"")
    except ValidationError:
        return None  # the connectors have quarantined it


def _why_not(difference: Difference, ids: Sequence[str], found: Mapping[str, Command]) -> str:
    """Empty where a repeat can mend it."""
    if not ids:
        return difference.why or "no command of ours could mend it"
    gone = sum(id not in found for id in ids)
    if gone:
        return f"{gone} of its {len(ids)} commands are no longer kept: CommerceOS has to be mended by hand"
    return ""
