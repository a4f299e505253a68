"""The role's server in this process, and its callers: real HTTP over loopback."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import orjson

from projections.http.server import Server
from streams.settings import Settings
from streams.settings.model import Projections

TOKEN, ADA_TOKEN = "everybodys-token", "the-token-of-ada"
ENVIRON = {"READER_TOKEN": TOKEN, "ADA_TOKEN": ADA_TOKEN}
GUARDED = Projections(token="env:READER_TOKEN", operators={"ada": "env:ADA_TOKEN"})


@dataclass(frozen=True)
class Caller:
    """Asks with a token of its own."""

    session: aiohttp.ClientSession
    url: str
    token: str | None = ADA_TOKEN

    def having(self, token: str | None) -> "Caller":
        """Another, with that token."""
        return replace(self, token=token)

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        return await self.ask("POST", path, json=body)

    async def ask(self, method: str, path: str, **given: Any) -> tuple[int, Any]:
        """Status and parsed body."""
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **given.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **given) as answer:
            body = await answer.read()
            return answer.status, orjson.loads(body) if "json" in answer.content_type else body


@asynccontextmanager
async def serving(settings: Settings, projections: Projections = GUARDED) -> AsyncIterator[Caller]:
    """A caller with Ada's token, of a server that is asked on a free port."""
    settings = settings.model_copy(update={"projections": projections})
    server, bound = Server(settings, {**os.environ, **ENVIRON}), socket.create_server(("127.0.0.1", 0))
    await server.start(bound)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield Caller(session, f"http://127.0.0.1:{bound.getsockname()[1]}")
    finally:
        await server.stop()
