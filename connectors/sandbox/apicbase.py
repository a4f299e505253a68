"""A stand-in for Apicbase's API: tokens of the authorization-code grant, and the list of a supplier's purchase orders.

    POST /oauth/token/                                             authorization_code (once), refresh_token (rotating)
    GET  /api/v2/integrations/suppliers/purchase_orders/           page, status, ordered_on__gt
    …    /_sandbox/apicbase/orders, webhook, requests, stats, faults    for whoever watches it (loopback only)

After the vendor's pages, and strict where they say nothing: a refresh token is good for one use, and the access token
of before ends with it. The newest order comes first, so that pages shift under whoever reads them.
"""

import hmac
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults

TOKEN_PATH = "/oauth/token/"  # noqa: S105 (a path)
LIST_PATH = "/api/v2/integrations/suppliers/purchase_orders/"
ADMIN = "/_sandbox/apicbase"
ORDERS_MAX = 100_000
SIGNATURE_HEADER = "X-APIC-WEBHOOK-SIGNATURE"
WEBHOOK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """What an application is registered with. The vendor's tokens last a week; it lets 100 requests a minute pass."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 (of a stand-in)
    code: str = "sandbox-code"
    refresh_token: str = "sandbox-refresh-token"  # noqa: S105 (of a stand-in)
    token_ttl_s: float = 7 * 24 * 60 * 60
    page_size: int = 100
    requests_max: int = 100
    window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """`body` is what is listed and posted, byte for byte."""

    id: str
    status: str
    ordered_on: datetime
    body: bytes


@dataclass(slots=True)
class Grants:
    """The tokens that are good now."""

    code: str | None
    refresh: str
    access: dict[str, datetime] = field(default_factory=dict)
    given: int = 0


class ApicbaseApi:
    """`account`: who may ask. Orders are put in with `put`, or over HTTP."""

    def __init__(
        self, account: Account, faults: Faults, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.account, self.door = account, Door(faults, now)
        self.orders: dict[str, Order] = {}
        self.grants = Grants(account.code, account.refresh_token)
        self._asked: deque[datetime] = deque(maxlen=max(1, account.requests_max))

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(TOKEN_PATH, self.post_token)
        app.router.add_get(LIST_PATH, self.get_orders)
        app.router.add_post(f"{ADMIN}/orders", answers.loopback(self.post_order))
        app.router.add_post(f"{ADMIN}/webhook", answers.loopback(self.post_webhook))
        self.door.add_admin(app, ADMIN, self._stats)

    def put(self, body: bytes) -> Order:
        """Adds an order, or puts it in the place of the one with its id. Raises `ValueError`, `KeyError`."""
        order = read_order(body)
        if order.id not in self.orders and len(self.orders) >= ORDERS_MAX:
            raise ValueError("full")
        self.orders[order.id] = order
        return order

    # OAuth2

    async def post_token(self, request: web.Request) -> web.StreamResponse:
        key = f"token-{self.grants.given}"
        return await self.door.admit(request, key, {"path": TOKEN_PATH}, lambda: None, self._grant)

    def _grant(self, body: bytes) -> web.Response:
        form = dict(_form(body))
        account, grants = self.account, self.grants
        if form.get("client_id") != account.client_id or not _same(form.get("client_secret"), account.client_secret):
            return answers.json(401, {"error": "invalid_client"})
        if form.get("grant_type") == "authorization_code":
            if grants.code is None or not _same(form.get("code"), grants.code):
                return answers.json(400, {"error": "invalid_grant"})
            grants.code = None
        elif form.get("grant_type") == "refresh_token":
            if not _same(form.get("refresh_token"), grants.refresh):
                return answers.json(400, {"error": "invalid_grant"})
        else:
            return answers.json(400, {"error": "unsupported_grant_type"})
        return answers.json(200, self._issue())

    def _issue(self) -> Mapping[str, object]:
        grants, ttl_s = self.grants, self.account.token_ttl_s
        access, grants.refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        grants.access = {access: self.door.now()}
        grants.given += 1
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ttl_s,
            "refresh_token": grants.refresh,
            "scope": "accounts library",
        }

    def expire(self) -> None:
        """Every access token ends now, whatever was promised."""
        self.grants.access = {}

    # The list

    async def get_orders(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        key = f"list-{sorted(query.items())}"
        return await self.door.admit(
            request,
            key,
            {"path": LIST_PATH, "query": query},
            lambda: self._refused(request),
            lambda _: self._page(query),
        )

    def _refused(self, request: web.Request) -> web.Response | None:
        now, account = self.door.now(), self.account
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        issued = self.grants.access.get(token) if scheme == "Bearer" else None
        if issued is None or (now - issued).total_seconds() >= account.token_ttl_s:
            return answers.json(401, {"detail": "Authentication credentials were not provided."})
        if len(self._asked) >= account.requests_max:
            left_s = account.window_s - (now - self._asked[0]).total_seconds()
            if left_s > 0:
                return answers.problem(429, "rate-limited", {"Retry-After": str(int(left_s) + 1)})
        self._asked.append(now)
        return None

    def _page(self, query: Mapping[str, str]) -> web.Response:
        try:
            number = int(query.get("page", "1"))
            since = datetime.fromisoformat(query["ordered_on__gt"]) if "ordered_on__gt" in query else None
        except ValueError:
            return answers.json(400, {"detail": "Invalid filter."})
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        wanted = [
            order
            for order in self.orders.values()
            if query.get("status") in (None, order.status) and (since is None or order.ordered_on > since)
        ]
        wanted.sort(key=lambda order: (order.ordered_on, order.id), reverse=True)
        size = self.account.page_size
        pages = max(1, -(-len(wanted) // size))
        if not 1 <= number <= pages:
            return answers.json(404, {"detail": "Invalid page."})
        bodies = b",".join(order.body for order in wanted[(number - 1) * size : number * size])
        following = f'"{LIST_PATH}?page={number + 1}"'.encode() if number < pages else b"null"
        text = b'{"count":%d,"next":%b,"previous":null,"results":[%b]}' % (len(wanted), following, bodies)
        return web.Response(body=text, content_type="application/json")

    # For whoever watches it

    async def post_order(self, request: web.Request) -> web.StreamResponse:
        """Puts the body in as an order."""
        try:
            order = self.put(await request.read())
        except (ValueError, KeyError, TypeError):
            return answers.problem(422, "not-an-order")
        return answers.json(201, {"id": order.id})

    async def post_webhook(self, request: web.Request) -> web.StreamResponse:
        """`{"id", "url"}`: posts that order, signed, and gives what was answered."""
        try:
            asked = orjson.loads(await request.read())
            order, url = self.orders[asked["id"]], str(asked["url"])
        except (ValueError, KeyError, TypeError):
            return answers.problem(422, "no-such-order")
        status, body = await self.send(order, url)
        return answers.json(200, {"status": status, "body": body.decode("utf-8", "replace")})

    async def send(self, order: Order, url: str) -> tuple[int, bytes]:
        """Posts the order as the vendor does: no retry, whatever is answered."""
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature(order.body, self.account)}
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=order.body, headers=headers) as response,
        ):
            return response.status, await response.read()

    def _stats(self) -> Mapping[str, object]:
        return {"orders": len(self.orders), "tokens": self.grants.given}


def signature(body: bytes, account: Account) -> str:
    """The hex HMAC-SHA256 of the raw body under the client secret (seed 001)."""
    return hmac.new(account.client_secret.encode(), body, "sha256").hexdigest()


def read_order(body: bytes) -> Order:
    """Raises `ValueError`, `KeyError`, `TypeError`."""
    document = orjson.loads(body)
    time = datetime.fromisoformat(document["ordered_on"])
    return Order(str(document["id"]), str(document["status"]), time, body)


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20)


def _same(given: str | None, wanted: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())
