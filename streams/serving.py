"""The life of a process that serves HTTP: uvloop, signals, the server, its end."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Protocol

import uvloop


class Server(Protocol):
    """`watch` runs for as long as the server lives: its end, for whatever reason, is the server's."""

    watch: asyncio.Task[None]

    async def start(self, bound: socket.socket) -> None: ...

    async def stop(self) -> object: ...


def run(server: Server, bound: socket.socket, started: Callable[[], object] = lambda: None) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises what ended it otherwise. `started`: called once it serves."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, bound, started))


async def _serve(server: Server, bound: socket.socket, started: Callable[[], object]) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await server.start(bound)
    server.watch.add_done_callback(lambda _: asked.set())
    started()
    await asked.wait()
    broken = server.watch.done()
    await server.stop()
    if broken:
        server.watch.result()
