"""One module per kind of target, the same names in each: values in, request out; answer in, verdict out. No I/O.

KIND       the kind's name in the configuration
request    a command → the first request towards its effect; the same command gives the same bytes
judge      what an answer means for the delivery, or what is to be asked next
records    what is written besides the outcome, in one transaction with it
ref        what the target calls the order
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connectors.exchange import Answer, Request
from connectors.targets import commerceos, external, inventory, quickbutik
from connectors.verdict import Ruling
from streams.record import Output
from streams.settings.model import Target
from streams.vocabulary import Command

__all__ = ["TargetKind", "kind_of"]


class TargetKind(Protocol):
    """What a target module offers, or what it makes of a target's settings."""

    @property
    def KIND(self) -> str: ...

    def request(self, command: Command) -> Request:
        """Raises `Unprocessable` where the command cannot become a request: it is a dead letter at once."""

    def judge(self, command: Command, request: Request, answer: Answer | None) -> Ruling | Request:
        """What the answer to `request` means; a request: this is to be asked next, and its answer judged.

        `answer` is None where none came. Never raises, whatever the answer is. An attempt that is repeated begins with
        the first request again, so nothing need be remembered between two.
        """

    def records(self, command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
        """Of a delivered command. The same command and answer give the same record, but for its time, `at`."""

    def ref(self, answer: Answer) -> str | None:
        """Of a delivered command. Never raises."""


# Those that are the same for every target, and those that are made of a target's settings.
MODULES: Mapping[str, TargetKind] = {module.KIND: module for module in (external, inventory, quickbutik)}
CLASSES: Mapping[str, Callable[[Target], TargetKind]] = {commerceos.KIND: commerceos.CommerceOSKind}


def kind_of(target: Target) -> TargetKind:
    """The target's kind, set up as the target is."""
    return MODULES[target.kind] if target.kind in MODULES else CLASSES[target.kind](target)
