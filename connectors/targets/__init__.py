"""One module per kind of target, the same names in each: values in, request out; answer in, verdict out. No I/O.

KIND       the kind's name in the configuration
request    a command → the request that has its effect; the same command gives the same bytes
judge      what a status means for the delivery
"""

from collections.abc import Mapping
from typing import Protocol

from connectors.exchange import Request
from connectors.targets import external
from connectors.verdict import Verdict
from streams.vocabulary import Command

__all__ = ["KINDS", "TargetKind"]


class TargetKind(Protocol):
    """What a target module offers."""

    KIND: str

    def request(self, command: Command) -> Request:
        """Raises `Unprocessable` where the command cannot become a request: it is a dead letter at once."""

    def judge(self, status: int | None) -> Verdict:
        """`status` is None where no answer came."""


KINDS: Mapping[str, TargetKind] = {module.KIND: module for module in (external,)}
