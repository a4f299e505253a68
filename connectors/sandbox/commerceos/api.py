"""The API itself: who may ask, how often, what fails on demand, and the record of it all."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson
from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.commerceos import read, tokens
from connectors.sandbox.commerceos.admin import ADMIN, Admin
from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.journal import REFUSED, Journal
from connectors.sandbox.commerceos.refusal import Refused
from connectors.sandbox.commerceos.routes import COLLECTIONS, SCOPES, Reply, Routes
from connectors.sandbox.commerceos.store import Store
from connectors.sandbox.commerceos.window import SlidingWindow
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults

TOKEN_PATH = "/oauth2/token"  # noqa: S105 (a path)
NDJSON = "application/x-ndjson"


class CommerceOSApi:
    """`client`: who may ask. `clock_s`: monotonic seconds, for tokens and the rate; `now`: for timestamps."""

    def __init__(
        self,
        client: tokens.Client,
        faults: Faults,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.door, self.tokens = Door(faults, now), tokens.Tokens(client)
        self.store, self.journal, self.window = Store(now), Journal(), SlidingWindow()
        self.routes = Routes(self.store)
        self._clock_s, self._unauthorised = clock_s, 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(TOKEN_PATH, self.post_token)
        for name in COLLECTIONS:
            app.router.add_route("*", f"/v1/{name}{{tail:.*}}", self.handle)
        Admin(self).add_to(app)
        self.door.add_admin(app, ADMIN, self._stats)

    async def post_token(self, request: web.Request) -> web.StreamResponse:
        """The client-credentials grant (RFC 6749 section 4.4), by Basic or in the form."""

        def done(body: bytes) -> web.Response:
            try:
                granted = self.tokens.grant(body, request.headers.get("Authorization", ""), self._clock_s())
            except tokens.GrantError as error:
                return answers.json(error.status, {"error": str(error)})
            return answers.json(200, granted, {"Cache-Control": "no-store"})

        key = f"token-{self.tokens.given}"
        return await self.door.admit(request, key, {"method": "POST", "path": TOKEN_PATH}, lambda: None, done)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any other request. The path is taken as it came on the wire, so that an escaped slash stays in its id."""
        call = Call(request.method, request.raw_path.partition("?")[0], await request.read())
        digest = hashlib.blake2b(call.body, digest_size=8).hexdigest()
        noted = {"method": call.method, "path": call.path, "action": call.action}
        return await self.door.admit(
            request,
            f"{call.method} {call.path} {digest}",
            noted,
            lambda: self._turned_away(request, call),
            lambda _: self._done(call, wants_ndjson=NDJSON in request.headers.get("Accept", "")),
        )

    def renew_window(self) -> None:
        """The rate is measured anew."""
        self.window = SlidingWindow()

    def _turned_away(self, request: web.Request, call: Call) -> web.Response | None:
        """What is refused before anything is looked at: too many requests, no or another's token, no JSON."""
        now, rules = self._clock_s(), self.store.rules
        wait_s = self.window.wait_s(now, rules.requests_max, rules.window_s)
        if wait_s > 0:
            return _problem(429, "RateLimited", {"Retry-After": str(math.ceil(wait_s))})
        scopes = self.tokens.scopes_of(request.headers.get("Authorization", ""), now)
        if scopes is None:
            self._unauthorised += 1
            return _problem(401, "Unauthorised", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        verb = "write" if call.is_change else "read"
        needed = {f"{verb}:{thing}" for thing in SCOPES.get(call.collection, ())}
        if needed and not scopes & needed:
            return _problem(403, "InsufficientScope", {"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
        if call.is_change and request.content_type != "application/json":
            return _problem(415, "UnsupportedMediaType", {})
        return None

    def _done(self, call: Call, *, wants_ndjson: bool) -> web.Response:
        self.store.lapse()
        try:
            if call.is_change:
                self.journal.make_room()
            with read.exact():
                reply = self.routes.reply(call)
        except Refused as error:
            self._note(call, REFUSED, error.status, error)
            return answers.json(error.status, error.document())
        self._note(call, reply.outcome, reply.status)
        return _response(reply, wants_ndjson=wants_ndjson)

    def _note(self, call: Call, outcome: str, status: int, refused: Refused | None = None) -> None:
        if call.is_change and status != 507:
            self.journal.note(self.door.now(), call, outcome, status, refused)

    def _stats(self) -> Mapping[str, object]:
        """`busiest_window`: the most requests that came within any one window of the rate, refused ones among them."""
        return {
            **self.journal.stats(),
            "orders": len(self.store.orders),
            "shipments": len(self.store.shipments),
            "payments": len(self.store.payments),
            "payment_orders": len(self.store.payment_orders),
            "tokens": self.tokens.given,
            "unauthorised": self._unauthorised,
            "rate_refused": self.window.refused,
            "busiest_window": self.window.busiest,
        }


def _response(reply: Reply, *, wants_ndjson: bool) -> web.Response:
    if wants_ndjson and isinstance(reply.value, list):
        lines = b"".join(orjson.dumps(each) + b"\n" for each in reply.value)
        return web.Response(status=reply.status, body=lines, content_type=NDJSON)
    return answers.json(reply.status, reply.value)


def _problem(status: int, code: str, headers: Mapping[str, str]) -> web.Response:
    return answers.json(status, {"error": "turned-away", "code": code}, headers)
