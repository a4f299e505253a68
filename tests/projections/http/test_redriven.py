"""An operator's requests, real workers, a real broker and a target at the other end."""

from pathlib import Path

from connectors.sandbox.faults import Faults
from streams.settings import load
from streams.vocabulary import OutcomeResult
from tests.connectors.api import sandbox
from tests.connectors.harness import assert_effects, line, until
from tests.projections.http.serving import serving


async def test_a_redrive_frees_the_orders_later_commands_in_order(kafka: str, tmp_path: Path) -> None:
    """With the same idempotency keys; what is discarded is not sent, and its order goes on."""
    async with (
        sandbox(error_rate=1) as (stand_in, url),
        line(kafka, url, tmp_path, retry_delays_s=[], breaker={"failures": 1000}) as made,
        serving(load(made.config, {})) as caller,
    ):
        commands = made.commands(9, keys=3)
        await made.send(commands)
        await made.wait_for_outcomes(3)
        _, body = await caller.get("/deadletters", reason="retries-exhausted")
        assert ({each.id for each in commands[:3]}, {2}) == (
            {each["id"] for each in body["dead_letters"]},
            {each["behind"] for each in body["dead_letters"]},
        )
        stand_in.faults = Faults()
        assert 202 == (await caller.post(f"/deadletters/{commands[2].id}/discard", why="sold out"))[0]
        wanted = {"selection": {"reasons": ["retries-exhausted"]}, "why": "it is back"}

        async def rehearsed() -> bool:
            return bool((await caller.post("/deadletters/redrive", **wanted))[1]["count"] == 2)

        await until(rehearsed, "the discard is taken into account")
        _, rehearsal = await caller.post("/deadletters/redrive", **wanted)
        status, done = await caller.post("/deadletters/redrive", **wanted, dry_run=False, confirm=rehearsal["confirm"])
        assert (202, 2) == (status, done["decided"])
        outcomes = await made.wait_for_outcomes(3 + 1 + 8)
        assert_effects(stand_in, [*commands[:2], *commands[3:]])
        assert 8 == sum(each.result is OutcomeResult.DELIVERED for each in outcomes)

        async def taken_up() -> bool:
            _, audit = await caller.get("/deadletters/audit")
            return [each["taken_up"] for each in audit["decisions"]] == [True] * 3

        await until(taken_up, "the decisions are taken up")
        _, shown = await caller.get(f"/deadletters/{commands[0].id}")
        assert ("delivered", "it is back") == (shown["state"], shown["decisions"][0]["why"])
