"""The stand-in for a stock API itself: one that adds up wrongly, or takes anything, would prove nothing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from connectors.sandbox.faults import Faults
from connectors.sandbox.inventory import InventoryApi
from connectors.sandbox.server import application
from connectors.targets import inventory
from tests.connectors.api import TOKEN, lines, serving
from tests.connectors.test_inventory import move


@asynccontextmanager
async def api(**given: Any) -> AsyncIterator[tuple[InventoryApi, str]]:
    made = InventoryApi(TOKEN, Faults(), **given)
    async with serving(application([made])) as url:
        yield made, url


async def post(url: str, body: bytes, id: str = "m-1", token: str = TOKEN, type: str = "application/json") -> Any:
    """Status and reason."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": type, "Idempotency-Key": id}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/movements", data=body) as response,
    ):
        return response.status, orjson.loads(await response.read()).get("reason")


async def send(url: str, delta: str, product: str = "plate", id: str = "m-1") -> Any:
    return await post(url, inventory.request(move(delta, product, id)).body, id)


async def get(url: str, path: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/_sandbox/inventory/{path}") as response,
    ):
        text = await response.read()
        return lines(text) if "x-ndjson" in response.content_type else orjson.loads(text)


async def test_levels_are_the_exact_sums_of_movements_each_counted_once() -> None:
    """This sum is what "levels equal" is measured against."""
    async with api() as (_, url):
        answers = [await send(url, "-0.1", id=f"m-{n}") for n in range(3)]
        answers += [await send(url, "-0.1", id="m-0"), await send(url, "12345678901234567890.5", "bowl", "m-9")]
        levels, stats, moved = await get(url, "levels"), await get(url, "stats"), await get(url, "movements")
    assert [status for status, _ in answers] == [201, 201, 201, 200, 201]
    assert levels == {"plate": "-0.3", "bowl": "12345678901234567890.5"}
    assert (stats["movements"], stats["repeats"], stats["conflicts"]) == (4, 1, 0)
    assert [(each["seq"], each["movement_id"]) for each in moved] == [(1, "m-0"), (2, "m-1"), (3, "m-2"), (4, "m-9")]


@pytest.mark.parametrize(("delta", "product"), [("-2", "plate"), ("-1", "bowl")])
async def test_an_id_with_another_content_is_a_conflict_and_moves_nothing(delta: str, product: str) -> None:
    """Taken as a repeat it would hide a movement that never was made."""
    async with api() as (_, url):
        await send(url, "-1")
        assert await send(url, delta, product) == (409, "movement-differs")
        assert await get(url, "levels") == {"plate": "-1"}


@pytest.mark.parametrize("status", [400, 404])
async def test_an_unknown_product_is_refused_as_it_is_told_to(status: int) -> None:
    """APIs differ in the word for it; either is a dead letter."""
    async with api(unknown_status=status) as (_, url):
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{url}/_sandbox/inventory/products", data=b'["plate"]') as answer,
        ):
            assert answer.status == 200
        assert await send(url, "-1", "bowl") == (status, "unknown-product")
        assert (await send(url, "-1"))[0] == 201
        assert await get(url, "levels") == {"plate": "-1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"product":"p","delta":-1}',
        b'{"product":"p","delta":-1,"movement_id":"m-1","more":1}',
        b'{"product":"p","delta":"-1","movement_id":"m-1"}',
        b'{"product":"p","delta":true,"movement_id":"m-1"}',
        b'{"product":"p","delta":0,"movement_id":"m-1"}',
        b'{"product":"p","delta":NaN,"movement_id":"m-1"}',
        b'{"product":"p","delta":1e999999999,"movement_id":"m-1"}',
        b'{"product":"","delta":-1,"movement_id":"m-1"}',
        b'{"product":1,"delta":-1,"movement_id":"m-1"}',
    ],
)
async def test_what_is_no_movement_is_refused(body: bytes) -> None:
    """A delta in quotes or a field too many is a client that has not read the page."""
    async with api() as (_, url):
        assert await post(url, body) == (400, "invalid-movement")
        assert await get(url, "levels") == {}


async def test_it_demands_token_type_and_the_movement_s_id_as_key() -> None:
    """A stand-in that lets anyone in would not see what is missing."""
    body = inventory.request(move()).body
    async with api() as (_, url):
        assert (await post(url, body, token="other"))[0] == 401
        assert (await post(url, body, type="text/plain"))[0] == 415
        assert await post(url, body, id="m-2") == (400, "idempotency-key-differs")


async def test_it_takes_no_more_than_its_limit_in_any_second() -> None:
    """The 101st is told to wait, and counted."""
    async with api(requests_max=5, clock=lambda: 7.0) as (_, url):
        answers = [(await send(url, "-1", id=f"m-{n}"))[0] for n in range(7)]
        stats = await get(url, "stats")
    assert (answers, stats["limited"]) == ([201] * 5 + [429] * 2, 2)


async def test_the_command_offers_it_where_its_token_is_given(tmp_path: Path) -> None:
    """`orderlog sandbox`, as the page says."""
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "sandbox", "--port", "0", "--port-file", str(port_file)),
        env={**os.environ, "EXTERNAL_API_TOKEN": "token", "INVENTORY_API_TOKEN": TOKEN},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        assert (await send(f"http://127.0.0.1:{port_file.read_text().strip()}", "-1"))[0] == 201
    finally:
        process.kill()
        await process.wait()
