"""Bare aiohttp: reads the body and sends it back. No router, no check, no broker: what the library itself allows.

python -m tests.bench.jobs.echo PORT
"""

import asyncio
import sys

import uvloop
from aiohttp import web


async def echo(request: web.BaseRequest) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")


async def serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(echo, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as event_loop:
        event_loop.run(serve(int(sys.argv[1])))
