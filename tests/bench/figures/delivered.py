"""From a webhook's acceptance to the downstream call, at 500 webhooks/s, with every role as a process of its own.

Begins when ingest has the webhook in hand, before it is durable (the event's `received_at`, which a command carries as
`created_at`), and ends when the stand-in API, without faults, does the work. Webhooks that command nothing (a status
that the target does not hear of) have no such time. The first seconds are left out; every command must have its effect.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import aiohttp
import orjson
import psutil

from streams import topics as table
from streams.demo import setting
from streams.demo.cluster import Cluster, SetupFailed
from streams.demo.collect import ask_sandbox
from streams.demo.evidence import Effect
from streams.demo.read import Reader
from streams.demo.setting import TARGET
from streams.vocabulary import Command
from tests.bench import marks, roles, webhooks
from tests.bench.lines import Line, Samples, percentile
from tests.bench.processes import BenchError, output_of
from tests.bench.stage import Stage

PER_SECOND = 500
WARM_UP_S, SECONDS = 8, 24
DRAIN_TIMEOUT_S = 30.0
TIMEOUT_S = 120.0
PARTS = ("ingest", "streams", "connectors", "sandbox")


def measure(stage: Stage) -> Sequence[Line]:
    seconds = WARM_UP_S + max(5, stage.sized(SECONDS))
    stage.say("starting all roles")
    try:
        took_ms, told = asyncio.run(_run(stage, seconds))
    except SetupFailed as error:
        raise BenchError(f"{error}") from None
    roles.remove_topics(stage)
    note = (
        f"{told['per_second']:.0f} webhooks/s for {seconds} s, {len(took_ms):,} commands after {WARM_UP_S} s;"
        f" HTTP answer p50 {told['answer_p50_ms']:.1f}, p99 {told['answer_p99_ms']:.1f} ms"
    )
    extra = {**told, "max_ms": max(took_ms)}

    def line(percent: int, mark: marks.Mark) -> Line:
        value = Samples("delivered", "ms", (percentile(took_ms, percent),))
        return Line(f"accepted → delivered at {PER_SECOND}/s, p{percent}", value, mark=mark, note=note, extra=extra)

    return [line(50, marks.DELIVERED_P50_MS), line(99, marks.DELIVERED_P99_MS)]


def profile(stage: Stage) -> None:
    """No one process is to blame for a latency: where it goes hop by hop, by the broker's and the roles' clocks."""
    assert stage.profile is not None
    asyncio.run(_run(stage, WARM_UP_S + 5, stage.profile))
    roles.remove_topics(stage)


async def _run(stage: Stage, seconds: int, steps: Path | None = None) -> tuple[list[float], dict[str, float]]:
    """Milliseconds of each command, and what the sender tells."""
    roles.remove_topics(stage)
    made, folder = setting.make(usual_ports=False, sources=webhooks.SOURCES), stage.folder / stage.name("delivered")
    cluster = Cluster(made, folder)
    try:
        await cluster.start_sandbox()
        await _without_faults(made.url("sandbox"))
        await cluster.configure(stage.bootstrap)
        roles.configure(stage, made, folder)
        await cluster.start_roles(stage.bootstrap)
        stage.say(f"{PER_SECOND} webhooks/s for {seconds} s")
        begun_s = time.time()
        argv = [sys.executable, "-m", "tests.bench.jobs.pace", str(made.ports["ingest"])]
        arguments = [*argv, str(PER_SECOND), str(PER_SECOND * seconds)]
        used = _cpu_s()
        told: dict[str, float] = orjson.loads(await asyncio.to_thread(output_of, arguments, TIMEOUT_S, made.env()))
        if told["accepted"] != PER_SECOND * seconds:
            raise BenchError(f"not every webhook was accepted: {told}")
        told |= {f"cores_{part}": (spent - used[part]) / seconds for part, spent in _cpu_s().items() if part in used}
        reader = await asyncio.to_thread(Reader, stage.bootstrap, [topic.name for topic in roles.TOPICS])
        try:
            effects = await _drained(reader, made.url("sandbox"))
            if steps is not None:
                steps.write_text(_step_by_step(reader, effects))
            return _took_ms(_commands(reader), effects, begun_s + WARM_UP_S), told
        finally:
            reader.close()
    finally:
        await cluster.stop()


def _cpu_s() -> dict[str, float]:
    """Processor time used so far, by part: which of them the machine is busy with."""
    found: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            line = process.cmdline()
            part = "broker" if "kafka.Kafka" in line else next((name for name in PARTS if name in line), None)
            if part:
                times = process.cpu_times()
                found[part] = times.user + times.system
    return found


async def _without_faults(url: str) -> None:
    async with aiohttp.ClientSession(url, raise_for_status=True) as session:
        await session.put("/_sandbox/faults", json={})


async def _drained(reader: Reader, url: str) -> Mapping[str, Effect]:
    """The effects by command id, once there is one for each command."""
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while True:
        new = await asyncio.to_thread(reader.catch_up, DRAIN_TIMEOUT_S)
        effects, _ = await ask_sandbox(url)
        commands = _commands(reader)
        if not new and len(effects) == len(commands):
            return {effect.idempotency_key: effect for effect in effects}
        if time.monotonic() > deadline:
            raise BenchError(f"{len(commands)} commands and {len(effects)} effects after {DRAIN_TIMEOUT_S:.0f} s")
        await asyncio.sleep(1)


def _commands(reader: Reader) -> list[Command]:
    topic = table.commands(TARGET)
    return [Command.from_json(record.value or b"") for record in reader.records if record.topic == topic]


def _took_ms(commands: Sequence[Command], effects: Mapping[str, Effect], from_s: float) -> list[float]:
    """One per command whose webhook came at `from_s` or later."""
    return [
        (effects[command.id].at_s - command.created_at.timestamp()) * 1000
        for command in commands
        if command.created_at.timestamp() >= from_s
    ]


def _step_by_step(reader: Reader, effects: Mapping[str, Effect]) -> str:
    """Percentiles of each hop, in ms: when each record of a command's history was appended."""
    appended = {(record.topic, record.header("ce_id")): record.timestamp / 1000 for record in reader.records}
    hops: dict[str, list[float]] = {}
    for command in _commands(reader):
        receipt, source = (command.receipt or "").encode(), command.order_key.partition(":")[0]
        times = [
            ("received", command.created_at.timestamp()),
            ("raw appended", appended.get((table.webhooks(source), receipt))),
            ("event appended", appended.get((table.EVENTS, command.caused_by.encode()))),
            ("command appended", appended.get((table.commands(TARGET), command.id.encode()))),
            ("effect", effects[command.id].at_s),
        ]
        for (before, start), (after, end) in pairwise(times):
            if start is not None and end is not None:
                hops.setdefault(f"{before} → {after}", []).append((end - start) * 1000)
    rows = [
        f"{name:40} p50 {percentile(values, 50):8.1f} ms   p99 {percentile(values, 99):8.1f} ms"
        for name, values in hops.items()
    ]
    return "\n".join([f"{len(effects)} commands, {datetime.now():%Y-%m-%d %H:%M}", *rows, ""])
