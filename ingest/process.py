"""A process's life: uvloop, signals, the server, the exit code."""

import asyncio
import gc
import os
import signal
import socket

import structlog
import uvloop

from ingest.server import Server
from streams.settings import Settings

logger = structlog.get_logger("orderlog.ingest.process")


def run(settings: Settings, bound: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises what ended it otherwise."""
    server = Server(settings, os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, bound))


async def _serve(server: Server, bound: socket.socket) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await server.start(bound)
    server.watch.add_done_callback(lambda _: asked.set())
    gc.freeze()  # what lives from here to the end need not be looked at again
    await asked.wait()
    broken = server.watch.done()
    await server.stop()
    if broken:
        server.watch.result()
