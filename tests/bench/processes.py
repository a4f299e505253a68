"""Child processes: they end with the bench, and are ended by pid."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from streams.supervisor.launcher import __file__ as LAUNCHER

ROOT = Path(__file__).parents[2]
STOP_TIMEOUT_S = 15.0
READY_TIMEOUT_S = 30.0
LOG_LINES = 20


class BenchError(Exception):
    """A figure cannot be taken; the message says why."""


class Child:
    """A running program; its output goes to a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
        self.process, self.log_file = process, log_file

    def check(self) -> None:
        """Raises `BenchError`, with the end of its log, where it has ended."""
        if (code := self.process.poll()) is not None:
            lines = self.log_file.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
            raise BenchError("\n".join([f"{self.log_file.stem} ended with {code}:", *lines]))

    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def cpu_s(self) -> float:
        """Processor time used so far, all threads: what other programs on the machine disturb least."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """SIGTERM, then SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@contextmanager
def running(
    argv: Sequence[str], log_file: Path, env: Mapping[str, str] | None = None, profile: Path | None = None
) -> Iterator[Child]:
    """Runs `argv` (the interpreter first) for the time of the block; under cProfile where a file is named."""
    if profile is not None:
        argv = [argv[0], "-m", "tests.bench.profiled", str(profile), *argv[1:]]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *argv],
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    child = Child(process, log_file)
    try:
        yield child
    finally:
        child.stop()


def output_of(argv: Sequence[str], timeout_s: float, env: Mapping[str, str] | None = None) -> bytes:
    """What a program that ends by itself prints. Raises `BenchError`."""
    command = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *argv]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    try:
        done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{argv[-1]} did not end within {timeout_s:.0f} s") from None
    if done.returncode:
        raise BenchError(f"{argv} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-2000:]}")
    return done.stdout


def wait_until_ready(child: Child, url: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Until a GET there is answered 200. Raises `BenchError`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        child.check()
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise BenchError(f"{child.log_file.stem} was not ready within {timeout_s:.0f} s: see {child.log_file}")
