"""`orderlog up`, as a person runs it: a real broker, real roles, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from streams.demo.setting import free_ports

START_S, WAIT_S = 90, 40
ROLES = ("ingest", "streams", "projections")

CONFIG = """
[kafka]
partitions = 2
[ingest]
port = {ingest}
[streams]
monitor_port = {streams}
[projections]
port = {projections}
[[sources]]
name = "duda"
platform = "duda"
auth = {{ scheme = "none" }}
"""


class Up:
    """One running `orderlog up`, its log in a file."""

    def __init__(self, folder: Path) -> None:
        self.ports = free_ports(dict.fromkeys(ROLES, 0))
        (folder / "orderlog.toml").write_text(CONFIG.format(**self.ports))
        self.file = folder / "up.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
        with self.file.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "up", *(f"--role={role}" for role in ROLES)],
                cwd=folder,
                env=clean,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def events(self, event: str) -> list[str]:
        """The programs of which the supervisor told this, in order."""
        return [line["program"] for line in self.lines() if line["event"] == event and "program" in line]

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def answers(self, part: str, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[part]}{path}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def until(self, condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; the log ends with {self.file.read_text()[-3000:]}"
            time.sleep(0.1)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    family: list[psutil.Process] = []
    try:
        running.until(lambda: all(running.answers(role, "/ready") for role in ROLES), START_S)
        family = running.family()
        yield running
    finally:
        running.process.kill()
        running.process.wait(WAIT_S)
        for process in family:
            if process.is_running():
                process.kill()


def test_up_brings_everything_up_keeps_it_up_and_stops_it_in_order(up: Up) -> None:
    """One command: broker, topics, roles; a killed role is back; Ctrl-C ends all of it, with exit code 0."""
    assert up.events("started") == ["broker", "topics", "ingest", "streams-0", "projections"]
    (pid,) = [line["pid"] for line in up.lines() if line["event"] == "started" and line["program"] == "ingest"]
    os.kill(pid, signal.SIGKILL)
    up.until(lambda: up.events("restarting") == ["ingest"])
    up.until(lambda: up.answers("ingest", "/ready"))
    family = up.family()
    os.kill(up.process.pid, signal.SIGINT)
    assert up.process.wait(WAIT_S) == 0
    assert up.events("stopping") == ["ingest", "streams-0", "projections", "broker"]
    assert up.events("exited")[-4:] == ["ingest", "streams-0", "projections", "broker"]
    assert up.events("forced") == []
    assert [process for process in family if process.is_running()] == []


def test_nothing_outlives_up_that_is_killed(up: Up) -> None:
    """SIGKILL of the supervisor takes the roles, the broker and its JVM along."""
    family = up.family()
    assert any("java" in process.name() for process in family)
    os.kill(up.process.pid, signal.SIGKILL)
    up.process.wait(WAIT_S)
    up.until(lambda: not any(_runs(process) for process in family))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_up_with_wrong_secrets_starts_nothing(tmp_path: Path) -> None:
    """Every secret that a role needs is asked for before the first process."""
    (tmp_path / "orderlog.toml").write_text(
        '[[sources]]\nname = "duda"\nplatform = "duda"\n'
        'auth = { scheme = "duda-hmac", secrets = ["env:NO_SUCH_SECRET"] }\n'
        '[alerts]\nurl = "env:NO_SUCH_URL"\n'
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    result = subprocess.run(
        [sys.executable, "-m", "streams.cli", "up"], cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2
    assert result.stderr == (
        "orderlog.toml:4: sources[0].auth.secrets[0]: "
        "env:NO_SUCH_SECRET: the variable is not set or empty; set NO_SUCH_SECRET\n"
        "orderlog.toml:6: alerts.url: env:NO_SUCH_URL: the variable is not set or empty; set NO_SUCH_URL\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["orderlog.toml"]
