"""When requests really leave: over real connections, to a server that notes when each came."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from connectors.auth import NoCredential
from connectors.exchange import Request
from connectors.http import TargetClient
from connectors.share import NOTHING, Share
from connectors.wire import Wire
from tests.connectors.api import serving
from tests.connectors.egress.names import listening
from tests.connectors.harness import until
from tests.connectors.make import START, target

GET = Request("GET", "/v1/orders/1", {}, b"")


class NotingWire(Wire):
    """`left`: when each request might leave, before which it cannot come. `counted`: those that went out again."""

    def __init__(self, share: Share) -> None:
        super().__init__(share, time.monotonic, self._count)
        self.left: list[float] = []
        self.counted = 0

    def _count(self) -> None:
        self.counted += 1

    async def turn(self) -> None:
        await super().turn()
        self.left.append(time.monotonic())


@asynccontextmanager
async def noting(status: int = 200) -> AsyncIterator[tuple[str, list[float]]]:
    """A server's URL, and when it was asked."""
    came: list[float] = []

    async def handle(request: web.Request) -> web.Response:
        came.append(time.monotonic())
        return web.Response(status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with serving(app) as url:
        yield url, came


async def test_what_begins_at_once_leaves_as_the_share_allows() -> None:
    """A token that took long to fetch must not let out in one burst what the gate had let begin evenly."""
    wire = NotingWire(Share(4, 0.3))
    async with noting() as (url, came):
        client = TargetClient(target(base_url=url), NoCredential(), lambda: START, wire=wire)
        done = await asyncio.gather(*(client.attempt(GET) for _ in range(12)))
        await client.close()
    assert [each.status for each in done] == [200] * 12
    assert came[8] - wire.left[0] > 0.6
    assert came[4] - wire.left[0] > 0.3


async def test_the_second_request_after_a_401_counts_and_waits() -> None:
    """Past the rate it would be the API's 429 for everybody."""
    wire = NotingWire(Share(1, 0.3))
    async with noting(401) as (url, came):
        client = TargetClient(target(base_url=url), _Renewing(), lambda: START, wire=wire)
        attempt = await client.attempt(GET)
        await client.close()
    assert (attempt.status, len(came), wire.counted) == (401, 2, 1)
    assert came[1] - wire.left[0] > 0.3


class _Renewing(NoCredential):
    """Has another header after each 401."""

    def __init__(self) -> None:
        self._renewed = 0

    async def header(self, session: object) -> str | None:
        return f"Bearer token-{self._renewed}"

    async def renew(self, session: object, refused: str | None) -> bool:
        self._renewed += 1
        return True


async def test_without_a_share_nothing_leaves() -> None:
    """A worker whose partitions are gone sends nothing more."""
    wire = Wire(NOTHING, time.monotonic, lambda: None)
    async with listening() as seen:
        made = target(base_url=f"http://127.0.0.1:{seen.port}", timeout_s=0.3)
        client = TargetClient(made, NoCredential(), lambda: START, wire=wire)
        attempts = [await client.attempt(GET) for _ in range(2)]
        await until(lambda: seen.connections == seen.closed == 2, "no connection left open")
        await client.close()
    assert [each.status for each in attempts] == [None, None]
    assert seen.received == b""


async def test_a_request_whose_connection_is_cut_is_not_sent_again_unasked() -> None:
    """By itself aiohttp sends a GET or PUT once more over a new connection: past the rate, and unseen."""
    came: list[bytes] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            came.append(head.partition(b" ")[0])
            if len(came) > 1:
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    client = TargetClient(
        target(base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), NoCredential(), lambda: START
    )
    first, second = await client.attempt(GET), await client.attempt(GET)
    await client.close()
    server.close()
    assert (first.status, second.status, came) == (200, None, [b"GET", b"GET"])
