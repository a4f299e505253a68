"""`LocalBroker`: one Kafka process, its folder and its port. Used by `orderlog broker`, benchmarks and tests."""

import asyncio
import functools
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.broker import fence
from streams.broker.artifacts import jars
from streams.broker.errors import BrokerError, PortTaken
from streams.broker.folder import Folder
from streams.broker.java import TOO_OLD, archive_file, command_line, java, too_old
from streams.broker.ports import HOST
from streams.broker.properties import text
from streams.broker.spawn import spawn

START_TIMEOUT_S = 60.0
# The first clean stop also writes the class archive, which takes 4 s.
STOP_TIMEOUT_S = 30.0
POLL_S = 0.05
ATTEMPTS_MAX = 3


class LocalBroker:
    """Data lives in `data` and outlives the process, `kill -9` included. It ends with the process that started it.

    Methods block; from a coroutine use `async with`, or `asyncio.to_thread`. Not for use from two threads at once.
    """

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        record_bytes_max: int = 4 * 1024 * 1024,
        chance: random.Random | None = None,
    ) -> None:
        self._folder, self._asked, self._record_bytes_max = Folder(data.absolute()), port, record_bytes_max
        self._chance = chance or random.SystemRandom()
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._dump: Path | None = None
        self._archive: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients, once started; stays the same through restarts."""
        assert self._port is not None
        return f"{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Of the java process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        return self._folder.path / "server.log"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Returns the bootstrap address once a client gets metadata.

        Raises `MissingProgram` (what to install), `PortTaken`, `BrokerError`. Fetches Kafka first if that was never
        done, which `timeout_s` does not count.
        """
        assert self.ended() is not None or self._process is None, "it runs already"
        folder = jars(os.environ)
        runtime = java(os.environ)
        for attempt in range(ATTEMPTS_MAX):
            try:
                return self._start(runtime, folder, timeout_s)
            except PortTaken:
                # Somebody took it since it was found free. A port that clients know is not exchanged.
                if self._asked or self._port or attempt == ATTEMPTS_MAX - 1:
                    raise
        raise AssertionError

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """SIGTERM, and SIGKILL where that does not end it in time. Does nothing to one that has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._keep_archive()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._discard_archive()

    def restart(self) -> str:
        """Starts it again after `kill` or `stop`, or stops it first: the same port, the same data."""
        self.stop()
        return self.start()

    def suspend(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def ended(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def wait(self, timeout_s: float | None = None) -> int:
        """Until it ends; gives the exit code. Raises `subprocess.TimeoutExpired`."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def _start(self, runtime: str, jars: Path, timeout_s: float) -> str:
        self._archive = archive_file(runtime, jars)
        self._dump = self._archive.with_suffix(f".{os.getpid()}-{id(self):x}.new")
        command = functools.partial(command_line, runtime, jars, self._archive)
        with self._folder.locked() as lock:
            port, controller_port = self._folder.choose_ports(self._port or self._asked, self._chance)
            self._folder.configure(port, controller_port, self._record_bytes_max)
            self._folder.format(command, self._record_bytes_max)
            if fence.is_needed(self._folder.path):
                (self._folder.path / fence.CONFIGURATION).write_text(text(fence.settings(controller_port)))
                fence.fence(command("kafka.Kafka", fence.CONFIGURATION), self._folder.path, lock)
            self._spawn(command("kafka.Kafka", "server.properties", dump=self._dump), lock)
        try:
            self._wait_until_ready(port, timeout_s)
        except BaseException:
            self.kill()
            raise
        self._port = port
        return self.bootstrap

    def _spawn(self, command: Sequence[str], lock: int) -> None:
        with (self._folder.path / "stdout.log").open("wb") as out:
            self._process = spawn(command, cwd=self._folder.path, stdout=out, stderr=out, pass_fds=(lock,))

    def _wait_until_ready(self, port: int, timeout_s: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise self._why_it_ended(port)
            with suppress(OSError, KafkaException):
                socket.create_connection((HOST, port), 0.2).close()
                client = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0})
                if client.list_topics(timeout=2).brokers and self._process.poll() is None:
                    return
            time.sleep(POLL_S)
        raise BrokerError(f"Kafka gave no metadata within {timeout_s:.0f} s:\n{self._folder.last_lines()}")

    def _why_it_ended(self, port: int) -> BrokerError:
        assert self._process is not None
        said = self._folder.last_lines()
        if TOO_OLD in said:
            return too_old(java(os.environ))
        if "Address already in use" in said:
            return PortTaken(f"port {port}, or the controller's, was taken meanwhile; start again")
        return BrokerError(f"Kafka ended with {self._process.returncode}:\n{said}")

    def _keep_archive(self) -> None:
        assert self._dump and self._archive and self._process
        if self._process.returncode in (0, 128 + signal.SIGTERM) and self._dump.exists():
            self._dump.replace(self._archive)
        self._discard_archive()

    def _discard_archive(self) -> None:
        if self._dump:
            self._dump.unlink(missing_ok=True)
