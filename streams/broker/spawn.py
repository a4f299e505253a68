"""Starting a program that ends with this process, `kill -9` included (Linux)."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from streams.supervisor.launcher import __file__ as LAUNCHER

# Linux ties a child's life to the thread that started it, and this one lives as long as the process.
_STARTER = ThreadPoolExecutor(1, "broker-starter")


def spawn(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """As `subprocess.Popen`. It leads a session of its own, so that a terminal's Ctrl-C does not reach it."""
    argv = [sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), *command]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, **options)

    return _STARTER.submit(start).result()
