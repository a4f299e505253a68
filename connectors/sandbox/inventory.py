"""The stand-in for an external stock API: `POST /movements`, strict; `/_sandbox/inventory/levels`, `movements`, ….

It demands Bearer, JSON and an `Idempotency-Key` that is the `movement_id`. An id that it knows is answered as the first
time, with another content 409. Products are whatever is moved, or those that `PUT …/products` names; any other is
refused with `unknown_status`. Past `requests_max` in any second it answers 429.
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import orjson
from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.commerceos.window import SlidingWindow
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults

PATH, ADMIN = "/movements", "/_sandbox/inventory"
FIELDS = frozenset({"product", "delta", "movement_id"})
MOVEMENTS_MAX = 1_000_000
TEXT_CHARS_MAX = 1000
DIGITS_MAX = 200
EXACT = Context(prec=2 * DIGITS_MAX)


class Invalid(Exception):
    """What is wrong with a movement, for the answer."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement that was made. `seq` counts from 1."""

    seq: int
    at: datetime
    movement_id: str
    product: str
    delta: Decimal

    def to_json(self) -> bytes:
        said = {"seq": self.seq, "at": self.at, "movement_id": self.movement_id, "product": self.product}
        return orjson.dumps({**said, "delta": orjson.Fragment(format(self.delta, "f"))})


class InventoryApi:
    """`products`: those that there are; None: any. `moved`: every movement by its id, in the order of arrival."""

    def __init__(
        self,
        token: str,
        faults: Faults,
        *,
        requests_max: int = 100,
        unknown_status: int = 404,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.door, self.window = Door(faults, now), SlidingWindow()
        self.products: frozenset[str] | None = None
        self.moved: dict[str, Moved] = {}
        self.levels: dict[str, Decimal] = {}
        self._token, self._clock = token.encode(), clock
        self._requests_max, self._unknown_status = requests_max, unknown_status
        self._repeats = self._conflicts = 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self.post_movement)
        app.router.add_get(f"{ADMIN}/levels", answers.loopback(self.get_levels))
        app.router.add_get(f"{ADMIN}/movements", answers.loopback(self.get_movements))
        app.router.add_put(f"{ADMIN}/products", answers.loopback(self.set_products))
        self.door.add_admin(app, ADMIN, self._stats)

    async def post_movement(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key", "")
        return await self.door.admit(
            request,
            key,
            {"idempotency_key": key},
            lambda: self._refused(request),
            lambda body: self._done(key, body),
        )

    async def get_levels(self, request: web.Request) -> web.StreamResponse:
        """Product → the sum of its movements, as a decimal string."""
        return answers.json(200, {product: format(level, "f") for product, level in self.levels.items()})

    async def get_movements(self, request: web.Request) -> web.StreamResponse:
        """Every movement in order, as NDJSON."""
        return await answers.ndjson(request, [each.to_json() for each in list(self.moved.values())])

    async def set_products(self, request: web.Request) -> web.StreamResponse:
        """A list of the products that there are from now on; null: any."""
        try:
            products = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            return answers.problem(422, "not-json")
        if products is not None and not (
            isinstance(products, list) and all(isinstance(each, str) for each in products)
        ):
            return answers.problem(422, "not-a-list-of-texts")
        self.products = None if products is None else frozenset(products)
        return answers.json(200, {})

    def _refused(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return answers.problem(401, "unauthorised", {"WWW-Authenticate": "Bearer"})
        if self.window.wait_s(self._clock(), self._requests_max, 1.0) > 0:
            return answers.problem(429, "too-many-requests", {"Retry-After": "1"})
        return answers.problem(415, "not-json") if request.content_type != "application/json" else None

    def _done(self, key: str, body: bytes) -> web.Response:
        try:
            movement = _read(body)
        except Invalid as error:
            return answers.json(400, {"reason": "invalid-movement", "field": str(error)})
        id, product, delta = movement["movement_id"], movement["product"], movement["delta"]
        if key != id:
            return answers.problem(400, "idempotency-key-differs")
        if self.products is not None and product not in self.products:
            return answers.problem(self._unknown_status, "unknown-product")
        if (known := self.moved.get(id)) is not None:
            return self._known(known, product, delta)
        if len(self.moved) >= MOVEMENTS_MAX:
            return answers.problem(507, "full")
        made = Moved(len(self.moved) + 1, self.door.now(), id, product, delta)
        self.moved[id] = made
        self.levels[product] = EXACT.add(self.levels.get(product, Decimal(0)), delta)
        return web.Response(status=201, body=made.to_json(), content_type="application/json")

    def _known(self, known: Moved, product: str, delta: Decimal) -> web.Response:
        if (known.product, known.delta) != (product, delta):
            self._conflicts += 1
            return answers.problem(409, "movement-differs")
        self._repeats += 1
        return web.Response(status=200, body=known.to_json(), content_type="application/json")

    def _stats(self) -> Mapping[str, object]:
        counts = {"movements": len(self.moved), "repeats": self._repeats, "conflicts": self._conflicts}
        return {**counts, "products": len(self.levels), "limited": self.window.refused}


def _read(body: bytes) -> dict[str, Any]:
    """Raises `Invalid`, which names the field."""
    try:
        movement = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        raise Invalid("body") from None
    if not isinstance(movement, dict):
        raise Invalid("body")
    if odd := sorted(movement.keys() ^ FIELDS):
        raise Invalid(odd[0])
    for field in ("product", "movement_id"):
        if not isinstance(text := movement[field], str) or not 0 < len(text) <= TEXT_CHARS_MAX:
            raise Invalid(field)
    delta = movement["delta"]
    if not isinstance(delta, Decimal) or not delta or not _is_short(delta):
        raise Invalid("delta")
    return movement


def _is_short(delta: Decimal) -> bool:
    """Written out, too: `1e999999` is short as it comes."""
    _, digits, exponent = delta.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= DIGITS_MAX // 2 and len(digits) <= DIGITS_MAX // 2
