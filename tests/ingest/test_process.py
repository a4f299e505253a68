"""Ingest as a process: it drains at SIGTERM, shares its port, and refuses to start where it would not be safe."""

import asyncio
import signal
import socket
import time
from pathlib import Path

import aiohttp
import pytest

from streams import topics
from tests.ingest.role import Role, role
from tests.ingest.support import ORDER, TOKEN, session
from tests.kafka import create_topics, read_committed

# What is ended before is ended by the drain.
PATIENT = "header_timeout_s = 60\nbody_timeout_s = 60"
DEFAULT_DRAIN_S = 15.0
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"


def receipts_in(kafka: str, ingest: Role) -> set[str]:
    records = read_committed(kafka, topics.webhooks(ingest.source))
    return {(record.header("ce_id") or b"").decode() for record in records}


async def is_receiving(ingest: Role) -> None:
    """Until it knows of one webhook that is on its way."""
    async with asyncio.timeout(60), session() as client:
        while True:
            async with client.get(ingest.base + "/metrics") as answer:
                if "orderlog_ingest_in_flight 1.0" in (await answer.text()).splitlines():
                    return
            await asyncio.sleep(0.05)


async def load(ingest: Role, stop: asyncio.Event, receipts: set[str], senders: int = 16) -> int:
    """Sends until `stop` or until nobody answers; collects the receipts of every 200, gives the other statuses."""
    url, refused = ingest.url, 0

    async def sender(client: aiohttp.ClientSession) -> None:
        nonlocal refused
        while not stop.is_set():
            try:
                async with client.post(url, data=ORDER) as answer:
                    if answer.status == 200:
                        receipts.add((await answer.json())["receipt"])
                    else:
                        refused += 1
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)

    async with session() as client:
        await asyncio.gather(*(sender(client) for _ in range(senders)))
    return refused


@pytest.mark.parametrize("processes", [1, 2])
async def test_sigterm_under_load_loses_no_200(kafka: str, tmp_path: Path, processes: int) -> None:
    """Exit 0, in time, and everything that was answered 200 is in the topic."""
    with role(kafka, tmp_path, f"processes = {processes}") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)], partitions=3)
        await asyncio.to_thread(ingest.wait_until_ready, processes)
        receipts: set[str] = set()
        stop = asyncio.Event()
        sending = asyncio.create_task(load(ingest, stop, receipts))
        while len(receipts) < 200:
            await asyncio.sleep(0.05)
        code = await asyncio.to_thread(ingest.stop)
        stop.set()
        await sending
    assert code == 0
    assert receipts - await asyncio.to_thread(receipts_in, kafka, ingest) == set()


async def test_sigterm_lets_a_half_sent_webhook_finish(kafka: str, tmp_path: Path) -> None:
    """A body that is on its way is still received, stored and answered; new and idle connections are turned away."""
    with role(kafka, tmp_path, f"drain_timeout_s = 60\n{PATIENT}") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)])
        await asyncio.to_thread(ingest.wait_until_ready)
        port = int(ingest.base.rpartition(":")[2])
        idle, _ = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD.format(path=ingest.path, length=len(ORDER)).encode() + ORDER[:5])
        await is_receiving(ingest)
        ingest.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(idle.read(), 30) == b""
        with pytest.raises(OSError, match="refused"):
            await asyncio.open_connection("127.0.0.1", port)
        writer.write(ORDER[5:])
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"Connection: close" in answer
        assert await asyncio.to_thread(ingest.process.wait, 30) == 0
        assert len(await asyncio.to_thread(receipts_in, kafka, ingest)) == 1


async def test_sigterm_does_not_wait_for_ever(kafka: str, tmp_path: Path) -> None:
    """A sender that never finishes is cut off at the bound."""
    with role(kafka, tmp_path, f"drain_timeout_s = 1\n{PATIENT}") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)])
        await asyncio.to_thread(ingest.wait_until_ready)
        _, writer = await asyncio.open_connection("127.0.0.1", int(ingest.base.rpartition(":")[2]))
        writer.write(HEAD.format(path=ingest.path, length=len(ORDER)).encode() + ORDER[:5])
        await is_receiving(ingest)
        started_s = time.monotonic()
        assert await asyncio.to_thread(ingest.stop) == 0
        assert time.monotonic() - started_s < DEFAULT_DRAIN_S
        writer.close()


async def test_two_processes_share_a_port_and_a_killed_one_comes_back(kafka: str, tmp_path: Path) -> None:
    """Both take part, one scrape tells of both, and SIGKILL of one costs no 200 and leaves no gap for long."""
    with role(kafka, tmp_path, "processes = 2", level="debug") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)], partitions=3)
        await asyncio.to_thread(ingest.wait_until_ready, 2)
        receipts: set[str] = set()
        sendings = 0
        ingest.children()[0].kill()
        await asyncio.to_thread(ingest.wait_until_ready, 3)
        assert len(ingest.children()) == 2
        async with asyncio.timeout(60):
            while len(receipts) < 60:  # a connection each, so that the kernel deals them out
                async with aiohttp.ClientSession() as client, client.post(ingest.url, data=ORDER) as answer:
                    sendings += 1
                    if answer.status != 503:  # its sender would come again, though it may be stored
                        assert answer.status == 200
                        receipts.add((await answer.json())["receipt"])
        async with session() as client, client.get(ingest.base + "/metrics") as answer:
            metrics = await answer.text()
        assert await asyncio.to_thread(ingest.stop) == 0
    accepted = [line for line in metrics.splitlines() if "webhooks_total" in line and '"accepted"' in line]
    assert sum(float(line.rpartition(" ")[2]) for line in accepted) == 60
    found = await asyncio.to_thread(receipts_in, kafka, ingest)
    assert receipts <= found
    assert 60 <= len(found) <= sendings


async def test_children_end_with_their_parent(kafka: str, tmp_path: Path) -> None:
    """SIGKILL of the parent leaves nobody on the port."""
    with role(kafka, tmp_path, "processes = 2") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)])
        await asyncio.to_thread(ingest.wait_until_ready, 2)
        children = ingest.children()
        ingest.process.kill()
        ingest.process.wait()
        deadline_s = time.monotonic() + 30
        while any(child.is_running() and child.status() != "zombie" for child in children):
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_secret_that_is_not_there_refuses_the_start(kafka: str, tmp_path: Path, processes: int) -> None:
    """Exit 2, one line that names the reference, and no server meanwhile."""
    with role(kafka, tmp_path, f"processes = {processes}", secret="env:NOT_SET_ANYWHERE") as ingest:
        assert ingest.process.wait(30) == 2
        ingest._reader.join(5)
    assert [line for line in ingest.lines if "env:NOT_SET_ANYWHERE" in line]
    assert [line for line in ingest.lines if "listening" in line or "Traceback" in line] == []


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_that_is_taken_refuses_the_start(kafka: str, tmp_path: Path, processes: int) -> None:
    """One line that says so, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with role(kafka, tmp_path, f"processes = {processes}", port=port) as ingest:
            assert ingest.process.wait(30) == 2
            ingest._reader.join(5)
    assert [line for line in ingest.lines if f"cannot listen on 127.0.0.1:{port}" in line]
    assert [line for line in ingest.lines if "Traceback" in line] == []


async def test_no_secret_is_in_the_log_of_the_process(kafka: str, tmp_path: Path) -> None:
    """At the level debug, with two processes, accepted and refused: not the token, not the body, not the query."""
    with role(kafka, tmp_path, "processes = 2", level="debug") as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source)])
        await asyncio.to_thread(ingest.wait_until_ready, 2)
        async with session() as client:
            for path in (f"/{TOKEN}", "/wrong-private", f"/{TOKEN}?x=private", f"?token={TOKEN}private"):
                url = f"{ingest.base}/webhooks/{ingest.source}{path}"
                async with client.post(url, data=b"private", headers={"X-Any": "private"}):
                    pass
        assert await asyncio.to_thread(ingest.stop) == 0
    log = "\n".join(ingest.lines)
    assert "webhook accepted" in log
    assert "token-mismatch" in log
    assert [word for word in (TOKEN, "private") if word in log] == []
