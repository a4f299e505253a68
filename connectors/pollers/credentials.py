"""What a poller shows the API: a header from refreshed tokens, client credentials, or a fixed token."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

import aiohttp

from connectors.auth import Auth, AuthError, auth_of
from connectors.pollers.oauth import RefreshChain
from connectors.pollers.position import TokenChain
from streams.settings.auth import PollOAuth2Refresh
from streams.settings.poll import Poll

# A refresh is seen to its end, also where the worker is being stopped: its answer cannot be had twice.
REFRESH_TIMEOUT_S_MAX = 8.0

Keep = Callable[[TokenChain | None], Awaitable[None]]


class Credentials(Protocol):
    """`keep` commits the position: with new tokens, or (None) only to see that this poller is still the one.

    `can_be_dropped`: nothing is lost where the worker stops while one of these waits for its answer.
    """

    @property
    def can_be_dropped(self) -> bool: ...

    @property
    def secrets(self) -> frozenset[str]: ...

    async def header(self, session: aiohttp.ClientSession, keep: Keep) -> str:
        """The `Authorization` header. Raises `AuthError`, `SettingsError`, `aiohttp.ClientError`, `TimeoutError`."""

    async def renewed(self, session: aiohttp.ClientSession, refused: str, keep: Keep) -> str | None:
        """After a 401 for `refused`: another header, None where there is none. Raises as `header`."""


class Refreshed:
    """Tokens of the authorization-code grant."""

    can_be_dropped = False

    def __init__(self, chain: RefreshChain, timeout_s: float) -> None:
        self._chain, self._timeout_s = chain, min(timeout_s, REFRESH_TIMEOUT_S_MAX)

    @property
    def secrets(self) -> frozenset[str]:
        return self._chain.secrets

    async def header(self, session: aiohttp.ClientSession, keep: Keep) -> str:
        if (access := self._chain.access()) is None:
            await keep(None)  # a poller whose place was taken ends here, before it uses up the token of the other
            async with asyncio.timeout(self._timeout_s):
                tokens = await self._chain.refresh(session)
            await keep(tokens)
            access = self._chain.access()
        if access is None:
            raise AuthError("the access token that the endpoint gave has ended already")
        return f"Bearer {access}"

    async def renewed(self, session: aiohttp.ClientSession, refused: str, keep: Keep) -> str | None:
        self._chain.forget(refused.removeprefix("Bearer "))
        return await self.header(session, keep)


class Plain:
    """Whatever a target can show."""

    can_be_dropped = True

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    @property
    def secrets(self) -> frozenset[str]:
        return self._auth.secrets

    async def header(self, session: aiohttp.ClientSession, keep: Keep) -> str:
        return await self._auth.header(session) or ""

    async def renewed(self, session: aiohttp.ClientSession, refused: str, keep: Keep) -> str | None:
        return await self._auth.header(session) if await self._auth.renew(session, refused) else None


def credentials_of(
    poll: Poll, environ: Mapping[str, str], kept: TokenChain | None, now: Callable[[], datetime]
) -> Credentials:
    """Raises `SettingsError` where a secret is not to be found."""
    if isinstance(poll.auth, PollOAuth2Refresh):
        return Refreshed(RefreshChain(poll.auth, environ, kept, now), poll.timeout_s)
    return Plain(auth_of(poll.auth, environ))
