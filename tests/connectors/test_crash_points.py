"""The invariant: wherever a worker dies between read, accept, send, answer and outcome, each command has one effect at
the API and one outcome, and no order's commands change places."""

import asyncio
import random
from pathlib import Path
from typing import Any

from streams.vocabulary import Command
from tests.connectors.api import sandbox
from tests.connectors.harness import assert_delivered_once, line, until

POINTS = ["read:1", "accepted:1", "sent:1", "sent:20", "answered:1", "answered:20", "settled:1", "done:1", "done:2"]
COMMANDS, KEYS = 40, 10
# An outage of a second must not become ten of an open breaker, nor a halt of the machine a dead letter.
PATIENT: dict[str, Any] = {
    "timeout_s": 1,
    "retry_delays_s": [0, 0.1, 0.2, 0.5, *[1] * 12],
    "breaker": {"failures": 10, "open_s": 0.5},
}


async def test_a_crash_at_any_point_has_each_effect_once(kafka: str, tmp_path: Path) -> None:
    """SIGKILL at exactly that point; the next process must finish what was begun, and have no effect twice."""
    async with sandbox(latency_ms=300) as (stand_in, url), line(kafka, url, tmp_path) as made:
        (worker,), commands = made.workers, list[Command]()
        for died, point in enumerate(POINTS):
            repeats = stand_in.ledger.repeats
            worker.die_at(point)
            batch = made.commands(COMMANDS, KEYS, start=len(commands))
            commands += batch
            await made.send(batch)
            await made.wait_for_outcomes(len(commands))
            await assert_delivered_once(made, stand_in, commands)
            assert worker.exits == [-9] * (died + 1), f"it must have died at {point}, once"
            assert_repeats(point.partition(":")[0], stand_in.ledger.repeats - repeats)


def assert_repeats(point: str, repeats: int) -> None:
    """What was under way at the crash is asked for again; what was not sent yet is not."""
    if point in ("read", "accepted"):
        assert repeats == 0, point
    elif point != "done":
        assert repeats > 0, point


async def test_kills_at_random_over_two_workers_with_every_fault(kafka: str, tmp_path: Path) -> None:
    """The same under all faults at once: errors, rate limits, resets after the work, hangs, and rebalances."""
    faults = {"error_rate": 0.05, "rate_limit_rate": 0.01, "reset_after_rate": 0.03, "hang_rate": 0.005}
    dice = random.Random(7)
    async with (
        sandbox(latency_ms=5, retry_after_s=1, hang_s=2, seed=11, **faults) as (stand_in, url),
        line(kafka, url, tmp_path, slots=2, **PATIENT) as made,
    ):
        commands = made.commands(1500, keys=150)
        for start in range(0, len(commands), 300):
            await made.send(commands[start : start + 300])
            await asyncio.sleep(1.5)
            dice.choice(made.workers).kill()
        await made.wait_for_outcomes(len(commands), 200)
        await until(lambda: len(stand_in.ledger.effects) >= len(commands), "all effects")
        await assert_delivered_once(made, stand_in, commands)
        assert sum(code == -9 for worker in made.workers for code in worker.exits) >= 4
        assert stand_in.ledger.repeats > 0
