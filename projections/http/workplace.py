"""Blocking work in threads, bounded: a scan of a topic takes a broker's time and some memory."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from projections.http.broker import Broker
from projections.http.problems import Refusal

Done = TypeVar("Done")

AT_ONCE_MAX = 2
WAITING_MAX = 16


class Workplace:
    """At most `AT_ONCE_MAX` at work; beyond `WAITING_MAX` more, requests are refused."""

    def __init__(self, broker: Broker) -> None:
        self._broker, self._slots, self._inside = broker, asyncio.Semaphore(AT_ONCE_MAX), 0

    async def do(self, work: Callable[[], Done]) -> Done:
        """What `work` gives. Raises `Refusal` (503), and what `work` raises."""
        await self._broker.known.wait()
        if not self._broker.is_up:
            raise Refusal("broker-unavailable")
        if self._inside >= AT_ONCE_MAX + WAITING_MAX:
            raise Refusal("overloaded")
        self._inside += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._inside -= 1
