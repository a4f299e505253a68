"""What a worker tells whoever asks whether it is alive, ready, and busy."""

import asyncio

import aiohttp
import pytest
from aiohttp.test_utils import TestServer, unused_port

from streams.runtime import metrics, monitor
from streams.runtime.monitor import monitor_app, monitor_service

HOST = "127.0.0.1"


async def test_worker_is_not_ready_before_its_state_is_restored() -> None:
    """Traffic or a rolling restart must wait for a worker that still restores."""
    restored = False
    async with TestServer(monitor_app(lambda: restored)) as server, aiohttp.ClientSession() as http:
        async with http.get(server.make_url("/health")) as answer:
            assert 200 == answer.status
        async with http.get(server.make_url("/ready")) as answer:
            assert 503 == answer.status
        restored = True
        async with http.get(server.make_url("/ready")) as answer:
            assert 200 == answer.status


async def test_metrics_are_by_partition() -> None:
    """Lag of one partition must not hide in a sum."""
    metrics.LAG.labels("some-topic", "3").set(17)
    async with (
        TestServer(monitor_app(lambda: True)) as server,
        aiohttp.ClientSession() as http,
        http.get(server.make_url("/metrics")) as answer,
    ):
        assert 'orderlog_lag_records{partition="3",topic="some-topic"} 17.0' in await answer.text()


async def test_a_connection_on_which_nothing_is_asked_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp's own limit is an hour; half a head counts as nothing."""
    monkeypatch.setattr(monitor, "IDLE_TIMEOUT_S", 0.2)
    port = unused_port()
    service = monitor_service(HOST, port, lambda: True)()
    await service.start()
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /ready HTTP/1.1\r\nHo")
        async with asyncio.timeout(30):
            assert b"" == await reader.read()
        writer.close()
    finally:
        await service.stop()
