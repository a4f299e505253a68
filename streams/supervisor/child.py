"""One running child process: its lines, its end, its stop."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable
from pathlib import Path
from typing import Self

from streams.supervisor.program import Program

LAUNCHER = str(Path(__file__).with_name("launcher.py"))
LINE_BYTES_MAX = 64 * 1024
# A grandchild may hold the pipe open after the child is gone; its lines are waited for this long.
DRAIN_TIMEOUT_S = 1.0
EXIT_POLL_S = 0.02


class Child:
    """A started program. It leads a session of its own, so that a terminal's Ctrl-C reaches only the supervisor."""

    def __init__(self, process: Process, on_line: Callable[[str], None]) -> None:
        self._process = process
        self._started_s = time.monotonic()
        self._lines = asyncio.create_task(self._read(on_line))

    @classmethod
    async def spawn(cls, program: Program, on_line: Callable[[str], None]) -> Self:
        """Raises `OSError` where no process can be made."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), *program.argv),
            env={**os.environ, **program.env},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        return cls(process, on_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    def ran_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_s

    async def wait(self) -> int:
        """The exit code (negative: the signal), after the last line has been read. Nothing it started is left."""
        code = await self._exit()
        self.kill_group()
        await asyncio.wait({self._lines}, timeout=DRAIN_TIMEOUT_S)
        self._lines.cancel()
        return code

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the child alone, if it still runs."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def kill_group(self) -> None:
        """SIGKILL to the child and whatever it has started in its session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self, timeout_s: float) -> bool:
        """SIGTERM, and SIGKILL after `timeout_s`; whether it came to that."""
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._exit(), timeout_s)
        except TimeoutError:
            self.kill_group()
            await self._exit()
            return True
        return False

    async def _exit(self) -> int:
        """Looks for the exit code: asyncio's own `wait` also waits for grandchildren that hold the pipe (gh-119710)."""
        while (code := self._process.returncode) is None:  # noqa: ASYNC110
            await asyncio.sleep(EXIT_POLL_S)
        return code

    async def _read(self, on_line: Callable[[str], None]) -> None:
        stream = self._process.stdout
        assert stream is not None
        rest = b""
        while chunk := await stream.read(LINE_BYTES_MAX):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], b""
            for line in lines:
                on_line(line.decode("utf-8", "replace").rstrip("\r"))
        if rest:
            on_line(rest.decode("utf-8", "replace"))
