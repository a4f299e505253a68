"""A worker that has nothing to do: an installation that only keeps what it receives has no target and no poll."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

from streams import admin
from streams.settings import load
from tests.chaos.harness import until
from tests.kafka import SHARED_PARTITIONS, unique_name

SETTINGS = """
[kafka]
bootstrap = "{bootstrap}"
partitions = {partitions}
[streams]
app_id = "{app_id}"
data_dir = "{folder}/data"
[connectors]
monitor_port = 0
[log]
format = "json"
[[sources]]
name = "{app_id}"
platform = "duda"
auth = {{ scheme = "duda-hmac", secrets = ["env:NOT_NEEDED_HERE"] }}
"""


async def test_a_role_without_agents_waits_and_ends_when_it_is_told_to(kafka: str, tmp_path: Path) -> None:
    """One that ended by itself would be started again and again, and `orderlog up` would never be ready."""
    config, said = tmp_path / "orderlog.toml", tmp_path / "said"
    given = {"bootstrap": kafka, "partitions": SHARED_PARTITIONS, "app_id": unique_name("idle"), "folder": tmp_path}
    config.write_text(SETTINGS.format(**given))
    assert [] == admin.create(load(config, {})).left
    with said.open("wb") as file:
        worker = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("orderlog"), "--config", config, "connectors"),
            env={**os.environ, "ORDERLOG__KAFKA__BOOTSTRAP": kafka},
            stdout=file,
            stderr=file,
        )

    def address() -> str | None:
        lines = [json.loads(line) for line in said.read_text().splitlines() if line.endswith("}")]
        return next((line["address"] for line in lines if line["event"] == "monitor listens"), None)

    def is_ready() -> bool:
        assert worker.returncode is None, said.read_text()
        if (url := address()) is None:
            return False
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return bool(answer.status == 200)

    try:
        await until(is_ready, "ready")
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 30) == 0, said.read_text()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
