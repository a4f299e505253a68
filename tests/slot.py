"""A slot for a worker process: started again whenever it ends by itself, as a supervisor does, until it is stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

STOP_TIMEOUT_S = 40


@dataclass
class Slot:
    """`module`: run with its arguments by this Python. `env`: besides ours. `exits`: the codes of those that ended.

    `failpoint`: a file that names where the process kills itself; the worker's module says which points there are.
    """

    number: int
    module: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    failpoint: Path
    exits: list[int] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    _loop: asyncio.Task[None] | None = None

    def log_lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """What it logged so far, of all its processes; a line that is being written is left out."""
        found = self.log_file.read_bytes().splitlines() if self.log_file.exists() else []
        lines = [orjson.loads(line) for line in found if line.startswith(b"{") and line.endswith(b"}")]
        return [line for line in lines if event in (None, line["event"])]

    def departures_s(self) -> list[float]:
        """When its requests left, by the clock of `time.monotonic`; of the module `tests.connectors.worker` only."""
        file = self.failpoint.with_suffix(".departures")
        return [float(line) for line in file.read_text().splitlines()] if file.exists() else []

    def die_at(self, point: str) -> None:
        """`<point>:<n>`: at the n-th time that it comes there."""
        partial = self.failpoint.with_suffix(".partial")
        partial.write_text(point)
        partial.replace(self.failpoint)

    def start(self) -> None:
        self._loop = asyncio.create_task(self._keep_running())

    async def _keep_running(self) -> None:
        env = {**os.environ, "FAILPOINT": str(self.failpoint), **self.env}
        while True:
            with self.log_file.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", *self.module), env=env, stdout=log, stderr=log
                )
            self.exits.append(await self.process.wait())

    def send(self, number: signal.Signals) -> None:
        """To the running process; one that has just ended is left alone."""
        if self.process and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the running process; its slot starts another."""
        self.send(signal.SIGKILL)

    async def stop(self, how: signal.Signals = signal.SIGKILL) -> int | None:
        """Ends the slot for good; gives the exit code. Raises `TimeoutError` of one that had to be killed."""
        if self._loop:
            self._loop.cancel()
        if self.process and self.process.returncode is None:
            self.send(signal.SIGCONT)
            self.send(how)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                self.kill()
                raise
        return self.process.returncode if self.process else None


def connectors_slot(number: int, module: str, config: Path, bootstrap: str, **env: str) -> Slot:
    """For the role connectors, under a settings file; its log and its failpoint lie beside that."""
    instance = f"{config.stem}-{number}"
    given = {
        "ORDERLOG_CONFIG": str(config),
        "ORDERLOG__CONNECTORS__INSTANCE": instance,
        "ORDERLOG__KAFKA__BOOTSTRAP": bootstrap,
        **env,
    }
    files = (config.with_name(f"{instance}.log"), config.with_name(f"{instance}.failpoint"))
    return Slot(number, [module], given, *files)


@asynccontextmanager
async def running(slots: Sequence[Slot], started: int | None = None) -> AsyncIterator[None]:
    """The first `started` of them, or all, run; at the end of the block none does."""
    for slot in slots[:started]:
        slot.start()
    try:
        yield
    finally:
        await asyncio.gather(*(slot.stop() for slot in slots))


def killed(slots: Sequence[Slot]) -> int:
    """How often one of them was killed."""
    return sum(slot.exits.count(-signal.SIGKILL) for slot in slots)
