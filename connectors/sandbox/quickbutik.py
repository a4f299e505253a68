"""A stand-in for Quickbutik's API, as far as Orderlog uses it: `GET` and `PUT /v1/orders`; `/_sandbox/quickbutik/…`.

As the vendor's: Basic auth with the key as user and as password, a list as the answer, an empty one for an order that
it does not know, and a ping to the shop's webhook URL for every change of status, also for those that came by `PUT`.
"""

import asyncio
import hmac
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik_updates import Updates

PATH, ADMIN = "/v1/orders", "/_sandbox/quickbutik"
ORDERS_MAX = 100_000
LIMIT_DEFAULT, LIMIT_MAX = 1000, 1000
PING_TIMEOUT_S = 10.0
PINGS_MAX = 1000
REMEMBERED_MAX = 100_000


class QuickbutikApi:
    """`webhook_url`: where the shop pings; None: nowhere. `pings`: the last words and orders that it has pinged."""

    def __init__(
        self,
        key: str,
        faults: Faults,
        webhook_url: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.door, self.webhook_url = Door(faults, now), webhook_url
        self.orders: dict[str, dict[str, Any]] = {}
        self.pings: deque[tuple[str, str]] = deque(maxlen=REMEMBERED_MAX)
        self._expected = b64encode(f"{key}:{key}".encode())
        self._session: aiohttp.ClientSession | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.updates = Updates(self.orders)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.get_orders)
        app.router.add_put(PATH, self.put_orders)
        app.router.add_put(f"{ADMIN}/orders", answers.loopback(self.set_orders))
        app.router.add_put(f"{ADMIN}/webhook", answers.loopback(self.set_webhook))
        app.router.add_get(f"{ADMIN}/updates", answers.loopback(self.get_updates))
        self.door.add_admin(app, ADMIN, self._stats)
        app.on_cleanup.append(self._close)

    async def get_orders(self, request: web.Request) -> web.StreamResponse:
        """The order with the `order_id` of the query, or all of them, newest first."""
        asked = request.query.get("order_id")

        def done(body: bytes) -> web.Response:
            if asked is not None:
                return answers.json(200, [self.orders[asked]] if asked in self.orders else [])
            limit = request.query.get("limit", str(LIMIT_DEFAULT))
            if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= LIMIT_MAX:
                return answers.problem(400, "limit")
            return answers.json(200, list(reversed(self.orders.values()))[: int(limit)])

        return await self._admit(request, asked, done)

    async def put_orders(self, request: web.Request) -> web.StreamResponse:
        """A list of `{"order_id", "status", "shipping_info"?, …}`, each judged by itself: see `Updates`."""

        def done(body: bytes) -> web.Response:
            try:
                updates = orjson.loads(body)
            except orjson.JSONDecodeError:
                return answers.problem(400, "not-json")
            if not isinstance(updates, list) or not all(isinstance(update, dict) for update in updates):
                return answers.problem(400, "not-a-list-of-updates")
            return answers.json(200, {"results": [self._update(update) for update in updates]})

        return await self._admit(request, None, done)

    async def set_orders(self, request: web.Request) -> web.StreamResponse:
        """Puts orders in: a list of documents, each taking the place of the one with its `order_id`."""
        try:
            given = orjson.loads(await request.read())
            orders = {str(order["order_id"]): dict(order) for order in given}
        except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
            return answers.problem(422, "not-a-list-of-orders")
        if len(self.orders | orders) > ORDERS_MAX:
            return answers.problem(507, "full")
        self.orders.update(orders)
        return answers.json(200, {"orders": len(self.orders)})

    async def set_webhook(self, request: web.Request) -> web.StreamResponse:
        """`{"url": …}`: where the shop pings from now on; null: nowhere."""
        try:
            url = orjson.loads(await request.read())["url"]
        except (orjson.JSONDecodeError, TypeError, KeyError):
            return answers.problem(422, "no-url")
        if url is not None and not isinstance(url, str):
            return answers.problem(422, "no-url")
        self.webhook_url = url
        return answers.json(200, {})

    async def get_updates(self, request: web.Request) -> web.StreamResponse:
        """Every update that was taken, oldest first, as NDJSON."""
        return await answers.ndjson(request, [update.to_json() for update in list(self.updates.taken)])

    async def _admit(
        self, request: web.Request, asked: str | None, done: Callable[[bytes], web.Response]
    ) -> web.StreamResponse:
        noted = {"method": request.method, "query": dict(request.query)}
        return await self.door.admit(
            request, f"{request.method} {asked or ''}", noted, lambda: self._refused(request), done
        )

    def _refused(self, request: web.Request) -> web.Response | None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.encode("utf-8", "replace"), self._expected):
            return answers.problem(401, "unauthorised", {"WWW-Authenticate": "Basic"})
        return None

    def _update(self, asked: Mapping[str, Any]) -> dict[str, object]:
        item, word = self.updates.apply(asked, self.door.now())
        if word is not None:
            self.ping(word, str(item["order_id"]))
        return item

    def ping(self, word: str, order_id: str) -> None:
        """Tells the webhook URL, once and without waiting for it. Call it on the server's event loop."""
        if self.webhook_url is None or len(self._sending) >= PINGS_MAX:
            return
        self.pings.append((word, order_id))
        task = asyncio.create_task(self._send(self.webhook_url, {"event_type": word, "order_id": order_id}))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, url: str, query: Mapping[str, str]) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PING_TIMEOUT_S))
        try:
            async with self._session.get(url, params=query, allow_redirects=False) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return  # the shop does not know either

    def _stats(self) -> Mapping[str, object]:
        return {"orders": len(self.orders), "pings": len(self.pings), **self.updates.counts}

    async def _close(self, app: web.Application) -> None:
        for task in self._sending:
            task.cancel()
        if self._session is not None:
            await self._session.close()
