"""OAuth2, authorization-code grant (RFC 6749, 4.1 and 6): a person agreed once, from then on tokens are refreshed.

A refresh token may be good for one use only, and a new one comes with each access token. So what came is kept, sealed,
in the position's record before it is used, and nothing is refreshed without need: the access token is kept as well.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import aiohttp
import orjson

from connectors.auth import TOKEN_BYTES_MAX, TOKEN_DEFAULT_S, TOKEN_MARGIN_S, AuthError
from connectors.bounded import read_at_most
from connectors.pollers.position import TokenChain
from connectors.pollers.seal import Seal, Tokens
from connectors.schedule import retry_after_s
from streams.settings.auth import PollOAuth2Refresh
from streams.settings.secrets import resolve

EXPIRES_S_MAX = 366 * 24 * 60 * 60.0
CHARS_MAX = 8 * 1024
MEND = "have a person authorise the application again, and put the new refresh token where poll.auth names it"


class RefusedToken(AuthError):
    """The endpoint does not take the refresh token: only a person can help."""


class RefreshChain:
    """The tokens of one source. Not for concurrent use: a poller does one thing after the other."""

    def __init__(
        self,
        settings: PollOAuth2Refresh,
        environ: Mapping[str, str],
        kept: TokenChain | None,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._environ, self._now = settings, environ, now
        self._kept = kept
        self._tokens: Tokens | None = None
        self._read()

    @property
    def secrets(self) -> frozenset[str]:
        """Every value that must not be shown."""
        tokens = (self._tokens.access, self._tokens.refresh) if self._tokens else ()
        return frozenset((self._secret, self._configured, *tokens))

    def access(self) -> str | None:
        """The access token; None where there is none that lasts, and `refresh` is wanted."""
        if self._tokens and self._now() < self._tokens.until:
            return self._tokens.access
        return None

    def forget(self, refused: str) -> None:
        """The access token `refused` was not taken, whatever its time."""
        if self._tokens and self._tokens.access == refused:
            self._tokens = Tokens(refused, self._now(), self._tokens.refresh)

    async def refresh(self, session: aiohttp.ClientSession) -> TokenChain:
        """New tokens, to be kept before they are used. Raises `AuthError`, `aiohttp.ClientError`, `TimeoutError`.

        Where the chain's token is refused the configured one is tried, which a person may have renewed.
        """
        self._read()
        tried = self._tokens.refresh if self._tokens else self._configured
        try:
            tokens = await self._grant(session, tried)
        except RefusedToken:
            if tried == self._configured:
                raise
            tokens = await self._grant(session, self._configured)
        self._tokens = tokens
        self._kept = TokenChain(began_with=self._seal.mark(self._configured), sealed=self._seal.close(tokens))
        return self._kept

    def _read(self) -> None:
        """Secrets may have been changed since: another configured refresh token begins a new chain."""
        self._secret = resolve(self._settings.client_secret, self._environ).decode()
        self._configured = resolve(self._settings.refresh_token, self._environ).decode()
        self._seal = Seal(self._secret.encode())
        if self._kept is None or self._kept.began_with != self._seal.mark(self._configured):
            self._tokens = None
        elif self._tokens is None:
            self._tokens = self._seal.open(self._kept.sealed)

    async def _grant(self, session: aiohttp.ClientSession, refresh: str) -> Tokens:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh,
            "client_id": self._settings.client_id,
            "client_secret": self._secret,
        }
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with session.post(
            self._settings.token_url, data=form, headers=headers, allow_redirects=False
        ) as response:
            body = await read_at_most(response, TOKEN_BYTES_MAX)
            if response.status in (400, 401, 403):
                raise RefusedToken(f"the token endpoint answered {response.status}{_error(body)}: {MEND}")
            if response.status != 200:
                given = {name.lower(): value for name, value in response.headers.items()}
                asked_s = retry_after_s(given, self._now())
                raise AuthError(f"the token endpoint answered {response.status}", asked_s)
        return self._tokens_of(body, refresh)

    def _tokens_of(self, body: bytes, refresh: str) -> Tokens:
        try:
            answer = orjson.loads(body)
            access, following = answer["access_token"], answer.get("refresh_token") or refresh
            expires_s = float(answer.get("expires_in", TOKEN_DEFAULT_S))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AuthError("the token endpoint's answer has no access_token") from None
        if not (_is_token(access) and _is_token(following) and expires_s > 0):
            raise AuthError("the token endpoint's answer has no access_token that can be used")
        lasts_s = min(max(expires_s - TOKEN_MARGIN_S, expires_s / 2), EXPIRES_S_MAX)
        return Tokens(access, self._now() + timedelta(seconds=lasts_s), following)


def _is_token(value: object) -> bool:
    """Fit for a header (RFC 6750, 2.1)."""
    return isinstance(value, str) and 0 < len(value) <= CHARS_MAX and value.isascii() and value.isprintable()


def _error(body: bytes) -> str:
    """The standard's own word for what is wrong (RFC 6749, 5.2), and nothing else of the answer."""
    try:
        word = orjson.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    known = ("invalid_grant", "invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type")
    return f" ({word})" if word in known else ""
