"""What the platforms' stand-in APIs are made to hold: an order as its shop shows it, an order that is listed."""

import asyncio
import time

import aiohttp

from streams.demo.webhook import APICBASE, Put

TIMEOUT_S = 5.0
GIVE_UP_AFTER_S = 30.0
RETRY_S = 0.2


class ApiFailed(Exception):
    """A stand-in API did not take an order: a run cannot go on without it."""


class Apis:
    """`url`: of the sandbox."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def put(self, session: aiohttp.ClientSession, put: Put) -> None:
        """Returns when the API shows it. Raises `ApiFailed`."""
        deadline = time.monotonic() + GIVE_UP_AFTER_S
        while (problem := await self._try(session, put)) is not None:
            if time.monotonic() > deadline:
                raise ApiFailed(f"the stand-in of {put.source}'s API did not take the order {put.order_id}: {problem}")
            await asyncio.sleep(RETRY_S)

    async def _try(self, session: aiohttp.ClientSession, put: Put) -> str | None:
        """None where it went well."""
        # Quickbutik's takes a list, as its own API gives one.
        method, body = ("POST", put.document) if put.source == APICBASE else ("PUT", b"[" + put.document + b"]")
        url = f"{self._url}/_sandbox/{put.source}/orders"
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with session.request(method, url, data=body, timeout=timeout) as answer:
                return None if answer.ok else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
