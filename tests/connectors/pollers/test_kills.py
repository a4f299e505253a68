"""The invariant: whoever polls, dies or comes back from the dead, every order lies in the topic once, none is skipped.

Two workers, orders placed all the while, many with the very same time over the boundaries of pages.
"""

import asyncio
import random
import signal
from dataclasses import replace
from pathlib import Path

from tests.connectors.harness import until
from tests.connectors.pollers.harness import ACCOUNT, Polled, polled

POINTS = ["page:1", "committed:2", "page:3"]
# As long as a worker may be silent before another takes its place, and a little more.
SESSION_S = 9.0


async def place_for(made: Polled, seconds: float, seed: int) -> None:
    """Groups of orders of one time, larger than a page of five; now and then one that is shown late."""
    dice = random.Random(seed)
    for _ in range(int(seconds / 0.5)):
        made.place(dice.choice([1, 2, 7, 12]), ago_s=dice.choice([0, 0, 0, 5, 60]))
        await asyncio.sleep(0.5)


async def test_a_poller_that_is_killed_between_page_and_commit_skips_and_repeats_nothing(
    kafka: str, tmp_path: Path
) -> None:
    """SIGKILL at exactly that point, and after the commit; the next one goes on from what Kafka has."""
    async with polled(kafka, tmp_path, slots=2) as made:
        made.place(23, ago_s=300)
        for died, point in enumerate(POINTS, 1):
            made.workers[0].die_at(point)  # whichever polls: they share it
            await place_for(made, 2, seed=died)
            for _ in range(120):
                if made.killed() == died:
                    break
                made.place(1)
                await asyncio.sleep(0.5)
            assert made.killed() == died, f"not killed at {point}"
        await made.wait_for(len(made.placed), 90)
        await made.assert_each_once()


async def test_a_poller_that_comes_back_after_another_took_its_place_does_no_harm(kafka: str, tmp_path: Path) -> None:
    """SIGSTOP past its session, then on with it: it has a page, a position and tokens, all of them of yesterday."""
    account = replace(ACCOUNT, token_ttl_s=4)
    async with polled(kafka, tmp_path, slots=2, account=account) as made:
        made.place(12)
        await made.wait_for(len(made.placed))
        await until(made.poller, "someone polls")
        zombie = made.poller()
        assert zombie is not None
        kept = (await made.position()).tokens

        async def renewed() -> bool:
            return (await made.position()).tokens != kept

        # Stopped between the answer with its tokens and their commit it would have the only ones: see the last test.
        await until(renewed, "new tokens, kept")
        zombie.send(signal.SIGSTOP)
        before = len(made.placed)
        await place_for(made, SESSION_S, seed=1)
        await made.wait_for(before + 1, 60)
        await until(lambda: made.poller() is not zombie, "another in its place")
        zombie.send(signal.SIGCONT)
        await place_for(made, 3, seed=2)
        await made.wait_for(len(made.placed), 60)
        made.place(3)
        await made.wait_for(len(made.placed), 60)
        await made.assert_each_once()
        assert [] == [line for line in made.log_lines() if line.get("reason") == "token"], "the chain of tokens held"


async def test_a_commit_that_kafka_does_not_answer_ends_the_worker(kafka: str, tmp_path: Path) -> None:
    """Taken for a time-out of the API it would be tried again, in a transaction of which nobody knows the state."""
    async with polled(kafka, tmp_path) as made:
        (worker,) = made.workers
        hangs = worker.failpoint.with_suffix(".hangs")
        hangs.touch()  # the first commit is the one before the token is refreshed
        made.place(6)
        await made.wait_for(6)
        assert worker.exits == [75]
        hangs.touch()
        made.place(6)
        await made.wait_for(12)
        await until(lambda: worker.exits == [75, 75], "the second end")
        await made.assert_each_once()


async def test_a_token_lost_in_a_crash_is_told_and_mended_without_a_restart(kafka: str, tmp_path: Path) -> None:
    """The one thing that cannot be had twice: the answer of a token endpoint that rotates. A person has to help."""
    async with polled(kafka, tmp_path, account=replace(ACCOUNT, token_ttl_s=1)) as made:
        (worker,) = made.workers
        made.place(2)
        await made.wait_for(2)
        worker.die_at("refreshed:1")
        await until(lambda: worker.exits == [-9], "the crash")
        made.place(2)
        await until(lambda: worker.log_lines("polling fails"), "the failure is told")
        failed = worker.log_lines("polling fails")[-1]
        assert (failed["reason"], "authorise the application again" in failed["error"]) == ("token", True)
        made.api.grants.refresh = "a-new-authorisation"
        made.refresh_token.write_text("a-new-authorisation\n")
        await made.wait_for(4)
        await made.assert_each_once()
