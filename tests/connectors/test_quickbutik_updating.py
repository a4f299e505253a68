"""Telling Quickbutik of statuses: real workers, a real broker, its stand-in. Invariant: every order ends as told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import application
from streams.vocabulary import Command, CommandType, OutcomeResult
from tests.connectors import make
from tests.connectors.api import TOKEN, serving
from tests.connectors.harness import Line, line, until
from tests.kafka import unique_name

GIVEN: dict[str, Any] = {"retry_delays_s": [0, *[0.1] * 30], "breaker": {"failures": 100, "open_s": 0.2}}
POINTS = ["answered:2", "settled:1"]


@asynccontextmanager
async def shop(orders: int, **faults: Any) -> AsyncIterator[tuple[QuickbutikApi, str]]:
    """The stand-in with that many unpaid orders: "0", "1", …"""
    api = QuickbutikApi(TOKEN, Faults(**faults))
    for number in range(orders):
        api.orders[str(number)] = {"order_id": str(number), "total_amount": "10.00", "status": "-1"}
    async with serving(application([api])) as url:
        yield api, url


def update(made: Line, order_id: str, status: str, **data: Any) -> Command:
    """Tells that order's status, and writes to the buyer."""
    return make.command(
        f"{made.name}-{order_id}-{status}",
        f"{made.source}:{order_id}",
        type=CommandType.UPDATE_STATUS,
        target=made.name,
        data={"status": status, "notify": True, **data},
        created_at=make.now(),
    )


def all_of(made: Line, numbers: range) -> list[Command]:
    """Paid and then done, for each of these orders."""
    shipping = {"carrier": "DHL"}
    return [
        command
        for number in numbers
        for command in (
            update(made, str(number), "paid"),
            update(made, str(number), "done", shipping={**shipping, "tracking_number": f"T-{number}"}),
        )
    ]


async def test_every_order_is_paid_then_done_through_faults_and_kills(kafka: str, tmp_path: Path) -> None:
    """The stand-in takes no `paid` after `done`, and counts what changed an order: a wrong turn is an error there."""
    faults: dict[str, Any] = {"error_rate": 0.15, "rate_limit_rate": 0.05, "retry_after_s": 0, "reset_after_rate": 0.1}
    async with (
        shop(8, latency_ms=100, seed=5, **faults) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **GIVEN) as made,
    ):
        (worker,), commands = made.workers, list[Command]()
        for died, point in enumerate(POINTS):
            worker.die_at(point)
            batch = all_of(made, range(4 * died, 4 * died + 4))
            commands += batch
            await made.send(batch)
            outcomes = await made.wait_for_outcomes(len(commands))
            await until(lambda died=died: len(worker.exits) == died + 1, f"killed at {point}")  # type: ignore[misc]
        assert await made.waiting() == {}
    assert sorted((each.command_id, each.result) for each in outcomes) == sorted(
        (each.id, OutcomeResult.DELIVERED) for each in commands
    )
    changed = [update for update in api.updates.taken if not update.repeated]
    for id, order in api.orders.items():
        assert [each.status for each in changed if each.order_id == id] == ["paid", "done"]
        assert (order["status"], order["shipping_info"]) == ("2", {"trackingnumber": f"T-{id}", "company": "DHL"})
    assert (api.updates.counts["updates"], api.updates.counts["mails"]) == (16, 16)
    assert api.updates.counts["refused"] == 0
    assert api.updates.counts["repeats"] > 0


async def test_an_update_that_is_not_taken_holds_its_order_until_an_operator_decides(
    kafka: str, tmp_path: Path
) -> None:
    """Unlike a fetch: `done` must not go out while `paid` is not; other orders go on."""
    async with shop(1) as (api, url), line(kafka, url, tmp_path, source=unique_name("qb"), **GIVEN) as made:
        dead, behind, other = update(made, "7", "paid"), update(made, "7", "done"), update(made, "0", "paid")
        await made.send([dead, behind, other])
        outcomes = {each.command_id: each for each in await made.wait_for_outcomes(2)}
        (letter,) = await made.letters()
        assert (outcomes[dead.id].result, outcomes[other.id].result) == (OutcomeResult.DEAD, OutcomeResult.DELIVERED)
        assert outcomes[dead.id].error == "HTTP 200, but Quickbutik says: no such order"
        assert (letter.id, letter.reason, letter.attempts) == (dead.id, "rejected", 1)
        api.orders["7"] = {"order_id": "7", "total_amount": "1", "status": "-1"}
        await made.decide(CommandType.REDRIVE, dead)
        again = await made.wait_for_outcomes(4)
        assert [(each.command_id, each.result.value) for each in again if each.order_key.endswith(":7")] == [
            (dead.id, "dead"),
            (dead.id, "delivered"),
            (behind.id, "delivered"),
        ]
        assert (api.orders["7"]["status"], api.updates.counts["mails"]) == ("2", 3)
        requests = len(api.door.requests)
        await made.send([dead, behind, other])
        told = await made.wait_for_outcomes(7)
        assert {each.result.value for each in told[4:]} <= {"delivered", "dead"}
        assert (len(api.door.requests), await made.waiting()) == (requests, {}), "a rebuild writes to no buyer again"
