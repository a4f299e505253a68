"""`POST /oauth/token` over HTTP: bounds, the grant, its answer. It keeps nothing, so every process can answer."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from aiohttp import web

from ingest import metrics
from ingest.answers import JSON, SERVER, refused
from ingest.body import read_body
from ingest.oauth.clients import Client
from ingest.oauth.grant import Granted, GrantError, grant
from ingest.oauth.rate import Rate
from ingest.problems import Refusal
from ingest.refusals import Refusals
from ingest.webhook import Clock
from streams.settings.model import Ingest

logger = structlog.get_logger("orderlog.ingest.oauth")

PATH = "/oauth/token"
BODY_BYTES_MAX = 8 * 1024
IN_FLIGHT_MAX = 100
ISSUED = "issued"
CHALLENGE = 'Basic realm="oauth", charset="UTF-8"'


class TokenEndpoint:
    """Answers requests for tokens: errors of the grant as RFC 6749 section 5.2 has them, all others as problem+json."""

    def __init__(self, clients: Mapping[str, Client], settings: Ingest, refusals: Refusals, clock: Clock) -> None:
        self._clients, self._settings, self._refusals, self._clock = clients, settings, refusals, clock
        self._rate = Rate(clock.monotonic_s)
        self._in_flight = 0

    async def __call__(self, http: web.BaseRequest) -> web.Response:
        try:
            granted = await self._bounded(http)
        except GrantError as error:
            self._count(error.source, error.error)
            return _denied(error)
        except Refusal as refusal:
            self._count(None, refusal.problem.reason)
            return refused(refusal)
        except Exception as error:
            logger.exception("token request failed", error=type(error).__name__)
            return refused(Refusal("internal-error", close=True))
        self._count(granted.source, ISSUED)
        return _issued(granted)

    async def _bounded(self, http: web.BaseRequest) -> Granted:
        if not self._clients:
            raise Refusal("not-found")
        if http.method != "POST":
            raise Refusal("method-not-allowed", allow="POST")
        if not self._rate.admits(_peer(http)):
            raise Refusal("rate-limited")
        if self._in_flight >= IN_FLIGHT_MAX:
            raise Refusal("overloaded")
        self._in_flight += 1
        try:
            body = await read_body(http, bytes_max=BODY_BYTES_MAX, timeout_s=self._settings.body_timeout_s)
        finally:
            self._in_flight -= 1
        headers = http.headers
        return grant(
            self._clients,
            headers.get("Content-Type", ""),
            body,
            headers.getall("Authorization", ()),
            self._clock.wall_s(),
        )

    def _count(self, source: str | None, outcome: str) -> None:
        metrics.TOKENS.labels(source or metrics.NO_SOURCE, outcome).inc()
        if outcome == ISSUED:
            logger.info("access token issued", source=source)
        else:
            self._refusals.note(f"oauth-{outcome}", **({"source": source} if source else {}))


def _issued(granted: Granted) -> web.Response:
    answer: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "expires_in": granted.expires_in_s,
    }
    if granted.scope is not None:
        answer["scope"] = granted.scope
    return _json(200, answer, {})


def _denied(error: GrantError) -> web.Response:
    """A 401 names Basic also where the credentials came in the form: HTTP wants a challenge with every 401."""
    challenge = {"WWW-Authenticate": CHALLENGE} if error.status == 401 else {}
    return _json(error.status, {"error": error.error, "error_description": error.description}, challenge)


def _json(status: int, body: Mapping[str, Any], more: Mapping[str, str]) -> web.Response:
    """Never kept by any cache (RFC 6749 section 5.1)."""
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", "Server": SERVER, **more}
    return web.Response(status=status, body=orjson.dumps(body), content_type=JSON, headers=headers)


def _peer(http: web.BaseRequest) -> str:
    address = http.transport.get_extra_info("peername") if http.transport is not None else None
    return str(address[0]) if isinstance(address, tuple) and address else ""
