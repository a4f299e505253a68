"""CommerceOS (seed 002): orders, their addresses, payments and shipments, by namespaced identifiers and actions.

names      our names in its namespaces; countries: what it calls a country
documents  what it takes; requests: which requests a command takes
judging    what its answers mean; told: what of them is looked at
"""

from collections.abc import Sequence
from datetime import datetime

from connectors.exchange import Answer, Request
from connectors.targets.commerceos import judging, requests, told
from connectors.targets.commerceos.names import Names
from connectors.verdict import Ruling
from streams.record import Output
from streams.settings.model import Target
from streams.vocabulary import Command

__all__ = ["KIND", "CommerceOSKind"]

KIND = "commerceos"


class CommerceOSKind:
    """Of one target. Raises `ValueError` where it has no `identifiers` or no `commerceos`."""

    KIND = KIND

    def __init__(self, target: Target) -> None:
        self._names = Names(target)

    def request(self, command: Command) -> Request:
        """Raises `Unprocessable`: the message names the setting or the field that is to be mended."""
        return requests.first(command, self._names)

    def judge(self, command: Command, request: Request, answer: Answer | None) -> Ruling | Request:
        return judging.judge(command, request, answer, self._names)

    def records(self, command: Command, answer: Answer, at: datetime) -> Sequence[Output]:
        """None: what its answers state of an order, its status webhooks and the poller bring in."""
        return ()

    def ref(self, answer: Answer) -> str | None:
        """The database key of the order, where the answer is that order."""
        found = told.document(answer)
        return told.key(found) if told.has(found, self._names.namespace("order")) else None
