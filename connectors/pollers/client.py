"""One session per poller: deadlines, bounds, no redirects, no cookies. What goes wrong has a reason: `PollError`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from connectors.auth import AuthError
from connectors.bounded import read_cut
from connectors.egress import network_error, open_session, timed_out
from connectors.exchange import masker
from connectors.schedule import retry_after_s
from streams.settings.errors import SettingsError
from streams.settings.poll import Poll

MESSAGE_CHARS_MAX = 300
TOO_MANY_REQUESTS = 429
TOO_LARGE = "too-large"
CONNECTIONS_MAX = 2
T = TypeVar("T")


class PollError(Exception):
    """Nothing came of a request. `reason` is stable, for the metric; the message holds no secret and no order."""

    def __init__(self, reason: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.reason, self.retry_after_s = reason, retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is whole: a longer one than `response_bytes_max` is an error."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Bound:
    """How long an answer may be, by `name` of whatever sets it; `see`: what says where to ask."""

    bytes_max: int
    name: str
    see: str


class ListClient:
    """Asks one source's API for pages of its list."""

    def __init__(self, poll: Poll, now: Callable[[], datetime], resolver: AbstractResolver | None = None) -> None:
        self._poll, self._now = poll, now
        self._url = poll.base_url.rstrip("/") + poll.path
        self.session = open_session("sources.poll", poll, CONNECTIONS_MAX, resolver)

    async def close(self) -> None:
        await self.session.close()

    async def get(self, query: Mapping[str, str], authorization: str) -> Answer:
        """The answer, where it is 200, 401 or 404. Raises `PollError` for everything else."""
        async with asyncio.timeout(self._poll.timeout_s):
            return await ask(
                self.session,
                URL(self._url).update_query(query),
                authorization,
                Bound(self._poll.response_bytes_max, "poll.response_bytes_max", "poll.base_url and path"),
                self._now,
            )


async def ask(
    session: aiohttp.ClientSession, url: URL, authorization: str | None, bound: Bound, now: Callable[[], datetime]
) -> Answer:
    """The answer to one GET, where it is 200, 401 or 404. Raises `PollError` for everything else."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if authorization is not None:
        headers["Authorization"] = authorization
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        body, is_cut = await read_cut(response, bound.bytes_max)
        given = {name.lower(): value for name, value in response.headers.items()}
    if response.status == TOO_MANY_REQUESTS:
        raise PollError("rate-limited", "HTTP 429", retry_after_s(given, now()))
    if 300 <= response.status < 400:
        raise PollError("status", f"HTTP {response.status}: redirects are not followed, see {bound.see}")
    if response.status not in (200, 401, 404):
        raise PollError("status", f"HTTP {response.status}", retry_after_s(given, now()))
    if response.status == 200 and is_cut:
        raise PollError(TOO_LARGE, f"the answer is longer than {bound.name}, {bound.bytes_max} bytes")
    return Answer(response.status, body)


async def told(doing: Awaitable[T], timeout_s: float, secrets: Callable[[], frozenset[str]]) -> T:
    """What the network, the token endpoint and the secrets' files do wrong, as a `PollError` without a secret in it."""
    try:
        return await doing
    except TimeoutError as error:
        raise PollError("timeout", timed_out(error, timeout_s)) from None
    except AuthError as error:
        raise PollError("token", _safe(str(error), secrets()), error.retry_after_s) from None
    except SettingsError as error:
        raise PollError("token", _safe(str(error), secrets())) from None
    except (aiohttp.ClientError, OSError) as error:
        raise PollError("network", _safe(network_error(error), secrets())) from None


def _safe(text: str, secrets: frozenset[str]) -> str:
    masked = masker(secrets).text(text)
    return masked.encode("utf-8", "backslashreplace").decode()[:MESSAGE_CHARS_MAX]
