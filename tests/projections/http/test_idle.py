"""Whoever only holds connections open locks no operator out."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from projections.http import server
from streams.settings import load
from tests.projections.http.serving import serving

SETTINGS = '[kafka]\nbootstrap = "127.0.0.1:9"\n'


@pytest.mark.parametrize("sent", [b"", b"POST /deadletters/redrive HTTP/1.1\r\nHost: localhost\r\nContent-"])
async def test_a_connection_on_which_nothing_is_asked_is_closed(
    sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp's own limit is an hour; half a head counts as nothing."""
    monkeypatch.setattr(server, "IDLE_TIMEOUT_S", 0.2)
    (file := tmp_path / "orderlog.toml").write_text(SETTINGS)
    async with serving(load(file, {})) as caller:
        url = urlsplit(caller.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(sent)
        async with asyncio.timeout(30):
            assert b"" == await reader.read()
        writer.close()
        assert 200 == (await caller.get("/health"))[0]
