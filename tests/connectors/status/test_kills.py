"""The invariant: whoever polls or dies, every order's last snapshot is in the topic, and no snapshot is there twice."""

from collections import Counter
from pathlib import Path

import orjson

from tests.connectors.harness import until
from tests.connectors.status.harness import Site, polling, site

POINTS = ["page:2", "committed:1", "page:1"]


async def test_a_poll_that_is_killed_skips_and_repeats_nothing(kafka: str, tmp_path: Path) -> None:
    """SIGKILL between page and commit, and after it; two workers of which one polls, and orders that go on changing."""
    async with site(kafka, tmp_path, polling(), slots=2) as made:
        for number in range(12):
            await made.place(number)
        await until(made.asked, "someone polls")
        for died, point in enumerate(POINTS, 1):
            made.workers[0].die_at(point)  # whichever polls: they share it
            for number in range(12 * died, 12 * (died + 1)):
                await made.act(number - 12, tryApprove=True)
                await made.place(number)
            await until(lambda died=died: made.killed() == died, f"killed at {point}")
        await until(lambda: shows_all(made), "the last snapshot of every order", every_s=0.3)
        await made.rounds(2)
        found = Counter(orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in await made.items())
        assert {1} == set(found.values())


async def shows_all(made: Site) -> bool:
    """Whether what was recorded last of each order is what the API shows now."""
    last = {each["identifiers"]["key"]: each["status"] for each in await made.items()}
    now = await made.shop.get("/v1/trade-orders~with(status)")
    return len(now) == 48 and last == {each["identifiers"]["key"]: each["status"] for each in now}
