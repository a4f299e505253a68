"""The role's parts put together, and its end: what is in flight is answered, then the rest is closed."""

import asyncio
import socket
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from projections.http.access import Access
from projections.http.broker import Broker
from projections.http.deadletters import routes
from projections.http.deadletters.office import Office
from projections.http.guard import guard
from projections.http.workplace import Workplace
from streams import listener
from streams.settings import Settings, SettingsError
from streams.settings.errors import Mistake

logger = structlog.get_logger("orderlog.projections.server")

BODY_BYTES_MAX = 256 * 1024
DRAIN_S = 5.0
# Of a connection on which nothing is asked, or only half a head came: whoever holds many would lock the operators out.
IDLE_TIMEOUT_S = 75.0
BACKLOG = 128


class Server:
    """Serves on a bound socket until `stop` is called and awaited. Raises `SettingsError` where it must not start."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        if settings.kafka.bootstrap is None:
            mend = 'set kafka.bootstrap = "host:port", or start everything with orderlog up'
            raise SettingsError([Mistake("", "kafka.bootstrap", "is not set", mend)])
        self._settings, self._bootstrap = settings, settings.kafka.bootstrap
        self._access = Access(settings, environ)

    async def start(self, bound: socket.socket) -> None:
        """Begins to accept."""
        self.broker = Broker(self._bootstrap)
        self.watch = asyncio.create_task(self.broker.watch())
        self._runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=DRAIN_S, keepalive_timeout=IDLE_TIMEOUT_S
        )
        await self._runner.setup()
        await web.SockSite(self._runner, bound, backlog=BACKLOG).start()
        logger.info("listening", url=listener.url(bound))

    async def stop(self) -> None:
        await self._runner.cleanup()
        self.watch.cancel()
        await asyncio.gather(self.watch, return_exceptions=True)
        await asyncio.to_thread(self.broker.close)
        logger.info("stopped")

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[guard(self._access)], client_max_size=BODY_BYTES_MAX)
        office = Office(self._settings, self._bootstrap, lambda: datetime.now(UTC))
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/ready", self._ready),
                web.get("/metrics", self._metrics),
                *routes.routes(office, Workplace(self.broker), self._access),
            ]
        )
        return app

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        is_up = self.broker.is_up is True
        return web.json_response({"status": "ready" if is_up else "broker-unavailable"}, status=200 if is_up else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
