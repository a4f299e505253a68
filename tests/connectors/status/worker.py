"""A real connectors worker that kills itself at a named point of a status poll, when it is told to.

python -m tests.connectors.status.worker     (settings from ORDERLOG_CONFIG, FAILPOINT as tests.connectors.worker)

page  a page with orders is read, not committed         committed  what was new on it is
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.status.reading import Reading
from streams import log
from streams.record import Output
from streams.runtime.partition import Partition
from streams.settings import load
from streams.worker import run
from tests.connectors.worker import Failpoint


def arm(failpoint: Failpoint) -> None:
    """Wraps the seams of a poll: the request and the commit."""
    page, commit = Reading.page, Partition.commit

    async def failing_page(self: Reading, path: str) -> bytes:
        body = await page(self, path)
        if b'"status"' in body:
            failpoint.reached("page")
        return body

    async def failing_commit(
        self: Partition, outputs: Sequence[Output], changes: Mapping[bytes, bytes | None], next_offset: int | None
    ) -> None:
        await commit(self, outputs, changes, next_offset)
        if outputs:
            failpoint.reached("committed")

    seams: Any = Partition
    seams.commit = failing_commit
    Reading.page = failing_page  # type: ignore[method-assign]


def main() -> None:
    settings = load(None, os.environ)
    log.configure("json", "info", "connectors")
    arm(Failpoint(Path(os.environ["FAILPOINT"])))
    run(settings, role="connectors")


if __name__ == "__main__":
    main()
