"""One target end to end on a real broker: faults, bounds, dead letters and what operators do about them."""

import asyncio
import signal
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from streams import topics
from streams.vocabulary import CommandType, OutcomeResult
from tests.connectors.api import TOKEN, lines, sandbox
from tests.connectors.harness import assert_delivered_once, assert_effects, line, until
from tests.kafka import produce

BROKEN = {"order": {"external_order_id": "broken"}}


def arrivals_s(stand_in: ExternalApi, status: int | None = None) -> list[float]:
    """When requests arrived, of those that were answered `status` or of all, oldest first."""
    seen = lines(b"\n".join(stand_in.requests))
    return sorted(datetime.fromisoformat(each["at"]).timestamp() for each in seen if status in (None, each["status"]))


def heal(stand_in: ExternalApi, **faults: Any) -> None:
    stand_in.faults = Faults(**faults)


async def test_retry_after_silences_the_whole_target_and_costs_no_attempt(kafka: str, tmp_path: Path) -> None:
    """Ignored or shortened, it gets us banned; charged, a busy target turns good orders into dead letters."""
    async with (
        sandbox(rate_limit_rate=1, retry_after_s=2) as (stand_in, url),
        line(kafka, url, tmp_path, retry_delays_s=[], max_in_flight=4) as made,
    ):
        commands = made.commands(20, keys=20)
        await made.send(commands)
        await until(lambda: stand_in.requests, "the first 429")
        heal(stand_in)
        outcomes = await made.wait_for_outcomes(20)
        await assert_delivered_once(made, stand_in, commands)
    limited, well = arrivals_s(stand_in, 429), arrivals_s(stand_in, 201)
    assert 1 <= len(limited) <= 4, "no more than were in flight already"
    assert well[0] - limited[0] >= 2
    assert sorted(each.attempts for each in outcomes)[-1] == 2


async def test_an_open_breaker_uses_up_no_attempts_and_dead_letters_nothing(kafka: str, tmp_path: Path) -> None:
    """An outage must cost time, not orders."""
    async with (
        sandbox(error_rate=1) as (stand_in, url),
        line(
            kafka,
            url,
            tmp_path,
            retry_delays_s=[0, 0, 0, 0, 0],
            breaker={"failures": 3, "open_s": 0.5},
            max_in_flight=2,
        ) as made,
    ):
        commands = made.commands(12, keys=12)
        await made.send(commands)
        await until(lambda: len(stand_in.requests) >= 8, "an outage of some probes", every_s=0.01)
        stored, outage = await made.stored(), arrivals_s(stand_in)
        assert await made.letters() == []
        assert sum(each["charged"] for each in stored.values()) == 3
        heal(stand_in)
        outcomes = await made.wait_for_outcomes(12)
        await assert_delivered_once(made, stand_in, commands)
    probes = outage[4:]
    assert min(later - sooner for sooner, later in pairwise(probes)) >= 0.45
    assert sum(each.attempts - 1 for each in outcomes) == len(arrivals_s(stand_in, 500))


async def test_a_dead_letter_holds_its_order_until_it_is_discarded(kafka: str, tmp_path: Path) -> None:
    """One order's trouble is its own: others flow, its later commands wait, through a restart, for an operator."""
    async with sandbox() as (stand_in, url), line(kafka, url, tmp_path, pending_max=3) as made:
        dead = made.command(1, "duda:shop/held").model_copy(update={"data": BROKEN})
        behind = [made.command(number, "duda:shop/held") for number in range(2, 10)]
        await made.send([dead, *behind])
        await made.wait_for_outcomes(1)
        others = made.commands(20, keys=5, start=100)
        await made.send(others)
        await made.wait_for_outcomes(21)
        assert_effects(stand_in, others)
        (letter,) = await made.letters()
        (worker,) = made.workers
        worker.kill()
        await until(lambda: worker.exits, "the restart")
        await made.decide(CommandType.DISCARD, dead)
        outcomes = await made.wait_for_outcomes(30)
        assert_effects(stand_in, [*others, *behind])
        assert await made.stored() == {}
        log = worker.log_file.read_text()
    assert (letter.reason, letter.command, letter.attempts) == ("rejected", dead, 1)
    assert letter.exchange is not None
    assert letter.exchange.status == 422
    assert orjson.loads(letter.exchange.request_body) == BROKEN["order"]
    assert orjson.loads(letter.exchange.response_body or "")["reason"] == "invalid-order"
    assert letter.exchange.request_headers["Authorization"] == "***"
    ended = [(each.result, each.error) for each in outcomes if each.command_id == dead.id]
    assert ended == [(OutcomeResult.DEAD, "HTTP 422"), (OutcomeResult.DISCARDED, "HTTP 422")]
    assert {each.result for each in outcomes if each.command_id != dead.id} == {OutcomeResult.DELIVERED}
    assert "dead letter discarded" in log
    assert [] == [leak for leak in (TOKEN, "ada@example.com", "04107") if leak in log]
    assert all(TOKEN.encode() not in (record.value or b"") for record in await made.read(topics.DEADLETTERS))


async def test_a_redrive_sends_the_same_command_again_then_its_order_goes_on(kafka: str, tmp_path: Path) -> None:
    """What waits behind a dead letter must not fill the bound, or the redrive could never be read."""
    async with (
        sandbox(error_rate=1) as (stand_in, url),
        line(kafka, url, tmp_path, pending_max=2, retry_delays_s=[0], breaker={"failures": 1000, "open_s": 1}) as made,
    ):
        commands = [made.command(number, "duda:shop/1") for number in range(8)]
        await made.send(commands)
        (dead,) = await made.wait_for_outcomes(1)
        heal(stand_in)
        await made.decide(CommandType.REDRIVE, commands[0])
        await made.decide(CommandType.REDRIVE, commands[0])
        outcomes = await made.wait_for_outcomes(9)
        assert_effects(stand_in, commands)
        assert await made.stored() == {}
        (letter,) = await made.letters()
    assert (dead.result, dead.attempts, letter.reason) == (OutcomeResult.DEAD, 2, "retries-exhausted")
    again = [each for each in outcomes if each.command_id == commands[0].id]
    assert [(each.result, each.attempts) for each in again] == [(OutcomeResult.DEAD, 2), (OutcomeResult.DELIVERED, 3)]
    assert len(outcomes) == 9


async def test_rate_and_slots_are_kept_as_the_api_sees_them(kafka: str, tmp_path: Path) -> None:
    """Three partitions share one target: its limits are the target's, not each partition's."""
    async with (
        sandbox(latency_ms=100) as (stand_in, url),
        line(kafka, url, tmp_path, rate_per_second=50, max_in_flight=4) as made,
    ):
        commands = made.commands(90, keys=90)
        await made.send(commands)
        await made.wait_for_outcomes(90)
        await assert_delivered_once(made, stand_in, commands)
        assert stand_in.in_flight_seen == 4
    arrived = arrivals_s(stand_in)
    busiest = max(sum(start <= each < start + 1 for each in arrived) for start in arrived)
    assert busiest <= 50 * 1.1 + 1
    assert arrived[-1] - arrived[0] >= 89 / 50 * 0.9


async def test_past_the_bound_reading_stops_and_nothing_is_dropped(kafka: str, tmp_path: Path) -> None:
    """A target that hangs must cost neither memory nor commands."""
    async with (
        sandbox(hang_rate=1, hang_s=60) as (stand_in, url),
        line(
            kafka, url, tmp_path, pending_max=5, timeout_s=6, retry_delays_s=[0] * 50, breaker={"failures": 999}
        ) as made,
    ):
        commands = made.commands(120, keys=120)
        await made.send(commands)
        await until(lambda: stand_in.in_flight_seen >= 15, "five of each of three partitions")
        await asyncio.sleep(1)
        assert (stand_in.in_flight_seen, len(await made.stored())) == (15, 15)
        heal(stand_in)
        await made.wait_for_outcomes(120)
        await assert_delivered_once(made, stand_in, commands)


async def test_a_full_queue_goes_on_reading_once_it_is_empty(kafka: str, tmp_path: Path) -> None:
    """The last answer of a full queue makes room in its own commit: nothing else would wake the partition."""
    async with sandbox() as (stand_in, url), line(kafka, url, tmp_path, pending_max=1) as made:
        commands = made.commands(12, keys=6)
        await made.send(commands)
        await made.wait_for_outcomes(12)
        await assert_delivered_once(made, stand_in, commands)


async def test_a_clean_stop_commits_what_is_in_flight(kafka: str, tmp_path: Path) -> None:
    """Else every deployment would repeat every request that was under way."""
    async with sandbox(latency_ms=300) as (stand_in, url), line(kafka, url, tmp_path, max_in_flight=10) as made:
        commands = made.commands(30, keys=30)
        await made.send(commands)
        await until(lambda: stand_in.in_flight_seen >= 10, "ten in flight", every_s=0.01)
        (worker,) = made.workers
        assert await worker.stop(signal.SIGTERM) == 0
        done = {each.command_id for each in await made.outcomes()}
        assert done == {effect.idempotency_key for effect in stand_in.ledger.effects}
        assert len(done) >= 10
        worker.start()
        await made.wait_for_outcomes(30)
        await assert_delivered_once(made, stand_in, commands)
        assert stand_in.ledger.repeats == 0


async def test_bad_records_and_repeats_do_not_stop_the_sink(kafka: str, tmp_path: Path) -> None:
    """What cannot be read is set aside with its reason; what is there already is not done again."""
    async with sandbox(latency_ms=500) as (stand_in, url), line(kafka, url, tmp_path) as made:
        first, second = made.command(1, "duda:shop/1"), made.command(2, "duda:shop/1")
        unsendable = made.command(3, "duda:shop/3").model_copy(update={"data": {"order": 7}})
        topic = topics.commands(made.name)
        await asyncio.to_thread(produce, kafka, topic, [(b"duda:shop/1", b"not a command"), (b"duda:shop/1", None)])
        await made.send([first, first, second, first, second, unsendable])
        outcomes = await made.wait_for_outcomes(3)
        assert_effects(stand_in, [first, second])
        aside = [each for each in await made.read(topics.QUARANTINE) if each.header("origin_topic") == topic.encode()]
        (letter,) = await made.letters()
    assert [each.value for each in aside] == [b"not a command", None]
    assert {each.header("reason") for each in aside} == {b"not-a-command"}
    assert sorted((each.command_id, each.result.value, each.attempts) for each in outcomes) == [
        (first.id, "delivered", 1),
        (second.id, "delivered", 1),
        (unsendable.id, "dead", 0),
    ]
    assert (letter.reason, letter.exchange) == ("unprocessable", None)


async def test_answers_that_no_record_can_hold_stop_nothing(kafka: str, tmp_path: Path) -> None:
    """A header that is not UTF-8, or a Retry-After out of range, ended the worker; and so it did after each restart."""
    odd = {
        "latin": b"HTTP/1.1 400 Bad Request\r\nX-Note: caf\xe9\r\nContent-Length: 0\r\n\r\n",
        "late": b"HTTP/1.1 422 No\r\nRetry-After: Sun, 01 Mar 2026 12:00:99999999999999999999 GMT\r\n"
        b"Content-Length: 0\r\n\r\n",
        "wait": b"HTTP/1.1 503 No\r\nRetry-After: Sun, 01 Mar 2026 12:00:99999999999999999999 GMT\r\n"
        b"Content-Length: 0\r\n\r\n",
        "garbage": b"HTTP/1.1 200 caf\xe9\r\nX Y\xe9: 1\r\n\r\n",
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        asked = orjson.loads(await reader.readexactly(length))["external_order_id"]
        writer.write(odd.get(asked.partition("/")[2], b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with line(kafka, url, tmp_path, retry_delays_s=[0], breaker={"failures": 100, "open_s": 1}) as made:
            names = [*odd, "large", "well"]
            commands = [made.command(number, f"duda:shop/{name}") for number, name in enumerate(names)]
            commands = [
                each.model_copy(update={"data": {"order": {**each.data["order"], "currency": 2**70}}})
                if each.order_key.endswith("large")
                else each
                for each in commands
            ]
            await made.send(commands)
            outcomes = {each.order_key.partition("/")[2]: each for each in await made.wait_for_outcomes(len(names))}
            letters = await made.letters()
            assert [] == made.workers[0].exits
    assert dict.fromkeys(names[:-1], OutcomeResult.DEAD) == {
        name: each.result for name, each in outcomes.items() if name != "well"
    }
    assert OutcomeResult.DELIVERED is outcomes["well"].result
    assert len(letters) == len(names) - 1
