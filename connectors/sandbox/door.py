"""The way into one stand-in API: faults on demand, and the memory of who came. Each API has a door of its own."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson
from aiohttp import web
from pydantic import ValidationError

from connectors.sandbox import answers
from connectors.sandbox.faults import Fault, Faults, draw

IN_FLIGHT_MAX = 1000
# Remembered: how often each key came, and the last requests.
KEYS_MAX = 1_000_000
REQUESTS_MAX = 100_000


class Door:
    """`requests`: the last ones that ended, as JSON, `at` being the arrival."""

    def __init__(self, faults: Faults, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.faults, self.now = faults, now
        self.requests: deque[bytes] = deque(maxlen=REQUESTS_MAX)
        self.in_flight_seen = 0
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._in_flight = 0

    async def admit(
        self,
        request: web.Request,
        key: str,
        noted: Mapping[str, object],
        refused: Callable[[], web.Response | None],
        done: Callable[[bytes], web.Response],
    ) -> web.StreamResponse:
        """One request, from the door to the answer.

        `key` decides with the number of its attempt which fault it meets; `noted` is remembered of it. `refused` is
        asked before the body is read, `done` has the effect and gives the answer.
        """
        self._counts["requests"] += 1
        self._in_flight += 1
        self.in_flight_seen = max(self.in_flight_seen, self._in_flight)
        at = self.now()
        try:
            response = self._overloaded() or refused() or await self._held_then_done(request, key, done)
        finally:
            self._in_flight -= 1
        self.requests.append(orjson.dumps({"at": at, **noted, "status": response.status}))
        return response

    def add_admin(self, app: web.Application, prefix: str, stats: Callable[[], Mapping[str, object]]) -> None:
        """`<prefix>/requests`, `/stats`, `/faults`, for whoever watches it (loopback only)."""

        async def get_stats(request: web.Request) -> web.StreamResponse:
            return answers.json(200, {**self._stats(), **stats()})

        app.router.add_get(f"{prefix}/requests", answers.loopback(self._get_requests))
        app.router.add_get(f"{prefix}/stats", answers.loopback(get_stats))
        app.router.add_put(f"{prefix}/faults", answers.loopback(self._put_faults))

    def _overloaded(self) -> web.Response | None:
        return answers.problem(503, "overloaded", {"Retry-After": "1"}) if self._in_flight > IN_FLIGHT_MAX else None

    async def _held_then_done(
        self, request: web.Request, key: str, done: Callable[[bytes], web.Response]
    ) -> web.StreamResponse:
        body = await request.read()
        fault = draw(self.faults, key, self._attempt_of(key))
        if fault is not None:
            self._counts[fault] += 1
        await asyncio.sleep(self.faults.latency_ms / 1000)
        if fault is Fault.ERROR:
            return answers.problem(500, "injected")
        if fault is Fault.RATE_LIMIT:
            return answers.problem(429, "injected", {"Retry-After": str(self.faults.retry_after_s)})
        if fault is Fault.HANG:
            await asyncio.sleep(self.faults.hang_s)
        response = done(body)
        if fault is Fault.RESET_AFTER and request.transport is not None:
            request.transport.abort()
        return response

    def _attempt_of(self, key: str) -> int:
        self._attempts[key] = self._attempts.pop(key, 0) + 1
        if len(self._attempts) > KEYS_MAX:
            self._attempts.popitem(last=False)
        return self._attempts[key]

    def _stats(self) -> dict[str, object]:
        """Counts since the start."""
        return {
            "requests": self._counts["requests"],
            "in_flight": self._in_flight,
            "in_flight_seen": self.in_flight_seen,
            "faults": {fault.value: self._counts[fault] for fault in Fault},
        }

    async def _get_requests(self, request: web.Request) -> web.StreamResponse:
        """The last requests that were answered or cut, as NDJSON: `at` is the arrival."""
        return await answers.ndjson(request, list(self.requests))

    async def _put_faults(self, request: web.Request) -> web.StreamResponse:
        """Takes the place of all faults; a fault that is not named is off."""
        try:
            self.faults = Faults.model_validate_json(await request.read())
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            return answers.json(422, {"reason": "invalid-faults", "fields": problems})
        return answers.json(200, self.faults.model_dump())
