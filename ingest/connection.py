"""aiohttp's HTTP protocol with the bounds it lacks: time and size of a request's head, bodies cut short, connections.

All use of aiohttp's private attributes is in this file; each has a test with raw sockets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from ingest.answers import Answer, raw_problem, refused
from ingest.problems import PROBLEMS, Refusal
from ingest.refusals import Refusals

HEAD_BYTES_MAX = 64 * 1024
HEADERS_MAX = 100
IDLE_TIMEOUT_S = 75.0
LINGER_S = 1.0
HALF_CLOSED_CHECK_S = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process."""

    header_timeout_s: float
    connections_max: int


class BodyCutShort(Exception):
    """Put into a body's stream when it is certain that the rest will not come."""


class Connection(RequestHandler):
    """One client connection. A request's head must be whole `header_timeout_s` after its first byte (or the accept)."""

    __slots__ = ("_body", "_head_bytes", "_head_timer", "_limits", "_refusals")

    def __init__(self, manager: "HttpServer", limits: Limits, refusals: Refusals, **options: Any) -> None:
        super().__init__(manager, **options)
        self._limits, self._refusals = limits, refusals
        self._body: StreamReader | None = None  # of the latest request
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Waiting for a request: none is being received or answered (the beginnings of a head do not count)."""
        return self._waiter is not None and not self._waiter.done() and not self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arm()
        manager = self._manager
        if manager is not None and len(manager._connections) > self._limits.connections_max:
            self._refuse("overloaded")

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        count, body = self._request_count, self._body
        between_requests = body is None or body.is_eof()
        super().data_received(data)
        if self._request_count != count:
            self._disarm()
            self._cut_short()  # a message while a body is not complete: the parser gave up on that body
            self._body = self._messages[-1][1]
        elif data and between_requests:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse("headers-too-large")
            elif self._head_timer is None:
                self._arm()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio.Protocol's own: keep the transport open
        """The client sends no more, but may still read: what came whole is answered, what did not is refused."""
        if self.transport is None or self.is_idle:
            return False
        self._cut_short()
        self._close_when_idle()
        return True

    def drain(self) -> None:
        """Closes the connection once it has answered what it has begun to receive."""
        self._close_when_idle()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What the parser cannot read. The error's text holds bytes of the request, so it is not logged."""
        too_large = isinstance(exc, LineTooLong) or (message or "").startswith("Too many headers")
        reason = "internal-error" if status >= 500 else "headers-too-large" if too_large else "bad-request"
        self._refusals.note(reason)
        return refused(Refusal(reason, close=True))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        self._refusals.note("internal-error", error=type(kw.get("exc_info")).__name__)

    def _arm(self) -> None:
        self._head_timer = self._loop.call_later(self._limits.header_timeout_s, self._head_is_late)

    def _disarm(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.is_idle:
            self._arm()
        elif self._head_bytes:
            self._refuse("request-timeout")
        else:
            self.force_close()

    def _refuse(self, reason: str) -> None:
        """An answer outside any request, then the end of the connection."""
        self._disarm()
        self._refusals.note(reason)
        if self.transport is not None:
            self.transport.write(raw_problem(PROBLEMS[reason]))
        self.force_close()

    def _close_when_idle(self) -> None:
        if self.transport is None:
            return
        if self.is_idle:
            self.force_close()
        else:
            self._loop.call_later(HALF_CLOSED_CHECK_S, self._close_when_idle)

    def _cut_short(self) -> None:
        if self._body is not None and not self._body.is_eof():
            self._body.set_exception(BodyCutShort())


class HttpServer(web.Server):
    """aiohttp's low-level server, with our connections."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[Answer]], limits: Limits, refusals: Refusals
    ) -> None:
        super().__init__(cast(Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], handler))
        self._limits, self._refusals = limits, refusals

    def __call__(self) -> Connection:
        return Connection(
            self,
            self._limits,
            self._refusals,
            loop=self._loop,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=IDLE_TIMEOUT_S,
            lingering_time=LINGER_S,
            max_headers=HEADERS_MAX,
        )

    def drain(self) -> None:
        """No connection begins another request."""
        for connection in self.connections:
            connection.drain()  # type: ignore[attr-defined]
