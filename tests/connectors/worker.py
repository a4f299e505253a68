"""A real connectors worker that kills itself at a named point of a delivery, when it is told to.

    python -m tests.connectors.worker     (settings from ORDERLOG_CONFIG)

The file `FAILPOINT` holds `<point>:<n>`: at the n-th time the point is reached, the file is removed and the process
killed. The points lie between the steps that the docstring of connectors.loop numbers:

    read      commands are read, not yet accepted           accepted   they are committed, nothing is sent
    sent      the request is under way, without an answer   answered   the answer is there, nothing is done with it
    settled   what it means is known, not yet committed     done       the outcome is committed, the next may go
"""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from connectors.exchange import Attempt, Request
from connectors.http import TargetClient
from connectors.wire import Wire
from streams import log
from streams.record import Output
from streams.runtime.partition import Partition
from streams.settings import load
from streams.worker import run

# Long enough that the request has reached the API, shorter than the API's latency in the tests.
UNDER_WAY_S = 0.2


class Failpoint:
    """Kills this process as `file` says; does nothing while there is none."""

    def __init__(self, file: Path) -> None:
        self._file, self._count = file, 0

    def reached(self, point: str) -> None:
        if not self._file.exists():
            return
        named, _, count = self._file.read_text().partition(":")
        self._count += point == named
        if self._count == int(count):
            self._file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def arm(failpoint: Failpoint) -> None:
    """Wraps the two seams of a delivery: the commit and the HTTP attempt."""
    commit, attempt = Partition.commit, TargetClient.attempt

    async def failing_commit(
        self: Partition, outputs: Sequence[Output], changes: Mapping[bytes, bytes | None], next_offset: int | None
    ) -> None:
        if next_offset is not None:
            failpoint.reached("read")
        if outputs:
            failpoint.reached("settled")
        await commit(self, outputs, changes, next_offset)
        if next_offset is not None:
            failpoint.reached("accepted")
        if outputs:
            failpoint.reached("done")

    async def failing_attempt(self: TargetClient, request: Request) -> Attempt:
        asyncio.get_running_loop().call_later(UNDER_WAY_S, partial(failpoint.reached, "sent"))
        answered = await attempt(self, request)
        failpoint.reached("answered")
        return answered

    seams: Any = Partition
    seams.commit = failing_commit
    TargetClient.attempt = failing_attempt  # type: ignore[method-assign]


def note_departures(file: Path) -> None:
    """Each time at which a request may leave becomes a line of `file`: seconds of a clock that all processes share."""
    turn = Wire.turn

    async def noted_turn(self: Wire) -> None:
        await turn(self)
        with file.open("a") as notes:
            notes.write(f"{time.monotonic()}\n")

    Wire.turn = noted_turn  # type: ignore[method-assign]


def main() -> None:
    settings = load(None, os.environ)
    log.configure("json", "info", "connectors")
    if file := os.environ.get("FAILPOINT"):
        arm(Failpoint(Path(file)))
        note_departures(Path(file).with_suffix(".departures"))
    run(settings, role="connectors")


if __name__ == "__main__":
    main()
