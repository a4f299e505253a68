"""A poller against a stand-in API on a real broker: what it records, what it asks, what it does where that fails."""

import asyncio
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import orjson

from connectors.pollers.cli import publish
from connectors.pollers.position import PollRequest
from connectors.sandbox.faults import Faults
from streams import topics
from streams.normalise import raw_webhook
from tests.connectors.harness import until
from tests.connectors.pollers.harness import ACCOUNT, order, polled
from tests.kafka import produce, read_committed


async def test_orders_are_recorded_byte_for_byte_as_fetched(kafka: str, tmp_path: Path) -> None:
    """The raw record is all that normalise, a replay and a person have: the API's bytes, and that we fetched them."""
    async with polled(kafka, tmp_path) as made:
        made.place(12, ago_s=100)
        record, *_ = await made.wait_for(12)
        await made.assert_each_once()
        webhook = raw_webhook(record)
        facts = (webhook.is_fetched, webhook.method, webhook.query["status"], len(webhook.receipt))
        assert (True, "GET", "ORDERED", 32) == facts
        headers = dict(record.headers)
        assert (headers["ce_source"], headers["ce_type"]) == (
            f"/pollers/{made.name}".encode(),
            b"webhook.apicbase.polled",
        )


async def test_a_changed_order_is_recorded_again_and_an_unchanged_one_is_not(kafka: str, tmp_path: Path) -> None:
    """Each document once: the poll sees every order of the last hour again and again."""
    async with polled(kafka, tmp_path, query="{}") as made:
        (placed,) = made.place()
        await made.wait_for(1)
        changed = orjson.dumps(orjson.loads(placed) | {"status": "DELIVERED"})
        made.api.put(changed)
        made.placed.append(changed)
        await made.wait_for(2)
        asked = len(made.listed())
        await until(lambda: len(made.listed()) > asked + 10, "ten more polls")
        await made.assert_each_once()


async def test_a_restart_goes_on_where_it_was(kafka: str, tmp_path: Path) -> None:
    """A position in a file or in memory would record everything again, or leave out what came meanwhile."""
    async with polled(kafka, tmp_path) as made:
        (worker,) = made.workers
        made.place(7)
        await made.wait_for(7)
        assert await worker.stop() == -9
        made.place(3)
        worker.start()
        await made.wait_for(10)
        await made.assert_each_once()
        assert made.api.grants.given == 1, "the access token is kept as well"


async def test_a_token_that_ends_is_renewed_and_a_revoked_one_once(kafka: str, tmp_path: Path) -> None:
    """A token of a week ends one day, also before its time; the refresh token is another one after each renewal."""
    async with polled(kafka, tmp_path, account=replace(ACCOUNT, token_ttl_s=2)) as made:
        for count in (1, 2, 3):
            made.place()
            await made.wait_for(count)
            made.api.expire()
            await asyncio.sleep(1.1)
        await made.assert_each_once()
        assert made.api.grants.given >= 4
        assert [] == [line for line in made.log_lines() if line["event"] == "polling fails"]


async def test_the_rate_limit_is_obeyed(kafka: str, tmp_path: Path) -> None:
    """Past its limit the API answers 429 and says how long to wait; before, the rate of the settings holds."""
    account = replace(ACCOUNT, requests_max=5, window_s=3)
    async with polled(kafka, tmp_path, account=account) as made:
        made.place(40)
        await made.wait_for(40)
        answered = [(datetime.fromisoformat(each["at"]), each["status"]) for each in made.listed()]
        refusals = [number for number, (_, status) in enumerate(answered[:-1]) if status == 429]
        assert refusals
        for number in refusals:
            assert (answered[number + 1][0] - answered[number][0]).total_seconds() >= 1, "Retry-After says 1 s at least"
        await made.assert_each_once()
    async with polled(kafka, tmp_path, rate_per_second=4) as made:
        await until(lambda: len(made.listed()) >= 9, "nine requests")
        times = [datetime.fromisoformat(each["at"]) for each in made.listed()]
        assert (times[8] - times[0]).total_seconds() > 1.7


async def test_errors_are_waited_out_and_told_once(kafka: str, tmp_path: Path) -> None:
    """An API that is down for an hour must not fill the log, and whoever looks must see when it was over."""
    async with polled(kafka, tmp_path, faults=Faults(error_rate=1)) as made:
        made.place()
        (worker,) = made.workers
        await until(lambda: len(made.api.door.requests) >= 4, "some failures")
        made.api.door.faults = Faults()
        await made.wait_for(1)
        await until(lambda: worker.log_lines("polling works again"), "the good news")
        (failed,) = worker.log_lines("polling fails")
        (works,) = worker.log_lines("polling works again")
        assert ("token", "HTTP 500" in failed["error"] or "500" in failed["error"]) == (failed["reason"], True)
        assert works["failures"] >= 3
        assert worker.exits == []


async def test_an_answer_that_is_cut_or_hangs_is_asked_for_again(kafka: str, tmp_path: Path) -> None:
    """Nothing may be taken from half an answer, and a hanging API must not hang the poller."""
    async with polled(kafka, tmp_path, timeout_s=2) as made:
        made.place(1)
        await made.wait_for(1)  # with a token, of which a lost answer is a person's to mend
        made.api.door.faults = Faults(
            reset_after_rate=0.2, hang_rate=0.2, hang_s=6, error_rate=0.1, rate_limit_rate=0.1, seed=3
        )
        made.place(22)
        await made.wait_for(23, 90)
        await made.assert_each_once()


async def test_an_operator_has_it_polled_now(kafka: str, tmp_path: Path) -> None:
    """With an hour between two polls nobody wants to wait for the next; each request is read once."""
    async with polled(kafka, tmp_path, interval_s=3600) as made:
        made.place(2)
        await made.wait_for(2)
        made.place(1)
        asked = len(made.listed())
        await asyncio.sleep(0.5)
        assert len(made.listed()) == asked
        await asyncio.to_thread(publish, kafka, made.name, PollRequest(who="ada", at=datetime.now(UTC)))
        await made.wait_for(3)
        await made.workers[0].stop()
        made.workers[0].start()
        await made.assert_each_once()
        await until(lambda: len(made.log_lines()) > 3, "a log")
        assert [line["who"] for line in made.log_lines() if line["event"] == "poll requested"] == ["ada"]


async def test_an_operator_has_orders_looked_for_from_a_time(kafka: str, tmp_path: Path) -> None:
    """An order that the API showed later than the overlap reaches back is found when someone asks for it."""
    async with polled(kafka, tmp_path, overlap_s=5) as made:
        made.place(2)
        await made.wait_for(2)
        made.place(1, ago_s=3600)
        asked = len(made.listed())
        await until(lambda: len(made.listed()) > asked + 5, "polls that do not reach back so far")
        assert len(await made.records()) == 2
        since = datetime.now(UTC) - timedelta(hours=2)
        await asyncio.to_thread(publish, kafka, made.name, PollRequest(since=since, who="ada", at=datetime.now(UTC)))
        await made.wait_for(3)
        await made.assert_each_once()


async def test_a_request_in_another_partition_is_brought_to_the_poller(kafka: str, tmp_path: Path) -> None:
    """Written with any client the key decides the partition, and not every partition's owner polls."""
    async with polled(kafka, tmp_path, interval_s=3600) as made:
        made.place(1)
        await made.wait_for(1)
        made.place(1)
        request = PollRequest(who="ada", at=datetime.now(UTC)).to_json()
        keys = [b"a", b"b", b"c", b"d", b"e", b"f"]
        await asyncio.to_thread(produce, kafka, topics.polls(made.name), [(key, request) for key in keys])
        await made.wait_for(2)
        lines = made.workers[0].log_lines
        await until(lambda: len(lines("poll requested")) == len(keys), "every request")


async def test_a_request_that_is_none_is_set_aside(kafka: str, tmp_path: Path) -> None:
    """A slip of a person must not end the polling."""
    async with polled(kafka, tmp_path) as made:
        await asyncio.to_thread(produce, kafka, topics.polls(made.name), [(b"x", b"poll, please")])

        async def found() -> bool:
            records = await asyncio.to_thread(read_committed, kafka, topics.QUARANTINE)
            return any(
                (record.header("reason"), record.header("origin_topic"))
                == (b"not-a-poll-request", topics.polls(made.name).encode())
                for record in records
            )

        await until(found, "quarantine", every_s=0.3)
        made.place(1)
        await made.wait_for(1)


async def test_an_invalid_order_is_recorded_and_does_not_stop_the_others(kafka: str, tmp_path: Path) -> None:
    """It is normalise that sets it aside with its reason; the poller keeps what the API has."""
    async with polled(kafka, tmp_path) as made:
        made.place(1)
        made.place(1, packages=[])
        made.place(1)
        await made.wait_for(3)
        await made.assert_each_once()


async def test_a_late_order_within_the_overlap_is_found(kafka: str, tmp_path: Path) -> None:
    """Their clocks and transactions are theirs: an order may be shown after others of a later time."""
    async with polled(kafka, tmp_path, overlap_s=60) as made:
        made.place(3)
        await made.wait_for(3)
        made.place(2, ago_s=50)
        await made.wait_for(5)
        await made.assert_each_once()


async def test_the_secrets_are_in_no_log(kafka: str, tmp_path: Path) -> None:
    """Tokens in a log are tokens in every copy of the log."""
    async with polled(kafka, tmp_path, account=replace(ACCOUNT, token_ttl_s=1)) as made:
        made.place(1)
        await made.wait_for(1)
        made.api.grants.refresh = "revoked"
        made.api.expire()
        file = made.workers[0].log_file
        await until(lambda: "authorise the application again" in file.read_text(), "the failure")
        text = file.read_text()
        for secret in (ACCOUNT.client_secret, ACCOUNT.refresh_token, *made.api.grants.access):
            assert secret not in text


def test_the_sample_order_is_one_that_is_listed() -> None:
    """The harness' own orders are written as the API writes them."""
    body = order("o-1", datetime(2026, 3, 1, tzinfo=UTC))
    assert ("é".encode() in body, b'"ordered_on":"2026-03-01T00:00:00Z"' in body) == (True, True)


async def test_operators_see_when_it_was_last_polled(kafka: str, tmp_path: Path) -> None:
    """A poller that has stood still for a day must be seen by whoever looks at the metrics, and not at the orders."""
    async with polled(kafka, tmp_path) as made:
        made.place(3)
        await made.wait_for(3)
        (line,) = made.workers[0].log_lines("monitor listens")
        async with aiohttp.ClientSession() as session:

            async def shown() -> dict[str, float]:
                async with session.get(f"{line['address']}/metrics") as response:
                    pairs = (each.rpartition(" ") for each in (await response.text()).splitlines())
                return {name: float(value) for name, _, value in pairs if "poll" in name and name[0] != "#"}

            async def has_polled() -> bool:  # counted after the commit that the records are of
                return f'orderlog_polled_orders_total{{source="{made.name}"}}' in await shown()

            await until(has_polled, "what was polled")
            found = await shown()
        assert abs(found[f'orderlog_poll_last_success_timestamp_seconds{{source="{made.name}"}}'] - time.time()) < 30
        assert found[f'orderlog_polled_orders_total{{source="{made.name}"}}'] == 3
        assert found[f'orderlog_polled_pages_total{{source="{made.name}"}}'] >= 1


async def test_a_worker_that_is_stopped_does_not_wait_for_the_api(kafka: str, tmp_path: Path) -> None:
    """A deployment must not hang on somebody else's server; the page is asked for again by the next worker."""
    async with polled(kafka, tmp_path, timeout_s=60) as made:
        (worker,) = made.workers
        made.place(1)
        await made.wait_for(1)
        made.api.door.faults = Faults(hang_rate=1, hang_s=60)
        await asyncio.sleep(1)
        asked = len(made.listed())
        await asyncio.sleep(0.5)
        assert len(made.listed()) == asked, "a request hangs"
        started = time.monotonic()
        assert await worker.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 30


async def test_a_list_without_end_is_told_and_its_orders_are_kept(kafka: str, tmp_path: Path) -> None:
    """More pages than anyone expected: a person must hear of it, and what was read is not thrown away."""
    async with polled(kafka, tmp_path, pages_max=2) as made:
        made.place(13)
        await made.wait_for(10)
        (worker,) = made.workers
        await until(lambda: worker.log_lines("polling fails"), "the word of it")
        failed = worker.log_lines("polling fails")[0]
        assert (failed["reason"], "poll.pages_max" in failed["error"]) == ("too-many-pages", True)
        assert worker.exits == []


async def test_a_moved_api_is_told_and_not_followed(kafka: str, tmp_path: Path) -> None:
    """A redirect would take the token to whoever the answer names."""
    async with polled(kafka, tmp_path, path='"/somewhere/else/"') as made:
        (worker,) = made.workers
        await until(lambda: worker.log_lines("polling fails"), "the word of it")
        assert "see poll.base_url and poll.path" in worker.log_lines("polling fails")[0]["error"]
