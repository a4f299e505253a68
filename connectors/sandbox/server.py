"""The sandbox over HTTP: `POST /api/orders`, strict, and `/_sandbox/…` for whoever watches it (loopback only)."""

import asyncio
import hmac
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_address

import orjson
from aiohttp import web
from pydantic import ValidationError

from connectors.sandbox.faults import Fault, Faults, draw
from connectors.sandbox.ledger import KeyReused, Ledger, LedgerFull
from connectors.sandbox.order import InvalidOrder, order_id_of

BODY_BYTES_MAX = 1024 * 1024
IN_FLIGHT_MAX = 1000
# Remembered: how often each key came, and the last requests.
KEYS_MAX = 1_000_000
REQUESTS_MAX = 100_000
KEY_CHARS_MAX = 255


class Sandbox:
    """State of one stand-in API. `requests`: the last ones that ended, as JSON, `at` being the arrival."""

    def __init__(self, token: str, faults: Faults, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.faults, self.ledger = faults, Ledger()
        self._token, self._now = token.encode(), now
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self.requests: deque[bytes] = deque(maxlen=REQUESTS_MAX)
        self._in_flight = 0
        self.in_flight_seen = 0

    def app(self) -> web.Application:
        """The aiohttp application, not started."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post("/api/orders", self.post_order)
        app.router.add_get("/_sandbox/effects", _loopback(self.get_effects))
        app.router.add_get("/_sandbox/requests", _loopback(self.get_requests))
        app.router.add_get("/_sandbox/stats", _loopback(self.get_stats))
        app.router.add_put("/_sandbox/faults", _loopback(self.put_faults))
        return app

    async def post_order(self, request: web.Request) -> web.StreamResponse:
        """One request, from the door to the answer."""
        self._counts["requests"] += 1
        self._in_flight += 1
        self.in_flight_seen = max(self.in_flight_seen, self._in_flight)
        at, key = self._now(), request.headers.get("Idempotency-Key", "")
        try:
            response = self._refused(request, key) or await self._held_then_done(request, key)
        finally:
            self._in_flight -= 1
        self.requests.append(orjson.dumps({"at": at, "idempotency_key": key, "status": response.status}))
        return response

    def _refused(self, request: web.Request, key: str) -> web.Response | None:
        """What a strict API refuses before it looks at the body."""
        if self._in_flight > IN_FLIGHT_MAX:
            return _problem(503, "overloaded", {"Retry-After": "1"})
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return _problem(401, "unauthorised", {"WWW-Authenticate": "Bearer"})
        if request.content_type != "application/json":
            return _problem(415, "not-json")
        if not 0 < len(key) <= KEY_CHARS_MAX:
            return _problem(400, "idempotency-key-missing")
        return None

    async def _held_then_done(self, request: web.Request, key: str) -> web.StreamResponse:
        body = await request.read()
        fault = draw(self.faults, key, self._attempt_of(key))
        if fault is not None:
            self._counts[fault] += 1
        await asyncio.sleep(self.faults.latency_ms / 1000)
        if fault is Fault.ERROR:
            return _problem(500, "injected")
        if fault is Fault.RATE_LIMIT:
            return _problem(429, "injected", {"Retry-After": str(self.faults.retry_after_s)})
        if fault is Fault.HANG:
            await asyncio.sleep(self.faults.hang_s)
        response = self._done(key, body)
        if fault is Fault.RESET_AFTER and request.transport is not None:
            request.transport.abort()
        return response

    def _done(self, key: str, body: bytes) -> web.Response:
        try:
            effect = self.ledger.apply(key, order_id_of(body), body, self._now())
        except InvalidOrder as error:
            return _json(422, {"reason": "invalid-order", "fields": error.fields})
        except KeyReused:
            return _problem(422, "idempotency-key-reused")
        except LedgerFull:
            return _problem(507, "full")
        return web.Response(status=effect.status, body=effect.answer(), content_type="application/json")

    def _attempt_of(self, key: str) -> int:
        self._attempts[key] = self._attempts.pop(key, 0) + 1
        if len(self._attempts) > KEYS_MAX:
            self._attempts.popitem(last=False)
        return self._attempts[key]

    async def get_effects(self, request: web.Request) -> web.StreamResponse:
        """Every effect in order, as NDJSON."""
        return await _ndjson(request, [effect.to_json() for effect in list(self.ledger.effects)])

    async def get_requests(self, request: web.Request) -> web.StreamResponse:
        """The last requests that were answered or cut, as NDJSON: `at` is the arrival."""
        return await _ndjson(request, list(self.requests))

    async def get_stats(self, request: web.Request) -> web.StreamResponse:
        """Counts since the start."""
        stats = {
            "requests": self._counts["requests"],
            "effects": len(self.ledger.effects),
            "repeats": self.ledger.repeats,
            "in_flight": self._in_flight,
            "in_flight_seen": self.in_flight_seen,
            "faults": {fault.value: self._counts[fault] for fault in Fault},
        }
        return _json(200, stats)

    async def put_faults(self, request: web.Request) -> web.StreamResponse:
        """Takes the place of all faults; a fault that is not named is off."""
        try:
            self.faults = Faults.model_validate_json(await request.read())
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            return _json(422, {"reason": "invalid-faults", "fields": problems})
        return _json(200, self.faults.model_dump())


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _loopback(handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        if request.remote is None or not ip_address(request.remote).is_loopback:
            return _problem(403, "loopback-only")
        return await handler(request)

    return checked


async def _ndjson(request: web.Request, lines: list[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for at in range(0, len(lines), 1000):
        await response.write(b"\n".join(lines[at : at + 1000]) + b"\n")
    await response.write_eof()
    return response


def _json(status: int, value: object, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json", headers=headers)


def _problem(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    return _json(status, {"reason": reason}, headers)
