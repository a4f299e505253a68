"""Dead letters as the connectors leave them, written straight into the topics of a target that no worker serves."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.deadletters.listing import Listing
from connectors.deadletters.log import Log
from connectors.deadletters.model import Decision, Letter
from connectors.deadletters.reading import Reader
from connectors.deadletters.selection import Selection
from connectors.vocabulary import Delivery, DeliveryState
from streams import topics
from streams.vocabulary import Command, CommandType, DeadLetter, HttpExchange, Outcome, OutcomeResult
from tests.connectors import make
from tests.connectors.api import TOKEN
from tests.connectors.harness import Line
from tests.kafka import Sent, produce

NOBODY = "http://127.0.0.1:9"


def made_at(seconds: float) -> datetime:
    """A time in the recent past: decisions of now are later than all of them."""
    return START + timedelta(seconds=seconds)


START = make.now() - timedelta(hours=2)


@dataclass
class Scene:
    """One target with what died there. Blocking."""

    bootstrap: str
    folder: Path
    line: Line = field(init=False)
    _held: dict[str, list[Sent]] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.line = Line(self.bootstrap, NOBODY, self.folder)
        self.line.prepare()

    @property
    def target(self) -> str:
        return self.line.name

    def id(self, name: str) -> str:
        return f"{self.target}-{name}"

    def command(self, name: str, key: str, type: CommandType = CommandType.CREATE_ORDER) -> Command:
        return make.command(self.id(name), key, target=self.target, type=type)

    def dies(self, name: str, key: str = "duda:shop/1", at_s: float = 0, **given: Any) -> Delivery:
        """A dead delivery with its letter."""
        reason, type = given.pop("reason", "rejected"), given.pop("type", CommandType.CREATE_ORDER)
        dead = Delivery(
            command=self.command(name, key, type),
            sequence=0,
            due_at=made_at(at_s),
            state=DeliveryState.DEAD,
            attempts=3,
            last_error="HTTP 422",
            **given,
        )
        self.stored(dead)
        self.lettered(dead, reason)
        return dead

    def lettered(self, dead: Delivery, reason: str = "rejected", body: str = "no") -> None:
        exchange = HttpExchange(
            method="POST",
            url=f"{NOBODY}/api/orders",
            request_headers={"Authorization": "***"},
            request_body="{}",
            status=422,
            response_headers={"Content-Type": "text/plain"},
            response_body=body,
            at=dead.due_at,
        )
        letter = DeadLetter(
            id=dead.id, command=dead.command, exchange=exchange, attempts=3, reason=reason, at=dead.due_at
        )
        self.write(topics.DEADLETTERS, dead.key, letter.to_json())

    def stored(self, delivery: Delivery, **changes: Any) -> None:
        value = delivery.model_copy(update=changes).to_json()
        self.write(topics.deliveries(self.target), delivery.id, value)

    def gone(self, delivery: Delivery) -> None:
        self.write(topics.deliveries(self.target), delivery.id, None)

    def delivered(self, delivery: Delivery, at_s: float) -> None:
        self.ended(delivery, OutcomeResult.DELIVERED, at_s)

    def ended(self, delivery: Delivery, result: OutcomeResult, at_s: float) -> None:
        outcome = Outcome(
            command_id=delivery.id,
            type=delivery.command.type,
            target=self.target,
            order_key=delivery.key,
            result=result,
            attempts=4,
            at=made_at(at_s),
        )
        self.write(topics.OUTCOMES, delivery.key, outcome.to_json())

    def decided(self, dead: Delivery, type: CommandType, at_s: float = 3600) -> None:
        """As `Line.decide` writes it: older decisions say no more."""
        word = make.control(type, dead.id, dead.key)
        word = word.model_copy(update={"target": self.target, "created_at": made_at(at_s)})
        self.write(topics.commands(self.target), dead.key, word.to_json())

    def write(self, topic: str, key: str, value: bytes | None) -> None:
        if self._held is None:
            produce(self.bootstrap, topic, [(key.encode(), value)])
        else:
            self._held.setdefault(topic, []).append((key.encode(), value))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is written meanwhile is written together at the end: one producer a topic."""
        self._held = {}
        try:
            yield
            for topic, records in self._held.items():
                produce(self.bootstrap, topic, records)
        finally:
            self._held = None

    def letters(self, reader: Reader | None = None, **given: Any) -> list[Letter]:
        """As a listing has them; the names of their commands are without the target's."""
        with Log(self.bootstrap) as log:
            mine = reader or Reader(log)
            mine.log = log
            return self._listing(mine).letters(Selection(**given), [self.target])

    def decisions(self, **given: Any) -> list[tuple[Decision, bool]]:
        with Log(self.bootstrap) as log:
            return self._listing(Reader(log)).decisions(Selection(**given), [self.target])

    def _listing(self, reader: Reader) -> Listing:
        return Listing(reader, f"{self.target}-connectors")

    def commands(self) -> list[Command]:
        """What lies in the target's command topic."""
        found = asyncio.run(self.line.read(topics.commands(self.target)))
        return [Command.from_json(record.value or b"") for record in found]


def arguments(made: Line, *given: str) -> list[str]:
    return [sys.executable, "-m", "streams.cli", "--config", str(made.config), "deadletters", *given]


def environment(made: Line) -> dict[str, str]:
    return {**os.environ, "SANDBOX_TOKEN": TOKEN, "ORDERLOG__KAFKA__BOOTSTRAP": made.bootstrap}


async def orderlog(made: Line, *given: str) -> tuple[int | None, bytes, str]:
    """Exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *arguments(made, *given),
        env=environment(made),
        cwd=made.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out, error.decode()
