"""One HTTP session per target: deadlines, bounds, credentials. An attempt never raises for what the network does."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver
from yarl import URL

from connectors.auth import Auth, AuthError
from connectors.bounded import read_cut
from connectors.egress import USER_AGENT, network_error, open_session, timed_out
from connectors.exchange import Answer, Attempt, Masker, Request, masker
from connectors.verdict import UNAUTHORISED
from connectors.wire import Wire
from streams.settings.errors import SettingsError
from streams.settings.model import Target

log = structlog.get_logger(__name__)


class TargetClient:
    """Sends requests to one target, over a session of connectors.egress; redirects are not followed.

    `wire`: says when a request may leave; without one, at once.
    """

    def __init__(
        self,
        target: Target,
        auth: Auth,
        now: Callable[[], datetime],
        resolver: AbstractResolver | None = None,
        wire: Wire | None = None,
    ) -> None:
        self._target, self._auth, self._now, self._wire = target, auth, now, wire
        self._base_url = target.base_url.rstrip("/")
        connections_max = target.max_in_flight + 1  # one for a token
        self._session = open_session(f"targets.{target.name}", target, connections_max, resolver)

    @property
    def masker(self) -> Masker:
        """Knows the secrets of now: ask after the attempt that is to be shown."""
        return masker(self._auth.secrets)

    async def close(self) -> None:
        await self._session.close()

    async def attempt(self, request: Request) -> Attempt:
        """Sends it, and once more after a 401 where another credential is to be had. One deadline over all."""
        sent = _Sent(self._base_url, request, self._now())
        try:
            async with asyncio.timeout(self._target.timeout_s):
                return await self._with_fresh_credential(sent)
        except TimeoutError as error:
            return sent.failed(timed_out(error, self._target.timeout_s))
        except (aiohttp.ClientError, OSError, AuthError, SettingsError) as error:
            return sent.failed(network_error(error))
        except Exception as error:  # one request that cannot be sent must not stop those of other orders
            log.exception("attempt failed unexpectedly", target=self._target.name)
            return sent.failed(type(error).__name__)

    async def _with_fresh_credential(self, sent: "_Sent") -> Attempt:
        authorization = await self._auth.header(self._session)
        attempt = await self._send(sent, authorization)
        if attempt.status == UNAUTHORISED and await self._auth.renew(self._session, authorization):
            if self._wire is not None:
                self._wire.again()
            return await self._send(sent, await self._auth.header(self._session))
        return attempt

    async def _send(self, sent: "_Sent", authorization: str | None) -> Attempt:
        sent.headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **sent.request.headers}
        if authorization is not None:
            sent.headers["Authorization"] = authorization
        async with self._session.request(
            sent.request.method,
            sent.as_written(),
            data=sent.request.body,
            headers=sent.headers,
            allow_redirects=False,
            trace_request_ctx=self._wire and self._wire.turn,
        ) as response:
            body, is_cut = await read_cut(response, self._target.response_bytes_max)
            headers = {name.lower(): _writable(value) for name, value in response.headers.items()}
            return sent.answered(Answer(response.status, headers, body, is_cut))


class _Sent:
    """What is known of an attempt while it runs."""

    def __init__(self, base_url: str, request: Request, at: datetime) -> None:
        self._base_url, self.request, self.at = base_url, request, at
        self.url = f"{base_url}{request.path}"
        self.headers: dict[str, str] = dict(request.headers)

    def as_written(self) -> URL:
        """The path goes out byte for byte: what is escaped in it stays so. Raises `aiohttp.InvalidURL`."""
        try:
            return URL(f"{URL(self._base_url)}".rstrip("/") + self.request.path, encoded=True)
        except ValueError as error:
            raise aiohttp.InvalidURL(self.url, str(error)) from None

    def answered(self, answer: Answer) -> Attempt:
        return Attempt(self.url, self.request, self.headers, self.at, answer=answer)

    def failed(self, error: str) -> Attempt:
        return Attempt(self.url, self.request, self.headers, self.at, error=_writable(error))


def _writable(text: str) -> str:
    """What was not UTF-8 on the wire comes as lone surrogates, which no record can hold: they are spelled out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
