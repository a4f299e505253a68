"""The functions that all engines run: the real normalise and the real fold, chosen by topic.

Free of any Kafka client, since it runs in the peers' environment too.
"""

from collections.abc import Mapping
from pathlib import Path

from projections.agents import fold_step
from streams import topics
from streams.normalise import normalise_step
from streams.platforms import PLATFORMS
from streams.runtime.agent import Step
from streams.settings import load


def steps(config: Path) -> Mapping[str, Step]:
    """Input topic → its step: one per source, and the fold of the events."""
    settings = load(config, {})
    readers = {topics.webhooks(source.name): normalise_step(PLATFORMS[source.platform]) for source in settings.sources}
    return {**readers, topics.EVENTS: fold_step(settings)}


class Held:
    """The state of one key, kept by a peer's own store, as a step sees it. `changed`: its new value, if any."""

    __slots__ = ("_value", "changed")

    def __init__(self, value: bytes | None) -> None:
        self._value = value
        self.changed: bytes | None = None

    def get(self, key: bytes) -> bytes | None:
        return self._value

    def set(self, key: bytes, value: bytes) -> None:
        self.changed = value
