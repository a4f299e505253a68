"""The broker dies while an operator is at work: 503 in time, nothing half said, and no restart needed."""

import asyncio
import time
from pathlib import Path

from streams.broker import LocalBroker
from streams.settings import load
from tests.connectors.deadletters.scene import Scene
from tests.connectors.harness import until
from tests.projections.http.serving import Caller, serving

# A read in hand waits for the broker so long; later ones are refused at once, and not after a request's 10 s.
IN_TIME_S, AT_ONCE_S = 45.0, 9.0


async def test_a_broker_that_dies_means_503_and_is_found_again(private_broker: LocalBroker, tmp_path: Path) -> None:
    """An empty list would say that all is well, and a decision that is lost would hold the order for ever."""
    scene = await asyncio.to_thread(Scene, private_broker.bootstrap, tmp_path)
    id = (await asyncio.to_thread(scene.dies, "dead")).id
    async with serving(load(scene.line.config, {})) as caller:
        assert [id] == await listed(caller)
        private_broker.kill()
        started_s = time.monotonic()
        status, problem = await caller.post(f"/deadletters/{id}/redrive", why="mended")
        assert (503, "broker-unavailable", True) == (
            status,
            problem["reason"],
            time.monotonic() - started_s < IN_TIME_S,
        )

        async def is_known() -> bool:
            return (await caller.get("/ready"))[0] == 503

        await until(is_known, "the role knows")
        started_s = time.monotonic()
        assert (503, True) == ((await caller.get("/deadletters"))[0], time.monotonic() - started_s < AT_ONCE_S)
        await asyncio.to_thread(private_broker.restart)

        async def is_back() -> bool:
            return (await caller.get("/ready"))[0] == 200

        await until(is_back, "the role is ready again")
        assert [id] == await listed(caller)
        assert 202 == (await caller.post(f"/deadletters/{id}/redrive", why="mended"))[0]


async def listed(caller: Caller) -> list[str]:
    status, body = await caller.get("/deadletters")
    assert 200 == status, body
    return [each["id"] for each in body["dead_letters"]]
