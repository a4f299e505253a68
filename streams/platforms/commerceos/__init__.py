"""CommerceOS' sync webhooks (seed 002): snapshots of orders and shipments, one or many to a body, and again and again.

An item that cannot be read costs only itself: any refusal would make CommerceOS abort its whole run. An event's id is
made of the item alone, so that a snapshot pushed again, in whatever company, is the same event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from streams.platforms.batch import MIXED, events_of
from streams.platforms.canonical import canonical
from streams.platforms.commerceos import words
from streams.platforms.commerceos.batch import ITEMS_MAX, lines, split
from streams.platforms.commerceos.items import about, statement
from streams.platforms.commerceos.options import Options, options_of
from streams.platforms.config import SourceConfig
from streams.platforms.facts import event_of
from streams.platforms.fields import Inexact
from streams.platforms.json import UNKNOWN, decode
from streams.platforms.webhook import BadItem, Identity, RawWebhook, Undecodable, accept_all
from streams.vocabulary import EventType, OrderEvent

NAME = "commerceos"


@dataclass(frozen=True, slots=True)
class CommerceOS:
    """The platform for one source."""

    config: SourceConfig
    options: Options

    NAME: ClassVar[str] = NAME
    METHODS: ClassVar[Sequence[str]] = ("POST",)
    EVENTS: ClassVar[Mapping[str, tuple[EventType, int]]] = words.EVENTS

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """The one order that all items speak of; no key where they speak of several."""
        try:
            return self._of_all(glance(body))
        except (orjson.JSONDecodeError, UnicodeDecodeError, Inexact):
            pass
        except Undecodable:
            return UNKNOWN
        try:
            return self._of_all([found for item in split(body) if not isinstance(found := read(item), Undecodable)])
        except Undecodable:
            return UNKNOWN

    validate = staticmethod(accept_all)

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent | BadItem]:
        """One event per item, in their order, each once; a `BadItem` for one that cannot be read.

        Raises `Undecodable` where no item can be: the reasons of `split`, else that of the first item.
        """
        return events_of(split(webhook.body), lambda index, text: self._event(text, webhook.of_item(index)))

    def _event(self, text: bytes, webhook: RawWebhook) -> OrderEvent:
        item = decode(text)
        return event_of(NAME, webhook, statement(item, canonical(item), self.config, self.options))

    def _of_all(self, items: Sequence[Any]) -> Identity:
        if len(items) > ITEMS_MAX:
            return UNKNOWN
        key, word = None, None
        for item in items:
            try:
                found = about(item, self.config, self.options) if isinstance(item, dict) else None
            except Undecodable:
                continue
            if found is not None:
                if key not in (None, found.key):
                    return Identity(None, MIXED)
                key, word = found.key, found.word if word in (None, found.word) else MIXED
        return Identity(None, word, order_key=key)


def glance(body: bytes) -> list[Any]:
    """The items, read fast and with large numbers rounded; may raise where a careful reader finds some all the same."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        values = [orjson.loads(line) for line in lines(body.decode())]
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return value if isinstance(value, list) else [value]


def read(item: bytes) -> dict[str, Any] | Undecodable:
    """The item, or why it is none."""
    try:
        return decode(item)
    except Undecodable as error:
        return error


def configure(config: SourceConfig) -> CommerceOS:
    """Raises `InvalidOptions`."""
    return CommerceOS(config, options_of(config.options))
