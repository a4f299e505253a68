"""Snapshots of many orders gathered into what CommerceOS pushes at one time: one, a list, or one on each line. Pure."""

from collections.abc import Iterator
from random import Random

from streams.demo.platforms import commerceos
from streams.demo.platforms.commerceos import Snapshot
from streams.demo.webhook import Request

# What is due within so many webhooks is pushed together.
WINDOW = 60.0
SIZES = (1, 2, 3, 5, 8, 13)
AGAIN, BAD = 0.15, 0.12

Open = tuple[int, float, list[bytes]]  # how many are wanted, the latest position, what there is


class Batches:
    """Each push has snapshots of one shape, as each webhook of CommerceOS has a query of its own."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._open: dict[tuple[str, int], Open] = {}

    def add(self, position: float, item: Snapshot) -> Iterator[tuple[float, Request]]:
        """Takes one snapshot, due at `position`; gives the push that it has filled, and where that is sent."""
        window = int(position // WINDOW)
        yield from self._put(item.shape, window, position, item.body)
        if self._rng.random() < AGAIN:  # not marked as pushed yet, so it is pushed again
            yield from self._put(item.shape, window + 1, position + WINDOW, item.body)

    def _put(self, shape: str, window: int, position: float, item: bytes) -> Iterator[tuple[float, Request]]:
        drawn: Open = (self._rng.choice(SIZES), position, [])
        wanted, latest, items = self._open.pop((shape, window), drawn)
        items.append(item)
        if len(items) < wanted:
            self._open[shape, window] = (wanted, max(latest, position), items)
            return
        if wanted > 1 and self._rng.random() < BAD:
            items.insert(self._rng.randrange(len(items)), self._rng.choice(commerceos.BAD_ITEMS))
        yield max(latest, position), commerceos.push(self._rng, items)
