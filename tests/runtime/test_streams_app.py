"""The streams role started by Faust's own command: the same agents, transactions and log as by `orderlog streams`."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from streams import admin, cloudevents, topics
from streams.broker import LocalBroker
from streams.settings import load
from streams.vocabulary import Order
from tests.chaos.harness import until
from tests.kafka import produce, read_committed

PAYLOADS = Path(__file__).parents[1] / "payloads"
SETTINGS = """
[kafka]
bootstrap = "{bootstrap}"
partitions = 1
[streams]
data_dir = "{folder}/data"
monitor_port = 0
[[sources]]
name = "shop"
platform = "duda"
auth = {{ scheme = "duda-hmac", secrets = ["env:NOT_NEEDED_HERE"] }}
"""
PRIVATE = b'{"email": "erika@example.com"'


def raw(receipt: str, body: bytes) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """A record as ingest writes it."""
    headers = cloudevents.headers(id=receipt, source="/webhooks/shop", type="webhook", time=datetime.now(UTC))
    return b"shop:key", body, headers


async def test_fausts_own_command_runs_the_role_and_its_log_finds_a_record_again(
    private_broker: LocalBroker, tmp_path: Path
) -> None:
    """`faust -A streams.app worker` folds a webhook into its order, and names what it set aside without its content."""
    config, said = tmp_path / "orderlog.toml", tmp_path / "said"
    config.write_text(SETTINGS.format(bootstrap=private_broker.bootstrap, folder=tmp_path))
    assert [] == admin.create(load(config, {})).left
    order = (PAYLOADS / "duda" / "order-created.json").read_bytes()
    produce(private_broker.bootstrap, topics.webhooks("shop"), [raw("r-0", order), raw("r-1", PRIVATE)])
    mine = {"ORDERLOG_CONFIG": f"{config}", "ORDERLOG__KAFKA__BOOTSTRAP": private_broker.bootstrap}
    environ = {**os.environ, **mine, "ORDERLOG__LOG__FORMAT": "json"}
    with said.open("wb") as file:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "faust", "-A", "streams.app", "worker"),
            cwd=tmp_path,
            env=environ,
            stdout=asyncio.subprocess.DEVNULL,  # Faust's banner
            stderr=file,
        )
    try:
        await until(lambda: bool(read_committed(private_broker.bootstrap, topics.STATE)), "an order's state")
        worker.send_signal(signal.SIGTERM)
        assert 0 == await asyncio.wait_for(worker.wait(), 30)
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    (state,) = read_committed(private_broker.bootstrap, topics.STATE)
    assert state.key == Order.from_json(state.value or b"").key.encode()
    lines = [json.loads(line) for line in said.read_text().splitlines()]  # Faust's own too
    (line,) = [line for line in lines if line["event"] == "record quarantined"]
    facts = {"receipt": "r-1", "order_key": "shop:key", "topic": topics.webhooks("shop"), "partition": 0, "offset": 1}
    assert facts == {name: line[name] for name in facts}
    assert "erika" not in said.read_text()
