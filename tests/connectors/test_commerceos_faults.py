"""The invariant: whatever the API or our own process does in between, each command has its effect once at CommerceOS
and one outcome, and comes at its time."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.tokens import Client
from streams.vocabulary import Command, OutcomeResult
from streams.vocabulary import CommandType as Type
from tests.connectors.api import TOKEN
from tests.connectors.commerceos import CANCELLED, FULFILLED, Orders, given, payment_order
from tests.connectors.harness import Line, busiest_second, line, until
from tests.connectors.sandbox_commerceos.shop import TOKEN as WATCHER
from tests.connectors.sandbox_commerceos.shop import Shop, shop
from tests.slot import Slot

# Between look and act, under way, and after the act but before its answer is done with.
POINTS: Sequence[tuple[str, Type]] = (
    ("answered:1", Type.RELEASE_SHIPMENT),
    ("answered:2", Type.RELEASE_SHIPMENT),
    ("sent:2", Type.CREATE_PAYMENT),
    ("answered:1", Type.APPROVE_ORDER),
)
PATIENT: dict[str, Any] = {"retry_delays_s": [0, 0.1, 0.2, 0.5, 1, 1, 1, 1, 1, 1], "timeout_s": 2}


@asynccontextmanager
async def scene(
    kafka: str, folder: Path, *, slots: int = 1, ttl_s: float = 60, changes: dict[str, Any], **faults: Any
) -> AsyncIterator[tuple[Shop, Line, Orders]]:
    client = Client(client_secret=TOKEN, fixed_token=WATCHER, token_ttl_s=ttl_s)
    async with (
        shop(client, **faults) as stand_in,
        line(kafka, stand_in.url, folder, slots=slots, **given(stand_in.url, **changes)) as made,
    ):
        yield stand_in, made, Orders(made.name)


async def assert_each_once(stand_in: Shop, made: Line, commands: Sequence[Command]) -> dict[str, Any]:
    """One outcome each, all delivered; nothing doubled, nothing at the wrong time, nothing changed twice."""
    outcomes = await made.outcomes()
    assert Counter(each.command_id for each in outcomes) == Counter(each.id for each in commands)
    assert {each.result for each in outcomes} == {OutcomeResult.DELIVERED}
    done = Counter(
        (each["path"], each["action"], str(each["body"]))
        for each in await stand_in.lines("effects")
        if each["outcome"] == "done"
    )
    assert set(done.values()) == {1}
    stats = await stand_in.stats()
    assert (stats["doubled"], stats["wrong_order"]) == (0, 0)
    assert await made.waiting() == {}
    return stats


async def test_through_every_fault_and_with_tokens_that_end_each_effect_is_there_once(
    kafka: str, tmp_path: Path
) -> None:
    """Errors, limits, hangs, answers that are lost after the work was done, and tokens that end before they should."""
    faults = {"error_rate": 0.1, "rate_limit_rate": 0.02, "reset_after_rate": 0.15, "hang_rate": 0.01, "hang_s": 3}
    async with scene(
        kafka,
        tmp_path,
        ttl_s=3,
        changes={**PATIENT, "max_in_flight": 16},
        latency_ms=20,
        retry_after_s=1,
        seed=5,
        **faults,
    ) as (stand_in, made, orders):
        began_s = time.monotonic()
        for number in range(20):
            orders.commands(f"duda:s/{number}", *(CANCELLED if number % 4 == 3 else FULFILLED))
        await made.send(orders.made)
        for count in (20, 50, 80):
            await made.wait_for_outcomes(count)
            await stand_in.admin("POST", "tokens/expire")
        await made.wait_for_outcomes(len(orders.made))
        elapsed_s = time.monotonic() - began_s
        stats = await assert_each_once(stand_in, made, orders.made)
        shown = await stand_in.lines("orders")
    assert len(shown) == 20
    for each in shown:
        is_cancelled = int(each["identifiers"]["com.acme.order-id"].removeprefix("duda:s/")) % 4 == 3
        assert each["status"] == ["Cancelled" if is_cancelled else "Committed"]
        assert [of["status"] for of in each["shipments"]] == ([] if is_cancelled else [["Released"]])
        assert len(each["payments"]) == (0 if is_cancelled else 1)
    assert stats["refused_codes"].get("OrderNotApprovable", 0) > 0, "an answer to an approval was lost"
    assert stats["unauthorised"] > 0
    assert stats["tokens"] < 10 + elapsed_s / 1.5, "one refresh at a time, each for half of its 3 s"


def prepared(orders: Orders, key: str, type: Type) -> tuple[list[Command], Command]:
    """What has to be there before, and the command that is to be cut off."""
    if type is Type.CREATE_PAYMENT:
        made = {"payment": payment_order(transaction_id=f"TX/{key}")}
        return orders.commands(key, Type.CREATE_ORDER), orders.command(key, type, made)
    if type is Type.APPROVE_ORDER:
        return orders.commands(key, Type.CREATE_ORDER), orders.command(key, type)
    before = (Type.CREATE_ORDER, Type.APPROVE_ORDER, Type.CREATE_SHIPMENT)
    return orders.commands(key, *before), orders.command(key, type)


async def test_killed_between_its_requests_a_command_has_its_effect_once(kafka: str, tmp_path: Path) -> None:
    """SIGKILL at exactly that point; the next process begins with the first request again, and finds what there is."""
    async with scene(kafka, tmp_path, changes={}, latency_ms=300) as (stand_in, made, orders):
        (worker,), before = made.workers, list[Command]()
        cut: list[Command] = []
        for number, (_, type) in enumerate(POINTS):
            first, last = prepared(orders, f"duda:s/{number}", type)
            before += first
            cut.append(last)
        await made.send(before)
        await made.wait_for_outcomes(len(before))
        for died, ((point, _), command) in enumerate(zip(POINTS, cut, strict=True)):
            worker.die_at(point)
            await made.send([command])
            await until(lambda died=died: len(worker.exits) > died, f"the kill at {point}")
            await made.wait_for_outcomes(len(before) + died + 1)
        assert worker.exits == [-9] * len(POINTS)
        await assert_each_once(stand_in, made, orders.made)
        shown = {each["identifiers"]["com.acme.order-id"]: each for each in await stand_in.lines("orders")}
        payments = await stand_in.lines("payment-orders")
    released = [each["status"] for number in range(2) for each in shown[f"duda:s/{number}"]["shipments"]]
    assert (released, len(payments)) == ([["Released"]] * 2, 1)
    assert shown["duda:s/3"]["status"] == ["Committed"]


def gave_up(worker: Slot) -> int:
    """How many dead letters it wrote: so it delivers."""
    logged = worker.log_lines() if worker.log_file.exists() else []
    return sum(each.get("event") == "dead letter" for each in logged)


async def test_two_workers_never_ask_more_often_than_the_api_allows(kafka: str, tmp_path: Path) -> None:
    """The API counts over any second; releases bring further requests along, and a worker that is killed comes back to
    partitions whose part of the rate it used just before. Judged by when they leave: on a machine that halts for a
    moment more of them arrive at once, so the stand-in allows more than the workers are told."""
    async with scene(kafka, tmp_path, slots=2, changes={"rate_per_second": 100}) as (stand_in, made, orders):
        stand_in.api.store.rules = Rules(requests_max=1000)

        async def both_deliver() -> bool:
            await made.send([orders.command(f"duda:s/{number}", Type.MOVE_STOCK) for number in range(9)])
            return all(map(gave_up, made.workers))

        await until(both_deliver, "partitions for both", every_s=1)
        commands = [each for number in range(45) for each in orders.commands(f"web:s/{number}", *FULFILLED)]
        await made.send(commands)
        await until(lambda: len(stand_in.api.store.payments) > 20, "orders that are on their way")
        made.workers[0].kill()

        async def done() -> bool:
            delivered = [each for each in await made.outcomes() if each.result is OutcomeResult.DELIVERED]
            return len(delivered) == len(commands)

        await until(done, "all outcomes", every_s=0.5)
        stats = await stand_in.stats()
    assert stats["rate_refused"] == 0
    busiest = busiest_second(left_s for worker in made.workers for left_s in worker.departures_s())
    assert busiest <= 100
    assert busiest > 40, "the rate is used"
