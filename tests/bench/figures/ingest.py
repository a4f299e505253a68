"""Durable webhooks per second of one `orderlog ingest` process, against a bare aiohttp echo of the same requests.

Both are real processes on uvloop and answer the same 64 connections of one load generator. Ours checks an HMAC, finds
the order, writes the record with acks=all, and answers when the broker has it. Turns: echo, ours, echo, ours, …
"""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import orjson

from streams import topics as table
from streams.cli import toml
from streams.demo.setting import free_ports
from streams.demo.webhook import DUDA
from streams.settings.model import Kafka
from tests.bench import marks, topics
from tests.bench.lines import Line, Samples
from tests.bench.processes import BenchError, Child, output_of, running, wait_until_ready
from tests.bench.stage import Stage

SECRET = "BENCH_DUDA_SECRET"
# As many as an installation has that says nothing of it.
PARTITIONS = Kafka().partitions
WARM_UP_S = 1.0
SECONDS = 5.0
UNIT = "webhooks/s"


def measure(stage: Stage) -> Sequence[Line]:
    echo: list[dict[str, float]] = []
    ours: list[dict[str, float]] = []
    topics.create(stage.bootstrap, [table.webhooks(DUDA)], PARTITIONS)
    stage.say("warming the broker up")
    _ingest(stage)  # its JVM compiles what it does often, which takes seconds; nobody's figure
    for _ in stage.turns():
        echo.append(_echo(stage))
        ours.append(_ingest(stage))
    topics.delete(stage.bootstrap, [table.webhooks(DUDA)])
    extra = {name: median(run[name] for run in ours) for name in ("p50_ms", "p99_ms", "cpu_us")}
    extra["reference_cpu_us"] = median(run["cpu_us"] for run in echo)
    return [
        Line(
            "durable webhooks, one process ÷ bare aiohttp echo",
            Samples("ingest", UNIT, tuple(run["per_second"] for run in ours)),
            Samples("echo", UNIT, tuple(run["per_second"] for run in echo)),
            marks.INGEST_TO_ECHO,
            note=f"p50 {extra['p50_ms']:.1f} ms, p99 {extra['p99_ms']:.1f} ms; "
            f"processor {extra['cpu_us']:.0f} µs each, echo {extra['reference_cpu_us']:.0f} µs",
            extra=extra,
        )
    ]


def profile(stage: Stage) -> None:
    topics.create(stage.bootstrap, [table.webhooks(DUDA)], PARTITIONS)
    _ingest(stage)
    topics.delete(stage.bootstrap, [table.webhooks(DUDA)])


def _echo(stage: Stage) -> dict[str, float]:
    port = free_ports({"echo": 0})["echo"]
    argv = [sys.executable, "-m", "tests.bench.jobs.echo", str(port)]
    with running(argv, stage.folder / "echo.log") as child:
        wait_until_ready(child, f"http://127.0.0.1:{port}/")
        return _load(stage, child, port, "none")


def _ingest(stage: Stage) -> dict[str, float]:
    port, secret = free_ports({"ingest": 0})["ingest"], secrets.token_hex(16)
    config = _config(stage, port)
    env = {"ORDERLOG_CONFIG": str(config), "ORDERLOG__LOG__FORMAT": "json", SECRET: secret}
    argv = [sys.executable, "-m", "streams.cli", "ingest"]
    with running(argv, stage.folder / "ingest.log", env, stage.profile) as child:
        wait_until_ready(child, f"http://127.0.0.1:{port}/ready")
        return _load(stage, child, port, secret)


def _config(stage: Stage, port: int) -> Path:
    file = stage.folder / "ingest.toml"
    source = {"name": DUDA, "platform": DUDA, "auth": {"scheme": "duda-hmac", "secrets": [f"env:{SECRET}"]}}
    file.write_text(
        toml.dumps(
            {
                "kafka": {"bootstrap": stage.bootstrap, "partitions": PARTITIONS},
                "ingest": {"port": port},
                "sources": [source],
            }
        )
    )
    return file


def _load(stage: Stage, child: Child, port: int, secret: str) -> dict[str, float]:
    seconds = max(1.0, SECONDS * stage.scale)
    argv = [sys.executable, "-m", "tests.bench.jobs.load", str(port), str(WARM_UP_S), str(seconds)]
    used_s = child.cpu_s()
    found: dict[str, float] = orjson.loads(output_of(argv, 60, {SECRET: secret}))
    found["cpu_us"] = (child.cpu_s() - used_s) / found["answers"] * 1e6
    if found["refused"] or found["broken"]:
        raise BenchError(f"not every request was accepted: {found}")
    return found
