"""What a platform module is told of the source that it reads for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class InvalidOptions(Exception):
    """`[sources.options]` is wrong. `problems`: the path within the options, what is wrong, how to mend it."""

    def __init__(self, problems: list[tuple[tuple[str | int, ...], str, str]]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {what}" for path, what, _ in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """`name`: the source's. `orders_of`: the source whose orders an id of this one means. `sources`: all there are."""

    name: str
    platform: str
    orders_of: str
    sources: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)

    def referred_key(self, id: str) -> str:
        """The key of the order that `id` leads back to.

        What we send to others as an order's id is its key (`duda:site/1`), so an id that begins with the name of a
        source is a key. Any other id is an order of `orders_of`.
        """
        owner, colon, rest = id.partition(":")
        return id if colon and rest and owner in self.sources else f"{self.orders_of}:{id}"


def alone(name: str, options: Mapping[str, Any] | None = None) -> SourceConfig:
    """A source of the platform `name` that knows of no other."""
    return SourceConfig(name, name, name, frozenset((name,)), options or {})
