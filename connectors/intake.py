"""Records of `orders.commands.<target>` → what one transaction accepts: deliveries, and what operators decided. Pure.

An operator's word travels in the same topic, in order: `deadletter.redrive` and `deadletter.discard` with
`data = {"command_id", "who", "why"}`. What cannot be read goes to the quarantine and the partition moves on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from connectors.vocabulary import Delivery
from streams.record import Output, Record
from streams.runtime.agent import Quarantine
from streams.runtime.quarantine import log_quarantined, quarantined
from streams.runtime.state import Overlay
from streams.vocabulary import Command, CommandType
from streams.vocabulary.command import ENVELOPE_BYTES


@dataclass(slots=True)
class Intake:
    """What a batch of records comes to. All lists are in the order of the records.

    `repeated`: those that are done, and are told of again without being made again.
    """

    accepted: list[Delivery] = field(default_factory=list)
    redriven: list[Delivery] = field(default_factory=list)
    discarded: list[Delivery] = field(default_factory=list)
    repeated: list[Delivery] = field(default_factory=list)
    ignored: list[tuple[Record, Command, str]] = field(default_factory=list)
    quarantine: list[Output] = field(default_factory=list)


class Receiver:
    """Reads commands for one target. `record_bytes_max`: what one Kafka record may hold."""

    def __init__(self, target: str, record_bytes_max: int) -> None:
        self._target, self._command_bytes_max = target, record_bytes_max - ENVELOPE_BYTES

    def receive(self, records: Sequence[Record], overlay: Overlay, now: datetime) -> Intake:
        """Changes of the delivery table go into `overlay`, which may hold others of the same transaction already."""
        intake = Intake()
        for record in records:
            try:
                self._take(intake, record, self._read(record), overlay, now)
            except Quarantine as error:
                log_quarantined(record, error.reason, error)
                intake.quarantine.append(quarantined(record, error.reason, str(error)))
        return intake

    def _read(self, record: Record) -> Command:
        if record.value is None:
            raise Quarantine("not-a-command", "the record has no value")
        if len(record.value) > self._command_bytes_max:
            raise Quarantine(
                "output-too-large", f"a command of {len(record.value)} bytes leaves no room for its delivery"
            )
        try:
            return self._checked(record, Command.from_json(record.value))
        except ValidationError as error:
            raise Quarantine("not-a-command", _where(error)) from None

    def _checked(self, record: Record, command: Command) -> Command:
        if command.target != self._target:
            raise Quarantine("wrong-target", f"a command for another target than {self._target}")
        if record.key != command.order_key.encode():
            raise Quarantine("wrong-key", "the record's key is not the command's order key")
        return command

    def _take(self, intake: Intake, record: Record, command: Command, overlay: Overlay, now: datetime) -> None:
        if command.type in (CommandType.REDRIVE, CommandType.DISCARD):
            self._control(intake, record, command, overlay, now)
        elif (value := overlay.get(command.id.encode())) is not None:
            held = Delivery.from_json(value)
            if held.is_done:
                intake.repeated.append(held)
            intake.ignored.append((record, command, "it is done" if held.is_done else "it is pending already"))
        else:
            delivery = Delivery(command=command, sequence=record.offset, due_at=now)
            intake.accepted.append(delivery)
            overlay.set(command.id.encode(), delivery.to_json())

    def _control(self, intake: Intake, record: Record, command: Command, overlay: Overlay, now: datetime) -> None:
        command_id = command.data.get("command_id")
        if not isinstance(command_id, str) or not command_id:
            raise Quarantine("not-a-command", "data.command_id is not the id of a command")
        value = overlay.get(command_id.encode())
        dead = Delivery.from_json(value) if value is not None else None
        if dead is None or not dead.is_dead:
            intake.ignored.append((record, command, "no dead letter is held under this id"))
        elif dead.key != command.order_key:
            raise Quarantine("wrong-key", "the dead letter is another order's")
        elif command.type is CommandType.REDRIVE:
            redriven = dead.redriven(now)
            intake.redriven.append(redriven)
            overlay.set(command_id.encode(), redriven.to_json())
        else:
            intake.discarded.append(dead)
            overlay.delete(command_id.encode())


def _where(error: ValidationError) -> str:
    """Which fields are wrong and how, without their content."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'record'}: {each['type']}" for each in problems[:10])
