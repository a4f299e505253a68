"""One module per platform, the same names in each: bytes in, values out, no I/O.

NAME         the platform's name in the configuration
METHODS      the HTTP methods its webhooks come by
EVENTS       its words for events, each with our type and its rank (all that a metric may label by)
identify     what ingest must know of a request: which order, which event
normalise    a stored raw record → the order events it states
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from streams.platforms import duda, selldone
from streams.platforms.webhook import Identity, RawWebhook, Undecodable
from streams.vocabulary import EventType, OrderEvent

__all__ = ["PLATFORMS", "Identity", "Platform", "RawWebhook", "Undecodable"]


class Platform(Protocol):
    """What a platform module offers."""

    NAME: str
    METHODS: Sequence[str]
    EVENTS: Mapping[str, tuple[EventType, int]]

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """Which order this is about, and which event. Never raises: rubbish has no key, and is kept all the same."""

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent]:
        """The facts in a stored webhook, in a fixed order. Raises `Undecodable` with a reason for a person."""


PLATFORMS: Mapping[str, Platform] = {module.NAME: module for module in (duda, selldone)}
