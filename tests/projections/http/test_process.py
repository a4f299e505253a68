"""`orderlog projections` as an operator starts it: a process, its port, its signals, its exit codes."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

SETTINGS = '[kafka]\nbootstrap = "127.0.0.1:9"\n[projections]\nport = {port}\ntoken = "env:READER_TOKEN"\n'


def started(folder: Path, port: int, **environ: str) -> "subprocess.Popen[str]":
    file = folder / "orderlog.toml"
    file.write_text(SETTINGS.format(port=port))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    argv = [sys.executable, "-m", "streams.cli", "--config", str(file), "projections"]
    return subprocess.Popen(argv, env={**clean, **environ}, stderr=subprocess.PIPE, text=True)


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """SIGTERM is a clean end with exit code 0, also while no broker answers."""
    process = started(tmp_path, 0, READER_TOKEN="x")
    killer = threading.Timer(60, process.kill)
    killer.start()
    try:
        assert process.stderr is not None
        lines = (json.loads(line) for line in process.stderr if line.startswith("{"))
        url = next(line["url"] for line in lines if line["event"] == "listening")
        with urllib.request.urlopen(f"{url}/health", timeout=30) as answer:
            assert 200 == answer.status
        process.send_signal(signal.SIGTERM)
        assert "stopped" in [line["event"] for line in lines]
        assert 0 == process.wait(30)
    finally:
        killer.cancel()
        process.kill()
        process.wait()


def test_a_missing_token_and_a_taken_port_are_told_and_end_it(tmp_path: Path) -> None:
    """Exit code 2: no restart would mend them."""
    process = started(tmp_path, 0)
    _, error = process.communicate(timeout=60)
    assert (2, True) == (process.returncode, "READER_TOKEN" in error)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = started(tmp_path, taken.getsockname()[1], READER_TOKEN="x")
        _, error = process.communicate(timeout=60)
    assert (2, True) == (process.returncode, "projections.port: cannot listen on" in error)
