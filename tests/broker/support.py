"""`orderlog broker` as a process, and programs that stand in for Java and Maven where they must fail."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "streams.cli", "broker")
TIMEOUT_S = 60.0


def environment(**changes: str) -> dict[str, str]:
    """This process's, without settings of Orderlog."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    return {**clean, "ORDERLOG__LOG__FORMAT": "json", **changes}


def program(folder: Path, name: str, *lines: str) -> None:
    """Makes a shell script in `folder`."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)


@contextmanager
def started(*arguments: str, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    """`orderlog broker` with these arguments; killed at the end of the block if it still runs."""
    process = subprocess.Popen([*COMMAND, *arguments], env=environment(**changes), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def failing(cwd: Path, **changes: str) -> tuple[int, str]:
    """Exit code and stderr of a start that fails."""
    done = subprocess.run([*COMMAND], cwd=cwd, env=environment(**changes), capture_output=True, timeout=TIMEOUT_S)
    return done.returncode, done.stderr.decode()


def until(true: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Raises `AssertionError` naming `what` when the time is up."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
        time.sleep(0.02)


def address(file: Path, timeout_s: float = TIMEOUT_S) -> str:
    """What the bootstrap file says, once it is there."""
    until(file.exists, "the broker is ready", timeout_s)
    return file.read_text().strip()


def java_of(data: Path) -> list[int]:
    """The processes that run in the data folder (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
    return found


def signal_and_wait(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """The exit code after the signal."""
    process.send_signal(number)
    return process.wait(TIMEOUT_S)
