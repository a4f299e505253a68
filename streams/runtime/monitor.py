"""`/health`, `/ready` and `/metrics` of a worker, on a port of its own."""

from collections.abc import Callable
from typing import ClassVar

import structlog
from aiohttp import web
from mode import Service
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

log = structlog.get_logger(__name__)

# Of a connection on which nothing is asked; aiohttp's own is an hour.
IDLE_TIMEOUT_S = 75.0


def monitor_app(ready: Callable[[], bool]) -> web.Application:
    """`ready`: true once partitions are assigned and their state is restored."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def is_ready(_: web.Request) -> web.Response:
        return (
            web.json_response({"status": "ready"}) if ready() else web.json_response({"status": "starting"}, status=503)
        )

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/health", health), web.get("/ready", is_ready), web.get("/metrics", metrics)])
    return app


def monitor_service(host: str, port: int, ready: Callable[[], bool]) -> type[Service]:
    """A Faust service class that serves the monitor for as long as its app runs."""

    class Monitor(Service):
        abstract: ClassVar[bool] = False

        async def on_start(self) -> None:
            self._runner = web.AppRunner(
                monitor_app(ready), access_log=None, shutdown_timeout=1, keepalive_timeout=IDLE_TIMEOUT_S
            )
            await self._runner.setup()
            site = web.TCPSite(self._runner, host, port)
            await site.start()
            log.info("monitor listens", address=site.name)

        async def on_stop(self) -> None:
            await self._runner.cleanup()

    return Monitor
