"""A real connectors worker that kills itself at a named point of a poll, when it is told to.

python -m tests.connectors.pollers.worker     (settings from ORDERLOG_CONFIG, FAILPOINT as tests.connectors.worker)

page       a page is read, not committed         committed  its orders and the position are
refreshed  the token endpoint has answered, the new tokens are not kept

While the file `FAILPOINT` with `.hangs` exists, the next commit ends as one does that Kafka does not answer.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from connectors.pollers.client import Answer, ListClient
from connectors.pollers.oauth import RefreshChain
from connectors.pollers.position import TokenChain
from streams import log
from streams.record import Output
from streams.runtime.partition import Partition
from streams.settings import load
from streams.worker import run
from tests.connectors.worker import Failpoint


def arm(failpoint: Failpoint, hangs: Path) -> None:
    """Wraps the seams of a poll: the request, the commit, the refresh."""
    get, commit, refresh = ListClient.get, Partition.commit, RefreshChain.refresh

    async def failing_get(self: ListClient, query: Mapping[str, str], authorization: str) -> Answer:
        answer = await get(self, query, authorization)
        if answer.status == 200 and b'"id"' in answer.body:
            failpoint.reached("page")
        return answer

    async def failing_commit(
        self: Partition, outputs: Sequence[Output], changes: Mapping[bytes, bytes | None], next_offset: int | None
    ) -> None:
        if hangs.exists():
            hangs.unlink()
            raise TimeoutError
        await commit(self, outputs, changes, next_offset)
        if outputs:
            failpoint.reached("committed")

    async def failing_refresh(self: RefreshChain, session: aiohttp.ClientSession) -> TokenChain:
        tokens = await refresh(self, session)
        failpoint.reached("refreshed")
        return tokens

    seams: Any = Partition
    seams.commit = failing_commit
    ListClient.get = failing_get  # type: ignore[method-assign]
    RefreshChain.refresh = failing_refresh  # type: ignore[method-assign]


def main() -> None:
    settings = load(None, os.environ)
    log.configure("json", "info", "connectors")
    file = Path(os.environ["FAILPOINT"])
    arm(Failpoint(file), file.with_suffix(".hangs"))
    run(settings, role="connectors")


if __name__ == "__main__":
    main()
