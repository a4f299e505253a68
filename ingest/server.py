"""One ingest process: its parts put together, and its end.

The end, in this order:
    1. no connection is accepted any more, idle ones are closed
    2. what is in flight is answered, at most for `drain_timeout_s`; each answer closes its connection
    3. what librdkafka still holds is flushed
"""

import asyncio
import socket
import time
from collections.abc import Mapping
from typing import Any

import structlog

from ingest import metrics
from ingest.availability import Availability
from ingest.connection import HttpServer, Limits
from ingest.http import Routes
from ingest.oauth.clients import clients
from ingest.oauth.endpoint import TokenEndpoint
from ingest.producer import DurableProducer
from ingest.refusals import Refusals
from ingest.sources import senders
from ingest.webhook import Clock, Webhooks
from streams import listener
from streams.settings import Settings, SettingsError
from streams.settings.errors import Mistake

logger = structlog.get_logger("orderlog.ingest.server")

CONNECTIONS_PER_REQUEST = 10
DRAIN_CHECK_S = 0.02
GAUGE_EVERY_S = 0.25
FLUSH_S_MIN = 1.0


class Server:
    """Serves webhooks on a bound socket until `stop` is called and awaited.

    `producer_overrides` are librdkafka settings of a test's own. Raises `SettingsError` where it must not start.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], producer_overrides: dict[str, Any] | None = None
    ) -> None:
        if settings.kafka.bootstrap is None:
            mend = 'set kafka.bootstrap = "host:port", or start everything with orderlog up'
            raise SettingsError([Mistake("", "kafka.bootstrap", "is not set", mend)])
        self._settings = settings
        self._senders = senders(settings, environ)
        self._clients = clients(settings, environ)
        self._overrides = producer_overrides

    async def start(self, bound: socket.socket) -> None:
        """Begins to accept."""
        settings, loop = self._settings, asyncio.get_running_loop()
        self.producer = DurableProducer(settings, loop, self._overrides)
        topics = frozenset(sender.topic for sender in self._senders.values())
        self.availability = Availability(topics, self.producer, time.monotonic)
        refusals, clock = Refusals(time.monotonic), Clock(time.time, time.monotonic)
        self.webhooks = Webhooks(
            settings.ingest,
            self._senders,
            self.producer,
            self.availability,
            refusals,
            clock,
            log_accepted=settings.log.level == "debug",
        )
        limits = Limits(settings.ingest.header_timeout_s, settings.ingest.in_flight_max * CONNECTIONS_PER_REQUEST)
        tokens = TokenEndpoint(self._clients, settings.ingest, refusals, clock)
        self._http = HttpServer(Routes(self.webhooks, tokens, self.availability), limits, refusals)
        self.watch = asyncio.create_task(self.availability.watch())
        self._show_in_flight()
        self._tcp = await loop.create_server(self._http, sock=bound, backlog=listener.BACKLOG)
        logger.info("listening", url=listener.url(bound), sources=sorted(self._senders))

    def _show_in_flight(self) -> None:
        """Now and then, not with every request: setting a gauge twice costs as much as parsing a header."""
        metrics.IN_FLIGHT.set(self.webhooks.in_flight)
        self._gauge = asyncio.get_running_loop().call_later(GAUGE_EVERY_S, self._show_in_flight)

    async def stop(self) -> int:
        """Returns how many records were handed over and are not acknowledged: their senders got no 200."""
        deadline_s = time.monotonic() + self._settings.ingest.drain_timeout_s
        self.webhooks.closing = True
        self._tcp.close()
        self._http.drain()
        while self._http.connections and time.monotonic() < deadline_s:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(DRAIN_CHECK_S)
        cut_off = len(self._http.connections)
        await self._http.shutdown(DRAIN_CHECK_S)
        self.watch.cancel()
        self._gauge.cancel()
        left = await self.producer.close(max(deadline_s - time.monotonic(), FLUSH_S_MIN))
        logger.info("stopped", connections_cut_off=cut_off, unacknowledged=left)
        return left
