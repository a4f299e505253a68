"""How we show a target who we are: bearer, basic, OAuth2 client credentials, none (DESIGN section 6).

Secrets are looked up at the start and again after a 401: a rotated file or a fresh token needs no restart.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp
import orjson

from connectors.bounded import read_at_most
from streams.settings.auth import TargetAuth, TargetBasic, TargetBearer, TargetOAuth2
from streams.settings.secrets import resolve

TOKEN_BYTES_MAX = 64 * 1024
# A token is renewed this long before it ends, and believed for this long where the server does not say.
TOKEN_MARGIN_S = 30.0
TOKEN_DEFAULT_S = 300.0

Clock = Callable[[], float]


class AuthError(Exception):
    """No credential could be had. The message holds no secret. `retry_after_s`: what the token endpoint asks for."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Auth(Protocol):
    """`secrets`: every value that must not be shown."""

    @property
    def secrets(self) -> frozenset[str]: ...

    async def header(self, session: aiohttp.ClientSession) -> str | None:
        """The `Authorization` header, None for none. Raises `AuthError`, `aiohttp.ClientError`, `TimeoutError`."""

    async def renew(self, session: aiohttp.ClientSession, refused: str | None) -> bool:
        """After a 401 for the header `refused`: True where there is another one now."""


class NoCredential:
    """`none`."""

    secrets: frozenset[str] = frozenset()

    async def header(self, session: aiohttp.ClientSession) -> str | None:
        return None

    async def renew(self, session: aiohttp.ClientSession, refused: str | None) -> bool:
        return False


class Fixed:
    """A header made of secrets of ours: `bearer` and `basic`."""

    def __init__(self, make: Callable[[], tuple[str, frozenset[str]]]) -> None:
        self._make = make
        self._header, self.secrets = make()

    async def header(self, session: aiohttp.ClientSession) -> str | None:
        return self._header

    async def renew(self, session: aiohttp.ClientSession, refused: str | None) -> bool:
        self._header, self.secrets = self._make()
        return self._header != refused


class ClientCredentials:
    """OAuth2 client credentials (RFC 6749, 4.4): the token is cached, and fetched by one at a time."""

    def __init__(self, settings: TargetOAuth2, environ: Mapping[str, str], clock: Clock = time.monotonic) -> None:
        self._settings, self._environ, self._clock = settings, environ, clock
        self._secret = resolve(settings.client_secret, environ).decode()
        self._token: str | None = None
        self._good_until = 0.0
        self._fetching = asyncio.Lock()

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(secret for secret in (self._secret, self._token) if secret)

    async def header(self, session: aiohttp.ClientSession) -> str | None:
        async with self._fetching:
            if self._token is None or self._clock() >= self._good_until:
                await self._fetch(session)
            return f"Bearer {self._token}"

    async def renew(self, session: aiohttp.ClientSession, refused: str | None) -> bool:
        async with self._fetching:
            if refused == f"Bearer {self._token}":  # else another attempt has renewed it meanwhile
                self._token = None
                await self._fetch(session)
            return refused != f"Bearer {self._token}"

    async def _fetch(self, session: aiohttp.ClientSession) -> None:
        self._secret = resolve(self._settings.client_secret, self._environ).decode()
        form = {"grant_type": "client_credentials"}
        if self._settings.scope is not None:
            form["scope"] = self._settings.scope
        headers = {"Authorization": _basic(self._settings.client_id, self._secret), "Accept": "application/json"}
        async with session.post(
            self._settings.token_url, data=form, headers=headers, allow_redirects=False
        ) as response:
            body = await read_at_most(response, TOKEN_BYTES_MAX)
            if response.status != 200:
                raise AuthError(f"the token endpoint answered {response.status}")
        self._token, expires_s = _token_of(body)
        self._good_until = self._clock() + max(expires_s - TOKEN_MARGIN_S, expires_s / 2)


def auth_of(settings: TargetAuth, environ: Mapping[str, str]) -> Auth:
    """Raises `SettingsError` where a secret is not to be found."""
    if isinstance(settings, TargetBearer):
        return Fixed(lambda: _bearer_header(settings, environ))
    if isinstance(settings, TargetBasic):
        return Fixed(lambda: _basic_header(settings, environ))
    if isinstance(settings, TargetOAuth2):
        return ClientCredentials(settings, environ)
    return NoCredential()


def _bearer_header(settings: TargetBearer, environ: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    token = resolve(settings.token, environ).decode()
    return f"Bearer {token}", frozenset({token})


def _basic_header(settings: TargetBasic, environ: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    password = resolve(settings.password, environ).decode()
    header = _basic(password if settings.user is None else settings.user, password)
    return header, frozenset({password, header.removeprefix("Basic ")})


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _token_of(body: bytes) -> tuple[str, float]:
    try:
        answer = orjson.loads(body)
        token, expires_s = answer["access_token"], float(answer.get("expires_in", TOKEN_DEFAULT_S))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AuthError("the token endpoint's answer has no access_token") from None
    if not isinstance(token, str) or not token:
        raise AuthError("the token endpoint's answer has no access_token")
    return token, max(expires_s, 0.0)
