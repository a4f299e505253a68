"""Fetching orders from a real stand-in, through real workers, into a real broker. Invariant: each answer once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import application
from streams import topics
from streams.outcomes import event_id
from streams.record import Record
from streams.vocabulary import CommandType, OutcomeResult
from tests.connectors import make
from tests.connectors.api import TOKEN, lines, serving
from tests.connectors.harness import Line, line, until
from tests.kafka import unique_name

QUICK: dict[str, Any] = {"retry_delays_s": [0, 0.1, 0.2], "breaker": {"failures": 100, "open_s": 0.2}}


@asynccontextmanager
async def shop(orders: int = 1, **faults: Any) -> AsyncIterator[tuple[QuickbutikApi, str]]:
    """The stand-in with that many orders: "0", "1", …"""
    api = QuickbutikApi(TOKEN, Faults(**faults))
    for number in range(orders):
        api.orders[str(number)] = {"order_id": str(number), "total_amount": "10.00", "customer": {"email": "a@b.se"}}
    async with serving(application([api])) as url:
        yield api, url


async def raw(made: Line) -> list[Record]:
    assert made.source is not None
    return list(await made.read(topics.webhooks(made.source)))


def asked(api: QuickbutikApi, status: int | None = None) -> list[str]:
    """The orders that were asked for, in the order of the answers."""
    seen = lines(b"\n".join(api.door.requests))
    return [each["query"]["order_id"] for each in seen if status in (None, each["status"])]


async def test_each_fetched_order_is_in_its_source_s_topic_once(kafka: str, tmp_path: Path) -> None:
    """Through errors, limits and cut connections: one document per command, byte for byte, under its order's key."""
    faults: dict[str, Any] = {
        "error_rate": 0.2,
        "rate_limit_rate": 0.1,
        "retry_after_s": 0,
        "reset_after_rate": 0.1,
        "seed": 3,
    }
    async with (
        shop(12, **faults) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **{**QUICK, "retry_delays_s": [0] * 20}) as made,
    ):
        commands = [made.fetch(str(number)) for number in range(12)]
        await made.send(commands)
        outcomes = await made.wait_for_outcomes(12)
        records = await raw(made)
        log = made.workers[0].log_file.read_text()
    assert {each.result for each in outcomes} == {OutcomeResult.DELIVERED}
    assert sorted((record.header("ce_id") or b"").decode() for record in records) == sorted(c.id for c in commands)
    assert {record.key: record.value for record in records} == {
        f"{made.source}:{id}".encode(): orjson.dumps([order]) for id, order in api.orders.items()
    }
    assert [] == [leak for leak in (TOKEN, "a@b.se") if leak in log]
    assert all(TOKEN.encode() not in value for record in records for _, value in record.headers)


@pytest.mark.parametrize("point", ["sent:1", "answered:1", "settled:1", "done:1"])
async def test_killed_around_its_answer_it_writes_the_document_once(kafka: str, tmp_path: Path, point: str) -> None:
    """A document without its outcome would be fetched and written again; an outcome without it would lose the order."""
    async with (
        shop(latency_ms=300) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **QUICK) as made,
    ):
        (worker,) = made.workers
        worker.die_at(point)
        command = made.fetch("0")
        await made.send([command])
        (outcome,) = await made.wait_for_outcomes(1)
        await until(lambda: worker.exits, "the kill")
        (record,) = await raw(made)
        assert await made.waiting() == {}
    assert (outcome.command_id, record.header("ce_id")) == (command.id, command.id.encode())
    assert 1 <= len(asked(api)) <= 2


async def test_a_newer_fetch_takes_the_place_of_a_dead_one_through_a_restart(kafka: str, tmp_path: Path) -> None:
    """The API was down, or was pinged for too early: the next ping must bring the order in without an operator."""
    async with (
        shop(0) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **QUICK) as made,
    ):
        first, second = made.fetch("0", 1), made.fetch("0", 2, "order.done")
        await made.send([first])
        (dead,) = await made.wait_for_outcomes(1)
        (letter,) = await made.letters()
        (worker,) = made.workers
        worker.kill()
        await until(lambda: worker.exits, "the restart")
        assert [each["command"]["id"] for each in (await made.waiting()).values()] == [first.id]
        api.orders["0"] = {"order_id": "0", "total_amount": "1", "customer": {"email": "a@b.se"}}
        await made.send([second])
        outcomes = await made.wait_for_outcomes(2)
        assert await made.waiting() == {}
        (record,) = await raw(made)

        def superseded() -> list[str]:
            return [each["command_id"] for each in worker.log_lines() if "superseded" in str(each.get("event"))]

        await until(superseded, "the word of it")
    assert (dead.result, dead.attempts, letter.reason) == (OutcomeResult.DEAD, 4, "retries-exhausted")
    assert "order-not-found" in (dead.error or "")
    assert (outcomes[-1].command_id, record.header("ce_id")) == (second.id, second.id.encode())
    assert superseded() == [first.id]


async def test_of_two_dead_fetches_the_newer_stays_and_can_be_redriven(kafka: str, tmp_path: Path) -> None:
    """One row per order for the operator; a redrive brings the order, through a restart as well."""
    async with (
        shop(0) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **{**QUICK, "retry_delays_s": [0]}) as made,
    ):
        first, second = made.fetch("0", 1), made.fetch("0", 2)
        await made.send([first, second])
        await made.wait_for_outcomes(2)
        assert [each["command"]["id"] for each in (await made.waiting()).values()] == [second.id]
        (worker,) = made.workers
        worker.kill()
        await until(lambda: worker.exits, "the restart")
        api.orders["0"] = {"order_id": "0", "total_amount": "1", "customer": {"email": "a@b.se"}}
        await made.decide(CommandType.REDRIVE, first)
        await made.decide(CommandType.REDRIVE, second)
        outcomes = await made.wait_for_outcomes(3)
        assert await made.waiting() == {}
        (record,) = await raw(made)
    assert [(each.command_id, each.result.value) for each in outcomes][-1] == (second.id, "delivered")
    assert record.header("ce_id") == second.id.encode()


async def test_a_dead_fetch_can_be_discarded(kafka: str, tmp_path: Path) -> None:
    """A ping for an order that there never was must be got rid of."""
    async with (
        shop(0) as (_, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **{**QUICK, "retry_delays_s": []}) as made,
    ):
        forged = made.fetch("666")
        await made.send([forged])
        await made.wait_for_outcomes(1)
        await made.decide(CommandType.DISCARD, forged)

        async def gone() -> bool:
            return await made.waiting() == {}

        await until(gone, "the table empty")
        assert [] == await raw(made)


async def test_what_is_discarded_and_commanded_again_at_once_is_made_again(kafka: str, tmp_path: Path) -> None:
    """As a rebuild does it: both in one transaction must not stop the partition, and after each restart again."""
    async with (
        shop(0) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **{**QUICK, "retry_delays_s": []}) as made,
    ):
        fetched = made.fetch("0")
        await made.send([fetched])
        await made.wait_for_outcomes(1)
        api.orders["0"] = {"order_id": "0", "total_amount": "1", "customer": {"email": "a@b.se"}}
        data = {"command_id": fetched.id, "who": "ada", "why": "again"}
        word = make.command("op", fetched.order_key, target=made.name, type=CommandType.DISCARD, data=data)
        await made.send([word, fetched])
        results = [each.result for each in await made.wait_for_outcomes(3)]
        assert results == [OutcomeResult.DEAD, OutcomeResult.DISCARDED, OutcomeResult.DELIVERED]
        assert (made.workers[0].exits, len(await raw(made))) == ([], 1)


async def test_an_outage_costs_time_and_no_order(kafka: str, tmp_path: Path) -> None:
    """With the kind's own retries and breaker: a few seconds' worth of retries must not be all that an order gets."""
    defaults: dict[str, Any] = {"retry_delays_s": [0.1, 0.2, 0.3], "breaker": {"failures": 3, "open_s": 0.3}}
    async with (
        shop(5, error_rate=1) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **defaults) as made,
    ):
        await made.send([made.fetch(str(number)) for number in range(5)])
        await until(lambda: len(asked(api, 500)) >= 12, "an outage of several probes")
        assert [] == await made.letters()
        api.door.faults = Faults()
        outcomes = await made.wait_for_outcomes(5)
        assert len(await raw(made)) == 5
    assert {each.result for each in outcomes} == {OutcomeResult.DELIVERED}


async def test_an_answer_longer_than_the_bound_is_a_dead_letter_that_says_so(kafka: str, tmp_path: Path) -> None:
    """Stored cut, it would be taken for the order."""
    async with (
        shop() as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), response_bytes_max=1000, **QUICK) as made,
    ):
        api.orders["0"]["notes"] = "x" * 1000
        await made.send([made.fetch("0")])
        (outcome,) = await made.wait_for_outcomes(1)
        assert [] == await raw(made)
    assert (outcome.result, outcome.attempts) == (OutcomeResult.DEAD, 1)
    assert "response_bytes_max" in (outcome.error or "")


async def test_a_fetch_that_is_commanded_again_is_told_of_and_not_made_again(kafka: str, tmp_path: Path) -> None:
    """A rebuild of the states decides upon every fetch a second time: the raw topic has what they brought."""
    async with (
        shop(2) as (api, url),
        line(kafka, url, tmp_path, source=unique_name("qb"), **QUICK) as made,
    ):
        commands = [made.fetch("0"), made.fetch("1")]
        await made.send(commands)
        before = await made.wait_for_outcomes(2)
        (worker,) = made.workers
        worker.kill()
        await until(lambda: worker.exits, "the restart")
        await made.send(commands)
        after = await made.wait_for_outcomes(4)
        assert (len(await raw(made)), await made.waiting()) == (2, {})
        assert sorted(asked(api)) == ["0", "1"]
    told = {each.command_id: (each.result, each.attempts, each.at) for each in before}
    assert told == {each.command_id: (each.result, each.attempts, each.at) for each in after}
    assert len({event_id(each) for each in after}) == 2, "no news for whoever knows them"
