"""`orderlog ingest` as a process of its own, as an operator starts it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.ingest.support import ENVIRON, TOKEN
from tests.kafka import unique_name

START_TIMEOUT_S = 60.0

TOML = """
[kafka]
bootstrap = "{bootstrap}"
[ingest]
port = {port}
{options}
[log]
format = "json"
level = "{level}"
[[sources]]
name = "{source}"
platform = "selldone"
auth = {{ scheme = "token", secrets = ["{secret}"] }}
"""


class Role:
    """A started role: its log lines, its processes, its end."""

    def __init__(self, process: "subprocess.Popen[str]", source: str) -> None:
        self.process, self.source = process, source
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def base(self) -> str:
        """Where it listens."""
        line = self.wait_for(lambda entry: entry.get("event") == "listening")
        url: str = line["url"]
        return url

    @property
    def path(self) -> str:
        return f"/webhooks/{self.source}/{TOKEN}"

    @property
    def url(self) -> str:
        return self.base + self.path

    def wait_for(self, is_it: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """The first log line of that kind."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            for entry in self.entries():
                if is_it(entry):
                    return entry
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.05)
        raise AssertionError("\n".join(self.lines))

    def entries(self) -> list[Mapping[str, Any]]:
        """The log so far."""
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def wait_until_ready(self, processes: int = 1) -> None:
        """Every process has heard from the broker."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while sum(entry.get("event") == "broker reachable" for entry in self.entries()) < processes:
            assert self.process.poll() is None and time.monotonic() < deadline_s, "\n".join(self.lines)
            time.sleep(0.05)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def memory_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def stop(self, timeout_s: float = 40) -> int:
        """SIGTERM; its exit code, with the whole log read."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))


@contextmanager
def role(
    bootstrap: str,
    folder: Path,
    options: str = "",
    secret: str = "env:TEST_TOKEN",
    level: str = "info",
    port: int = 0,
    more: str = "",
) -> Iterator[Role]:
    """Runs it until the block ends; what is left then is killed. `more`: further tables of the settings."""
    source = unique_name("shop")
    file = folder / f"{source}.toml"
    facts = {"bootstrap": bootstrap, "options": options, "source": source, "secret": secret, "level": level}
    file.write_text(TOML.format(port=port, **facts) + more)
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "--config", str(file), "ingest"],
        env={**os.environ, **ENVIRON},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    started = Role(process, source)
    try:
        yield started
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
