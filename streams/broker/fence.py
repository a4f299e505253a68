"""Before a broker that was killed starts again: its predecessor's session must end, in a controller without a broker.

Kafka (4.3.1) would otherwise take the registration of the process that was killed, still counted as alive, for its own.
It leads all partitions again, wants to finish the transactions that were open, cannot reach itself as it does not
listen yet, and when that session ends it finds no leader, takes the partitions for deleted and leaves the markers of
the transactions out (`Couldn't find leader endpoint … likely deleted already and hence can be skipped`). Such a
transaction never ends, and whoever reads committed records or offsets waits for ever: seen in every second kill under
load. It is also quicker than to wait for the end of the session.
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from streams.broker.properties import LOG
from streams.broker.spawn import spawn

CONFIGURATION = "controller.properties"
METADATA = "__cluster_metadata-0"
# Kafka leaves it at a clean stop and takes it away at the start.
CLEAN = ".kafka_cleanshutdown"
DECIDED, DONE = b"Fencing broker 1 ", b"fenced=1"
TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.05


def is_needed(folder: Path) -> bool:
    """Whether the broker of this data folder ran before and did not stop in good order."""
    return (folder / LOG / METADATA).exists() and not (folder / LOG / CLEAN).exists()


def settings(controller_port: int) -> dict[str, str]:
    """Of the controller alone: the same node and storage, and a session that is soon over."""
    return {
        "process.roles": "controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": LOG,
        "broker.session.timeout.ms": "200",
        "broker.heartbeat.interval.ms": "100",
    }


def fence(command: Sequence[str], folder: Path, lock: int) -> bool:
    """Runs `command` (the controller, in `folder`) until the broker is fenced; whether it said so in time.

    Not in time: it was fenced already when it died, or Kafka words it differently; the broker may start all the same.
    """
    log = folder / "server.log"
    start = log.stat().st_size if log.exists() else 0
    with (folder / "stdout.log").open("wb") as out:
        process = spawn(command, cwd=folder, stdout=out, stderr=out, pass_fds=(lock,))
    try:
        return _wait(process, log, start)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, start: int) -> bool:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if log.exists():
            with log.open("rb") as file:
                file.seek(start if log.stat().st_size >= start else 0)
                if DONE in file.read().partition(DECIDED)[2]:
                    return True
        time.sleep(POLL_S)
    return False
