"""`orderlog sandbox` offers it where its secret is given, beside the others."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.connectors.sandbox_commerceos.shop import SECRET, TOKEN


@asynccontextmanager
async def started(tmp_path: Path, *options: str, **environ: str) -> AsyncIterator[str]:
    """The command in a process of its own; gives its URL."""
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "sandbox", "--port", "0", "--port-file", str(port_file), *options),
        env={**os.environ, "EXTERNAL_API_TOKEN": "token", "APICBASE_CLIENT_SECRET": "a", **environ},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 60)
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
    finally:
        process.kill()
        await process.wait()


async def get(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{url}/v1/payment-methods") as answer:
        return answer.status


async def test_the_command_offers_it_with_a_client_and_with_a_fixed_token(tmp_path: Path) -> None:
    """Both come by variable; the rate and the tokens' lives by option."""
    options = ("--commerceos-requests-max", "3", "--commerceos-token-ttl-s", "7", "--commerceos-client-id", "me")
    environ = {"COMMERCEOS_API_CLIENT_SECRET": SECRET, "COMMERCEOS_API_TOKEN": TOKEN}
    async with started(tmp_path, *options, **environ) as url, aiohttp.ClientSession() as session:
        form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": SECRET}
        async with session.post(f"{url}/oauth2/token", data=form) as answer:
            granted: dict[str, Any] = await answer.json()
        assert granted["expires_in"] == 7
        assert [await get(url, token) for token in (granted["access_token"], TOKEN, "wrong")] == [200, 200, 401]


async def test_without_a_secret_there_is_no_such_api(tmp_path: Path) -> None:
    """Not an API that nobody can use, or that anybody can."""
    async with started(tmp_path) as url:
        assert await get(url, TOKEN) == 404
