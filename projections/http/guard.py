"""Around every handler: access first, then the work; whatever goes wrong becomes one of our own answers."""

import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from projections.http import metrics
from projections.http.access import Access
from projections.http.problems import Refusal
from streams.admin.errors import Refused, Unreachable
from streams.settings.errors import SettingsError

logger = structlog.get_logger("orderlog.projections")

# They say nothing but whether the role works: load balancers and containers ask them.
OPEN = frozenset({"/health", "/ready"})
NO_ROUTE = "-"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HEADERS = {"Server": "orderlog", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def guard(access: Access) -> Middleware:
    """The middleware of every route, those that do not exist included: who has no token learns of no path."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = request.match_info.route.resource.canonical if request.match_info.route.resource else NO_ROUTE
        started_s = time.monotonic()
        response = await _answer(access, request, handler)
        method = request.method if request.method in METHODS else NO_ROUTE
        metrics.REQUESTS.labels(route, method, str(response.status)).inc()
        metrics.SECONDS.labels(route).observe(time.monotonic() - started_s)
        response.headers.update(HEADERS)
        return response

    return guarded


async def _answer(access: Access, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if request.path not in OPEN:
            access.caller(request.headers)
        return await handler(request)
    except Exception as error:
        refusal = _refusal(error)
        if refusal.status >= 500:
            logger.warning("refused", reason=refusal.reason, error=type(error).__name__)
        response = web.Response(body=refusal.body, status=refusal.status, headers=refusal.headers)
        if not request.content.at_eof():  # the rest of the body was not read
            response.force_close()
        return response


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case Unreachable():
            return Refusal("broker-unavailable", str(error))
        case Refused():
            return Refusal("refused", str(error))
        case SettingsError():
            return Refusal("target-unknown", str(error))
        case web.HTTPMethodNotAllowed():
            return Refusal("method-not-allowed", allow=", ".join(sorted(error.allowed_methods)))
        case web.HTTPRequestEntityTooLarge():
            return Refusal("body-too-large")
        case web.HTTPNotFound():
            return Refusal("not-found")
        case _:
            logger.error("internal error", error=type(error).__name__, exc_info=error)
            return Refusal("internal-error")
