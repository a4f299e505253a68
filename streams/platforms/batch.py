"""A body of several items: what can be read of them becomes events, and what cannot costs only itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from streams.platforms.webhook import BadItem, Undecodable
from streams.vocabulary import OrderEvent

Item = TypeVar("Item")

# What ingest counts a body by whose items are of several kinds.
MIXED = "batch"


def events_of(items: Sequence[Item], read: Callable[[int, Item], OrderEvent]) -> tuple[OrderEvent | BadItem, ...]:
    """One event per item, in their order, each once; a `BadItem` for one of which `read` raises `Undecodable`.

    Raises `Undecodable`, that of the first item, where no item can be read.
    """
    found: dict[str, OrderEvent | BadItem] = {}
    refused: list[Undecodable] = []
    for index, item in enumerate(items):
        try:
            event = read(index, item)
            found.setdefault(event.id, event)
        except Undecodable as error:
            refused.append(error)
            found[f"item {index}"] = BadItem(index, error.reason, str(error))
    if refused and len(refused) == len(items):
        raise refused[0]
    return tuple(found.values())
