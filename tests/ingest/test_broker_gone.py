"""The broker dies, hangs, comes late, or breaks the producer: 503 in time, bounded memory, no restart needed."""

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from ingest.server import Server
from streams import topics
from streams.broker import LocalBroker
from streams.settings import SettingsError
from tests.ingest.role import Role, role
from tests.ingest.support import ORDER, running, session, settings_of
from tests.kafka import create_topics

DEADLINE_S = 4.0
SLACK_S = 6.0  # the machine may be busy with other tests; without a deadline of ours it is minutes
MEMORY_GROWTH_BYTES_MAX = 64 * 1024 * 1024


async def post(client: aiohttp.ClientSession, url: str, body: bytes = ORDER) -> tuple[int, float]:
    """Status and seconds; a 503 must say when to come again and why."""
    started_s = time.monotonic()
    async with client.post(url, data=body) as answer:
        if answer.status != 200:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["reason"] in ("broker-unavailable", "overloaded")) == (503, True)
            assert int(answer.headers["Retry-After"]) >= 1
        return answer.status, time.monotonic() - started_s


async def accepted_again(client: aiohttp.ClientSession, url: str, within_s: float = 30) -> None:
    """Tries until a webhook is accepted."""
    async with asyncio.timeout(within_s):
        while (await post(client, url))[0] != 200:
            await asyncio.sleep(0.1)


async def flood(
    role: Role, client: aiohttp.ClientSession, for_s: float, at_least: int = 0
) -> tuple[list[int], float, int]:
    """Large webhooks from many senders at once: their statuses, the longest wait, the growth of the memory."""
    before, until_s = role.memory_bytes(), time.monotonic() + for_s
    results: list[tuple[int, float]] = []

    async def sender() -> None:
        while time.monotonic() < until_s or len(results) < at_least:
            results.append(await post(client, url, bytes(200_000)))
            await asyncio.sleep(0.02)

    url = role.url
    await asyncio.gather(*(sender() for _ in range(40)))
    return [status for status, _ in results], max(seconds for _, seconds in results), role.memory_bytes() - before


@pytest.mark.parametrize("how", ["killed", "suspended"])
async def test_a_broker_that_is_gone_means_503_in_time_and_flat_memory_and_it_recovers(
    private_broker: LocalBroker, tmp_path: Path, how: str
) -> None:
    """SIGKILL refuses connections, SIGSTOP leaves them hanging: either way senders hear in time, and later get in."""
    with role(private_broker.bootstrap, tmp_path) as ingest:
        create_topics(private_broker.bootstrap, [topics.webhooks(ingest.source)])
        await asyncio.to_thread(ingest.wait_until_ready)
        async with session() as client:
            await accepted_again(client, ingest.url)
            await flood(ingest, client, 1)
            if how == "killed":
                private_broker.kill()
            else:
                private_broker.suspend()
            statuses, longest_s, growth = await flood(ingest, client, 8, 101)
            assert longest_s < DEADLINE_S + SLACK_S
            assert growth < MEMORY_GROWTH_BYTES_MAX
            assert statuses.count(503) > 100
            async with client.get(ingest.base + "/ready") as answer:
                assert (answer.status, "Retry-After" in answer.headers) == (503, True)
            async with client.get(ingest.base + "/health") as answer:
                assert answer.status == 200
            if how == "killed":
                await asyncio.to_thread(private_broker.restart)
            else:
                private_broker.resume()
            await accepted_again(client, ingest.url)
            async with client.get(ingest.base + "/ready") as answer:
                assert answer.status == 200
        assert await asyncio.to_thread(ingest.stop) == 0


async def test_every_200_survives_the_brokers_death(private_broker: LocalBroker) -> None:
    """What was answered 200 is in the topic after the broker was killed in the middle of it."""
    async with running(settings_of(private_broker.bootstrap), patient=False) as up, session() as client:
        receipts: set[str] = set()
        stop = asyncio.Event()

        async def sender() -> None:
            while not stop.is_set():
                async with client.post(up.url, data=ORDER) as answer:
                    if answer.status == 200:
                        receipts.add((await answer.json())["receipt"])
                    else:
                        await asyncio.sleep(0.05)

        senders = [asyncio.create_task(sender()) for _ in range(8)]
        async with asyncio.timeout(30):
            while len(receipts) < 50:
                await asyncio.sleep(0.05)
        await asyncio.to_thread(private_broker.kill)
        before = len(receipts)
        await asyncio.to_thread(private_broker.restart)
        async with asyncio.timeout(30):
            while len(receipts) < before + 20:
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*senders)
        stored = {(record.header("ce_id") or b"").decode() for record in await up.records()}
    assert receipts - stored == set()


async def test_a_server_that_starts_before_its_broker_waits_for_it(private_broker: LocalBroker) -> None:
    """The order in which processes start is not in our hands."""
    settings = settings_of(private_broker.bootstrap)
    create_topics(private_broker.bootstrap, [topics.webhooks(settings.sources[0].name)])
    await asyncio.to_thread(private_broker.kill)
    back = asyncio.create_task(asyncio.to_thread(private_broker.restart))
    async with running(settings, with_topics=False, patient=False) as up, session() as client:
        await back
        await accepted_again(client, up.url)


async def test_a_missing_topic_fails_its_own_source_only_and_is_said(kafka: str) -> None:
    """One source without its topic: not ready, 503 for it, and 200 for the other."""
    one, other = settings_of(kafka), settings_of(kafka)
    both = one.model_copy(update={"sources": (*one.sources, *other.sources)})
    create_topics(kafka, [topics.webhooks(one.sources[0].name)], partitions=1)
    async with running(both, with_topics=False, patient=False) as up, session() as client:
        missing = up.url.replace(one.sources[0].name, other.sources[0].name)
        if topics.webhooks(other.sources[0].name) not in up.server.availability.missing:
            pytest.skip("this broker creates topics by itself")
        (status, seconds), _ = await asyncio.gather(post(client, missing), accepted_again(client, up.url))
        assert status == 503
        assert seconds < DEADLINE_S + SLACK_S
        async with client.get(up.base + "/ready") as answer:
            assert (answer.status, (await answer.json(content_type=None))["reason"]) == (503, "topic-missing")


async def test_a_poisoned_producer_is_replaced(kafka: str) -> None:
    """A fatal error leaves librdkafka refusing everything for good; a new producer takes over by itself.

    With `enable.gapless.guarantee` a record that the broker rejects is such an error.
    """
    settings = settings_of(kafka)
    create_topics(kafka, [topics.webhooks(settings.sources[0].name)], max_message_bytes="20000")
    poison = {"enable.gapless.guarantee": True}
    async with (
        running(settings, producer_overrides=poison, with_topics=False, patient=False) as up,
        session() as client,
    ):
        assert (await post(client, up.url))[0] == 200
        async with client.post(up.url, data=bytes(100_000)) as answer:
            assert answer.status in (413, 503)
        await accepted_again(client, up.url)
        assert up.server.producer.restarts == 1
        assert [record.value for record in await up.records()].count(ORDER) == 2


async def test_a_record_that_the_broker_finds_too_large_is_413(kafka: str) -> None:
    """Sending it again would not help, so it is not 503."""
    settings = settings_of(kafka)
    create_topics(kafka, [topics.webhooks(settings.sources[0].name)], max_message_bytes="20000")
    async with running(settings, with_topics=False, patient=False) as up, session() as client:
        async with client.post(up.url, data=bytes(range(256)) * 400) as answer:
            assert (answer.status, (await answer.json(content_type=None))["reason"]) == (413, "body-too-large")
        assert (await post(client, up.url))[0] == 200


async def test_a_producer_whose_writes_keep_failing_is_replaced(kafka: str) -> None:
    """The broker answers and the writes fail all the same: after a while that is taken for the producer's fault."""
    settings = settings_of(kafka, produce_timeout_s=0.5)
    async with running(settings, with_topics=False, patient=False) as up, session() as client:
        if not up.server.availability.missing:
            pytest.skip("this broker creates topics by itself")
        up.server.availability._stuck_after_s = 1.0
        async with asyncio.timeout(20):
            while up.server.producer.restarts == 0:
                assert (await post(client, up.url))[0] == 503
        await asyncio.to_thread(create_topics, kafka, [up.topic])
        await accepted_again(client, up.url)


def test_nothing_starts_without_a_brokers_address() -> None:
    """One message that says what to set."""
    settings = settings_of("unused")
    settings = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": None})})
    with pytest.raises(SettingsError, match=r"kafka\.bootstrap: is not set"):
        Server(settings, {})
