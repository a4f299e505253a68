"""Stand-in APIs in a thread of the test's own process, so that a test can look into them while roles call them."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web

from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import StandIn, application
from tests.connectors.api import serving


@contextmanager
def served(apis: Sequence[StandIn]) -> Iterator[str]:
    """Their base URL."""
    ready, address, loops = threading.Event(), [""], list[asyncio.AbstractEventLoop]()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(application(apis)) as url:
            address[0] = url
            loops.append(asyncio.get_running_loop())
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield address[0]
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)


class Shop(QuickbutikApi):
    """A shop that can take its time with an answer."""

    _held = False

    @contextmanager
    def holding(self) -> Iterator[None]:
        """No question is answered before the block ends."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    async def get_orders(self, request: web.Request) -> web.StreamResponse:
        while self._held:
            await asyncio.sleep(0.02)
        return await super().get_orders(request)
