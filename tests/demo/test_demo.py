"""The whole demo with real processes: something is killed with SIGKILL, and nothing is lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from streams.demo.traffic import plan
from streams.demo.webhook import SOURCES
from tests.demo.ideal import NOW

EVENTS, SEED = 300, 11
COMMAND = (sys.executable, "-m", "streams.cli", "demo", "--events", f"{EVENTS}", "--seed", f"{SEED}", "--rate", "100")
TIMEOUT_S = 270


def environment(folder: Path) -> dict[str, str]:
    """Without settings from outside: the demo starts a broker of its own, and all its data goes to `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG_")}
    return {**kept, "TMPDIR": f"{folder}"}


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(folder: Path) -> Sequence[str]:
    """Command lines of processes that still work in `folder`."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        if (process.info["environ"] or {}).get("TMPDIR") == f"{folder}":
            found.append(" ".join(process.info["cmdline"] or []))
    return found


@pytest.mark.parametrize("victim", ["worker", "connector", "ingest", "broker"])
def test_a_kill_loses_and_doubles_nothing(victim: str, tmp_path: Path) -> None:
    """Exit code 0, and the figures of the contract on the last line."""
    process = start(tmp_path, "--json", "--kill", victim)
    out, said = process.communicate(timeout=TIMEOUT_S)
    assert 0 == process.returncode, said
    figures = json.loads(out.splitlines()[-1])
    refused = sum(webhook.kind.is_refused for webhook in plan(EVENTS, SEED, NOW).webhooks)
    assert (0, 0, EVENTS - refused, refused) == tuple(
        figures[name] for name in ("lost", "doubled", "accepted", "rejected")
    )
    assert figures["commands"] == figures["delivered"] > 20
    sources = {line.split()[0] for line in said.splitlines() if line.strip()}
    assert set(SOURCES) <= sources
    assert f"(the {victim})" in said
    assert [] == list(left_behind(tmp_path))
    assert [] == list(tmp_path.iterdir())


def test_ctrl_c_ends_it_clean(tmp_path: Path) -> None:
    """No process and no file is left, whatever it was doing."""
    process = start(tmp_path)
    deadline = time.monotonic() + 60
    while not left_behind(tmp_path) or not list(tmp_path.glob("*/orderlog.toml")):
        assert time.monotonic() < deadline, "it never got to its configuration"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert 130 == process.returncode
    assert [] == list(left_behind(tmp_path))
    assert [] == list(tmp_path.iterdir())


def test_a_missing_java_is_said_plainly(tmp_path: Path) -> None:
    """What to install, or which setting to set; and that is the end of it."""
    empty = tmp_path / "bin"
    empty.mkdir()
    environ = {**environment(tmp_path), "PATH": f"{empty}", "JAVA_HOME": ""}
    done = subprocess.run(COMMAND, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert 1 == done.returncode
    assert "Java" in done.stdout
    assert "kafka.bootstrap" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--events", "4"), "--events"), (("--kill", "cat"), "--kill"), (("--rate", "0"), "--rate")],
    ids=["too few events", "an unknown victim", "no rate"],
)
def test_a_wrong_option_is_refused_at_once(arguments: Sequence[str], word: str, tmp_path: Path) -> None:
    """Before anything is started."""
    process = start(tmp_path, *arguments)
    _, said = process.communicate(timeout=60)
    assert 2 == process.returncode
    assert word in said
    assert [] == list(tmp_path.iterdir())
