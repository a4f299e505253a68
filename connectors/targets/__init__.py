"""One module per kind of target, the same names in each: values in, request out; answer in, verdict out. No I/O.

KIND       the kind's name in the configuration
request    a command → the request that has its effect; the same command gives the same bytes
judge      what an answer means for the delivery
records    what is written besides the outcome, in one transaction with it
ref        what the target calls the order
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connectors.exchange import Answer, Request
from connectors.targets import external, quickbutik
from connectors.verdict import Ruling
from streams.record import Output
from streams.vocabulary import Command

__all__ = ["KINDS", "TargetKind"]


class TargetKind(Protocol):
    """What a target module offers."""

    KIND: str

    def request(self, command: Command) -> Request:
        """Raises `Unprocessable` where the command cannot become a request: it is a dead letter at once."""

    def judge(self, command: Command, answer: Answer | None) -> Ruling:
        """`answer` is None where none came. Never raises, whatever the answer is."""

    def records(self, command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
        """Of a delivered command. The same command and answer give the same record, but for its time, `at`."""

    def ref(self, answer: Answer) -> str | None:
        """Of a delivered command. Never raises."""


KINDS: Mapping[str, TargetKind] = {module.KIND: module for module in (external, quickbutik)}
