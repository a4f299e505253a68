"""The last wait before a request leaves: when it has its connection and its token, both of which may have taken time.

The gate says when a delivery may begin. What begins evenly may leave all at once: so the rate is kept here once more.
"""

import asyncio
from collections.abc import Callable

from connectors.share import Share
from connectors.window import SlidingWindow

# 40 ms for a network that delays one request more than the next; less than the gate's, so that a delay is made up for.
STRETCH = 1.04
BURST_S = 1.0


class Wire:
    """Belongs to the event loop's thread. `again`: is called where a request goes out for a second time."""

    def __init__(self, share: Share, monotonic: Callable[[], float], again: Callable[[], None]) -> None:
        self.again = again
        self._window = SlidingWindow(share, STRETCH, BURST_S)
        self._monotonic = monotonic
        self._turns = asyncio.Lock()

    def give(self, share: Share) -> None:
        self._window.give(share, self._monotonic())

    async def turn(self) -> None:
        """Returns when one may leave, in the order of asking."""
        async with self._turns:
            while True:
                now = self._monotonic()
                if (wait_s := self._window.wait_s(now)) == 0:
                    self._window.take(now)
                    return
                await asyncio.sleep(min(wait_s, 1.0))
