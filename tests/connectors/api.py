"""A sandbox on loopback in this process, and what it saw."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application

TOKEN = "sandbox-token"


@asynccontextmanager
async def serving(app: web.Application, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Real HTTP on a free port, or HTTPS; gives the base URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def sandbox(**faults: Any) -> AsyncIterator[tuple[ExternalApi, str]]:
    """A sandbox with these faults, and its base URL."""
    stand_in = ExternalApi(TOKEN, Faults(**faults))
    async with serving(application([stand_in])) as url:
        yield stand_in, url


def lines(body: bytes) -> list[dict[str, Any]]:
    """NDJSON as a list."""
    return [orjson.loads(line) for line in body.splitlines()]
