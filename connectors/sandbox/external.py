"""The stand-in external system: `POST /api/orders`, strict; `/_sandbox/effects`, `requests`, `stats`, `faults`."""

import hmac
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults
from connectors.sandbox.ledger import KeyReused, Ledger, LedgerFull
from connectors.sandbox.order import InvalidOrder, order_id_of

KEY_CHARS_MAX = 255
ADMIN = "/_sandbox"


class ExternalApi:
    """Demands `token` as Bearer and an `Idempotency-Key`, of which it never forgets one."""

    def __init__(self, token: str, faults: Faults, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.door, self.ledger = Door(faults, now), Ledger()
        self._token = token.encode()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/orders", self.post_order)
        app.router.add_get(f"{ADMIN}/effects", answers.loopback(self.get_effects))
        self.door.add_admin(app, ADMIN, self._stats)

    @property
    def faults(self) -> Faults:
        return self.door.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.door.faults = faults

    @property
    def requests(self) -> deque[bytes]:
        return self.door.requests

    @property
    def in_flight_seen(self) -> int:
        return self.door.in_flight_seen

    async def post_order(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key", "")
        return await self.door.admit(
            request,
            key,
            {"idempotency_key": key},
            lambda: self._refused(request, key),
            lambda body: self._done(key, body),
        )

    async def get_effects(self, request: web.Request) -> web.StreamResponse:
        """Every effect in order, as NDJSON."""
        return await answers.ndjson(request, [effect.to_json() for effect in list(self.ledger.effects)])

    def _refused(self, request: web.Request, key: str) -> web.Response | None:
        """What a strict API refuses before it looks at the body."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return answers.problem(401, "unauthorised", {"WWW-Authenticate": "Bearer"})
        if request.content_type != "application/json":
            return answers.problem(415, "not-json")
        if not 0 < len(key) <= KEY_CHARS_MAX:
            return answers.problem(400, "idempotency-key-missing")
        return None

    def _done(self, key: str, body: bytes) -> web.Response:
        try:
            effect = self.ledger.apply(key, order_id_of(body), body, self.door.now())
        except InvalidOrder as error:
            return answers.json(422, {"reason": "invalid-order", "fields": error.fields})
        except KeyReused:
            return answers.problem(422, "idempotency-key-reused")
        except LedgerFull:
            return answers.problem(507, "full")
        return web.Response(status=effect.status, body=effect.answer(), content_type="application/json")

    def _stats(self) -> Mapping[str, object]:
        return {"effects": len(self.ledger.effects), "repeats": self.ledger.repeats}
