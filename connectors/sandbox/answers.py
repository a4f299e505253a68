"""What every stand-in API answers with: JSON, NDJSON, a problem; and who may see its inside."""

from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

import orjson
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def json(status: int, value: object, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json", headers=headers)


def problem(status: int, reason: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return json(status, {"reason": reason}, headers)


async def ndjson(request: web.Request, lines: list[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for at in range(0, len(lines), 1000):
        await response.write(b"\n".join(lines[at : at + 1000]) + b"\n")
    await response.write_eof()
    return response


def loopback(handler: Handler) -> Handler:
    """Only whoever is on this machine is let in."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if request.remote is None or not ip_address(request.remote).is_loopback:
            return problem(403, "loopback-only")
        return await handler(request)

    return checked
