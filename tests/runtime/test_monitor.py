"""What a worker tells whoever asks whether it is alive, ready, and busy."""

import aiohttp
from aiohttp.test_utils import TestServer

from streams.runtime import metrics
from streams.runtime.monitor import monitor_app


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
