"""Asks for one page: token, rate, request, and once more with another token after a 401."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

from connectors.pollers.answer import Page, Unreadable, read_page
from connectors.pollers.client import Answer, ListClient, PollError, told
from connectors.pollers.credentials import Credentials, Keep
from connectors.pollers.pace import Pace
from connectors.pollers.waiting import unless_closing
from streams.runtime.partition import Partition
from streams.settings.poll import Poll

T = TypeVar("T")


class Asker:
    """Of one source. `keep` commits tokens before they are used; `clock` is monotonic seconds."""

    def __init__(
        self,
        source: str,
        poll: Poll,
        partition: Partition,
        credentials: Credentials,
        keep: Keep,
        pace: Pace,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._source, self._poll, self._partition = source, poll, partition
        self._credentials, self._keep, self._pace = credentials, keep, pace
        self._now, self._clock = now, clock
        self._client = ListClient(poll, now)

    async def close(self) -> None:
        await self._client.close()

    async def page(self, query: Mapping[str, str], *, is_first: bool) -> Page | None:
        """None: there is no such page any more. Raises `PollError`, `Closing`."""
        session = self._client.session
        header = await self._token(self._credentials.header(session, self._keep))
        answer = await self._get(query, header)
        if answer.status == 401 and (
            other := await self._token(self._credentials.renewed(session, header, self._keep))
        ):
            answer = await self._get(query, other)
        if answer.status == 404 and not is_first:
            return None
        if answer.status != 200:
            raise _refused(answer.status)
        try:
            return read_page(self._source, self._poll, answer.body, self._now())
        except Unreadable as error:
            raise PollError("unreadable", str(error)) from None

    async def _get(self, query: Mapping[str, str], header: str) -> Answer:
        while (room_s := self._pace.room_s(self._clock())) > 0:
            await unless_closing(self._partition, asyncio.sleep(room_s))
        self._pace.take(self._clock())
        return await unless_closing(self._partition, self._told(self._client.get(query, header)))

    async def _token(self, doing: Coroutine[Any, Any, T]) -> T:
        told = self._told(doing)
        return await (unless_closing(self._partition, told) if self._credentials.can_be_dropped else told)

    def _told(self, doing: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        return told(doing, self._poll.timeout_s, lambda: self._credentials.secrets)


def _refused(status: int) -> PollError:
    if status == 401:
        return PollError("unauthorised", "HTTP 401: the API does not take the token, see poll.auth")
    return PollError("status", f"HTTP {status}: see poll.base_url and poll.path")
