"""A process's life: uvloop, signals, the server."""

import asyncio
import os
import signal
import socket

import uvloop

from projections.http.server import Server
from streams.settings import Settings


def run(settings: Settings, bound: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT. Raises what ended it otherwise."""
    server = Server(settings, os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, bound))


async def _serve(server: Server, bound: socket.socket) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await server.start(bound)
    server.watch.add_done_callback(lambda _: asked.set())
    await asked.wait()
    broken = server.watch.done()
    await server.stop()
    if broken:
        server.watch.result()
