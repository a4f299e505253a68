"""Which path is answered by what: webhooks, tokens for their senders, and what operators ask of the process."""

import asyncio

import orjson
from aiohttp import web

from ingest import metrics
from ingest.answers import JSON, SERVER, Answer, refused
from ingest.availability import Availability
from ingest.oauth.endpoint import PATH as TOKEN_PATH
from ingest.oauth.endpoint import TokenEndpoint
from ingest.problems import Refusal
from ingest.webhook import Webhooks

PREFIX = "/webhooks/"


class Routes:
    """One plain function of a request: a router would cost more than it says."""

    def __init__(self, webhooks: Webhooks, tokens: TokenEndpoint, availability: Availability) -> None:
        self._webhooks, self._tokens, self._availability = webhooks, tokens, availability

    async def __call__(self, request: web.BaseRequest) -> Answer:
        path, _, query = _target(request).partition("?")
        if path.startswith(PREFIX):
            return await self._webhooks(request, path.removeprefix(PREFIX).removesuffix("/"), query)
        response = await (self._tokens(request) if path == TOKEN_PATH else self._ask(request.method, path))
        if self._webhooks.closing:
            response.force_close()
        return response

    async def _ask(self, method: str, path: str) -> web.Response:
        if path not in ("/health", "/ready", "/metrics"):
            return refused(Refusal("not-found"))
        if method not in ("GET", "HEAD"):
            return refused(Refusal("method-not-allowed", allow="GET, HEAD"))
        if path == "/health":
            return _json({"status": "alive"})
        if path == "/ready":
            return self._ready()
        body, content_type = await asyncio.to_thread(metrics.exposition)
        return web.Response(body=body, headers={"Content-Type": content_type, "Server": SERVER})

    def _ready(self) -> web.Response:
        if self._webhooks.closing:
            return refused(Refusal("shutting-down"))
        if not self._availability.is_up:
            return refused(Refusal("broker-unavailable"))
        if self._availability.missing:
            return refused(Refusal("topic-missing"))
        return _json({"status": "ready"})


def _json(value: dict[str, str]) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type=JSON, headers={"Server": SERVER})


def _target(request: web.BaseRequest) -> str:
    """Path and query as they came; of the absolute form that proxies send, the same part."""
    raw = request.path_qs if not request.raw_path.startswith("/") else request.raw_path
    return raw.partition("#")[0]
