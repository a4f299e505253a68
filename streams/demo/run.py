"""One run from nothing to a verdict: set up, send, kill, drain, compare."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from streams import topics
from streams.demo.apis import Apis
from streams.demo.check import check
from streams.demo.cluster import ROLES, Cluster
from streams.demo.collect import collect
from streams.demo.drain import Drain, Waiting
from streams.demo.options import Options, Victim, kill_points
from streams.demo.send import Sender
from streams.demo.setting import Setting
from streams.demo.show import Show
from streams.demo.summary import Summary, summarise
from streams.demo.traffic import Plan, plan

# After the last answer: what a run of no size needs, retries and restarts included, and what it needs per webhook.
DRAIN_TIMEOUT_S, DRAIN_TIMEOUT_PER_WEBHOOK_S = 60.0, 0.01


@dataclass(frozen=True, slots=True)
class Result:
    """`is_good`: every webhook had the answer it should have, all is at rest, nothing is lost, nothing doubled."""

    summary: Summary
    is_good: bool


def reads(setting: Setting) -> Mapping[str, Sequence[str]]:
    """Consumer group → the topics that it consumes."""
    streams = [*map(topics.webhooks, setting.sources), topics.EVENTS, topics.OUTCOMES, topics.MOVEMENTS]
    connectors = [*map(topics.commands, setting.targets), *map(topics.polls, setting.polled)]
    return {f"{setting.app_id}-streams": streams, f"{setting.app_id}-connectors": connectors}


async def run(cluster: Cluster, bootstrap: str | None, options: Options, show: Show) -> Result:
    """Raises `SetupFailed`, `ReadTimeout`."""
    address = await _set_up(cluster, bootstrap, show)
    setting = cluster.setting
    planned = plan(options.events, options.seed, datetime.now(UTC), setting.sources)
    sender = Sender(setting.url("ingest"), setting.secrets, Apis(setting.url("sandbox")))
    started = time.monotonic()
    await _send(cluster, sender, planned, options, show)
    show.step(f"{len(sender.sent):,} webhooks sent and answered in {time.monotonic() - started:.1f} s")
    waiting = await _drain(cluster, address, sender, options, show)
    seconds = time.monotonic() - started
    with show.waiting("reading back what Kafka and the target have"):
        evidence = await collect(address, setting.url("sandbox"), setting.topics, sender.sent, sender.puts)
        findings = await asyncio.to_thread(check, evidence)
    summary = summarise(evidence, findings, seconds)
    show.summary(summary)
    show.findings(findings)
    wrong = [sent for sent in sender.sent if not sent.is_as_hoped]
    for sent in wrong[:5]:
        show.trouble(f"webhook {sent.webhook.number} ({sent.webhook.kind}): {sent.attempts} attempts, {sent.status}")
    is_good = waiting.is_empty and not wrong and summary.lost == summary.doubled == 0
    return Result(summary, is_good)


async def _set_up(cluster: Cluster, bootstrap: str | None, show: Show) -> str:
    if bootstrap is None:
        with show.waiting("starting a Kafka broker (the first time it is fetched by Maven)"):
            bootstrap = await cluster.start_broker()
    show.step(f"broker at {bootstrap}")
    with show.waiting("creating the topics"):
        await cluster.configure(bootstrap)
    show.step(f"{len(cluster.setting.topics)} topics")
    with show.waiting("starting the stand-in API"):
        await cluster.start_sandbox()
    show.step(f"stand-in API at {cluster.setting.url('sandbox')}, slow and faulty on purpose")
    with show.waiting("starting the roles"):
        await cluster.start_roles(bootstrap)
    show.step(f"roles {', '.join(ROLES)}, each a process; webhooks go to {cluster.setting.url('ingest')}")
    return bootstrap


async def _send(cluster: Cluster, sender: Sender, planned: Plan, options: Options, show: Show) -> None:
    webhooks = planned.webhooks
    due = list(zip(kill_points(len(webhooks), len(options.victims)), options.victims, strict=True))
    text = f"{len(webhooks):,} webhooks at {options.rate_per_s:g}/s"
    with show.bar(text, len(webhooks)) as move:

        def moved(done: int) -> None:
            move(done)
            while due and done >= due[0][0]:
                _kill(cluster, due.pop(0)[1], done, show)

        await sender.run(planned, options.rate_per_s, moved)


def _kill(cluster: Cluster, victim: Victim, done: int, show: Show) -> None:
    pid = cluster.kill(victim)
    show.note(f"after {done:,} webhooks: kill -9 {pid} (the {victim})")


async def _drain(cluster: Cluster, bootstrap: str, sender: Sender, options: Options, show: Show) -> Waiting:
    timeout_s = DRAIN_TIMEOUT_S + DRAIN_TIMEOUT_PER_WEBHOOK_S * options.events
    setting = cluster.setting
    listed = [put for put in sender.puts if put.source in setting.polled]
    drain = await asyncio.to_thread(Drain, bootstrap, setting.topics, reads(setting), listed)
    try:
        with show.counting("waiting until all is at rest") as count:
            waiting = await drain.wait(timeout_s, lambda waiting: count(waiting.total))
    finally:
        await asyncio.to_thread(drain.close)
    if waiting.is_empty:
        show.step("at rest: no unread record, no open delivery")
    else:
        show.trouble(f"not at rest after {timeout_s:.0f} s:")
        for line in waiting.lines():
            show.trouble(line)
    return waiting
