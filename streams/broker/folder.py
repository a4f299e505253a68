"""The data folder of one broker: one owner at a time, its ports, its configuration, its storage.

lock               held by the running java process itself, so that it is free exactly when that is gone
ports              the ports used last
server.properties, log4j2.yaml
server.log         what Kafka says; stdout.log: what the JVM says
log/               the records
"""

import fcntl
import os
import random
import secrets
import shutil
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.broker import ports
from streams.broker.errors import BrokerError
from streams.broker.java import TOO_OLD, too_old
from streams.broker.properties import LOG, LOG4J, properties, text

# A broker that was killed a moment ago may still hold the folder.
LOCK_TIMEOUT_S = 10.0
FORMAT_TIMEOUT_S = 60.0
POLL_S = 0.05
SAID_LINES_MAX = 15

CommandLine = Callable[..., Sequence[str]]


@dataclass(frozen=True, slots=True)
class Folder:
    """`path` is absolute; it is made when it is locked."""

    path: Path

    @contextmanager
    def locked(self) -> Iterator[int]:
        """A file descriptor that holds the lock, for the child to inherit; the caller's own is closed at the end.

        Raises `BrokerError` where another broker keeps running here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a") as file:
            deadline = time.monotonic() + LOCK_TIMEOUT_S
            while not _lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise BrokerError(f"{self.path} is in use by another broker: stop that, or choose another --data")
                time.sleep(POLL_S)
            yield file.fileno()

    def choose_ports(self, asked: int | None, chance: random.Random) -> tuple[int, int]:
        """Ports for clients and for the controller, kept for the next start. Raises `PortTaken`, `BrokerError`."""
        kept = self._kept_ports()
        port = ports.choose(asked, kept[0], chance)
        controller = ports.choose(None, kept[1] if kept[1] != port else None, chance)
        while controller == port:
            controller = ports.choose(None, None, chance)
        self._replace("ports", f"{port} {controller}\n")
        return port, controller

    def configure(self, port: int, controller_port: int, record_bytes_max: int) -> None:
        """Writes the configuration files."""
        self._replace("server.properties", text(properties(port, controller_port, record_bytes_max)))
        self._replace("log4j2.yaml", LOG4J)

    def format(self, command_line: CommandLine, record_bytes_max: int) -> None:
        """Makes an empty storage if there is none, whole or not at all. Raises `BrokerError`."""
        if (self.path / LOG).exists():
            return
        shutil.rmtree(self.path / "formatting", ignore_errors=True)
        self._replace("format.properties", text(properties(1, 2, record_bytes_max, log_dir="formatting")))
        cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
        command = command_line("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", "format.properties")
        try:
            done = subprocess.run(command, cwd=self.path, capture_output=True, timeout=FORMAT_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise BrokerError(f"Kafka did not format {self.path} within {FORMAT_TIMEOUT_S:.0f} s") from None
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if TOO_OLD in said:
            raise too_old(command[0])
        if done.returncode:
            lines = "\n".join(said.splitlines()[-SAID_LINES_MAX:])
            raise BrokerError(f"Kafka could not format {self.path}:\n{lines}")
        (self.path / "formatting").rename(self.path / LOG)

    def last_lines(self) -> str:
        """The end of what the JVM and Kafka said."""
        lines: list[str] = []
        for name in ("stdout.log", "server.log"):
            file = self.path / name
            if file.exists():
                lines += file.read_text("utf-8", "replace").splitlines()[-SAID_LINES_MAX:]
        return "\n".join(lines)

    def _kept_ports(self) -> tuple[int | None, int | None]:
        try:
            port, controller = (self.path / "ports").read_text().split()
            return int(port), int(controller)
        except (OSError, ValueError):
            return None, None

    def _replace(self, name: str, content: str) -> None:
        fresh = self.path / f"{name}.new"
        fresh.write_text(content)
        fresh.replace(self.path / name)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    os.set_inheritable(descriptor, True)
    return True
