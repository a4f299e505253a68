"""What an agent is. Packages declare agents; the runtime makes Faust agents of them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from streams.record import Output, Record
from streams.runtime.state import Overlay

if TYPE_CHECKING:
    from streams.runtime.partition import Partition

# The pure part of an agent: one record and the state of its partition → what to send. State changes go into the
# overlay. Raising quarantines the record: its state changes are dropped, the partition moves on.
Step = Callable[[Record, Overlay], Iterable[Output]]


class Quarantine(Exception):
    """Raised by a step for a record that it cannot process. `reason` is stable, the message is for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Agent:
    """Reads `topic`; keeps its state, if any, in the compacted topic `table`, partition by partition.

    `run` owns one assigned partition from the end of its restore until `Partition.closing`.
    """

    name: str
    topic: str
    table: str | None
    run: Callable[["Partition"], Awaitable[None]]


def stepwise(name: str, topic: str, step: Step, table: str | None = None) -> Agent:
    """The usual agent: one step over every record, and one transaction over everything that waits."""
    return Agent(name, topic, table, partial(_run_stepwise, step))


async def _run_stepwise(step: Step, partition: "Partition") -> None:
    while not partition.closing:
        await partition.wait(None)
        if partition.closing:
            return
        if records := partition.take():
            await partition.process(step, records)
