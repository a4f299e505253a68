"""Reads of one target's API: guarded, authorised, under a rate of their own, bounded. What goes wrong: `PollError`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeVar

from yarl import URL

from connectors.auth import auth_of
from connectors.egress import open_session
from connectors.pollers.client import Answer, Bound, PollError, ask, told
from connectors.pollers.pace import Pace
from streams.settings.model import Target

T = TypeVar("T")

# One for a page, one for a token.
CONNECTIONS_MAX = 2
# A longer answer is asked for in smaller pages.
ANSWER_BYTES_MAX = 8 * 1024 * 1024
# While the API fails: the longest wait between two tries.
BACKOFF_S_MAX = 300.0


def pace_of(target: Target, clock: Callable[[], float] = time.monotonic) -> Pace:
    """`commerceos.reads_per_second`, which delivery leaves to who reads."""
    assert target.commerceos is not None
    return Pace(target.commerceos.reads_per_second, BACKOFF_S_MAX, clock())


class Reading:
    """Use from one task. Raises `SettingsError` where a secret or a TLS file cannot be used."""

    def __init__(
        self,
        target: Target,
        environ: Mapping[str, str],
        pace: Pace,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        section = f"targets.{target.name}"
        self._target, self._pace, self._now, self._clock = target, pace, now, clock
        self._auth = auth_of(target.auth, environ)
        self._bound = Bound(ANSWER_BYTES_MAX, "what a page may have", f"{section}.base_url")
        self._session = open_session(section, target, CONNECTIONS_MAX)

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str) -> bytes | None:
        """The body of the answer; None for HTTP 404. Raises `PollError`."""
        return await told(self._get(path), self._target.timeout_s, lambda: self._auth.secrets)

    async def page(self, path: str) -> bytes:
        """The body of a list. Raises `PollError`."""
        if (body := await self.get(path)) is None:
            raise PollError("status", f"HTTP 404: see {self._bound.see}")
        return body

    async def _get(self, path: str) -> bytes | None:
        authorization = await self._within(self._auth.header(self._session))
        answer = await self._ask(path, authorization)
        if answer.status == 401 and await self._within(self._auth.renew(self._session, authorization)):
            answer = await self._ask(path, await self._within(self._auth.header(self._session)))
        if answer.status == 401:
            raise PollError("unauthorised", f"HTTP 401: see targets.{self._target.name}.auth")
        return None if answer.status == 404 else answer.body

    async def _ask(self, path: str, authorization: str | None) -> Answer:
        await self._room()
        self._pace.take(self._clock())
        url = URL(self._target.base_url.rstrip("/") + path, encoded=True)
        return await self._within(ask(self._session, url, authorization, self._bound, self._now))

    async def _room(self) -> None:
        while True:
            room_s = self._pace.room_s(self._clock())
            if room_s <= 0:
                return
            await asyncio.sleep(room_s)

    async def _within(self, doing: Awaitable[T]) -> T:
        async with asyncio.timeout(self._target.timeout_s):
            return await doing
