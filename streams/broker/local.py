"""`LocalBroker`: one Kafka process, its folder and its port. Used by `orderlog broker`, the demo and the tests."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.broker.artifacts import jars, java
from streams.broker.errors import BrokerError
from streams.broker.properties import LOG4J, server_properties
from streams.supervisor.launcher import __file__ as LAUNCHER

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
LOG_LINES_MAX = 15
PORTS_FILE = "ports"
# A short-lived, small server: quick to start beats peak throughput.
JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")


class LocalBroker:
    """Data lives in `data` and outlives the process, `kill -9` included. It ends with the process that started it.

    Start it from a thread that lives as long as it is wanted: Linux ties its life to that thread.
    """

    def __init__(self, data: Path, port: int | None = None, record_bytes_max: int = 4 * 1024 * 1024) -> None:
        self._data, self._port, self._record_bytes_max = data.absolute(), port, record_bytes_max
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients; stays the same through restarts."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        return self._data / "server.log"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Returns the bootstrap address once a client gets metadata. Raises `BrokerError`."""
        runtime, folder = java(), jars(os.environ)
        self._data.mkdir(parents=True, exist_ok=True)
        self._port, controller_port = self._ports()
        config = self._data / "server.properties"
        config.write_text(server_properties(self._data, self._port, controller_port, self._record_bytes_max))
        (self._data / "log4j2.yaml").write_text(LOG4J.format(folder=self._data))
        self._format(runtime, folder, config)
        command = [*self._java(runtime, folder), "kafka.Kafka", str(config)]
        with (self._data / "stdout.log").open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._wait_until_ready(timeout_s)
        return self.bootstrap

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """SIGTERM, and SIGKILL where that does not end it in time. Does nothing to one that has ended."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Starts it again after `kill` or `stop`, or ends it first: the same port, the same data."""
        self.stop()
        self.start()

    def suspend(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def ended(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def _java(self, runtime: str, folder: Path) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._data / 'log4j2.yaml'}"
        return [runtime, *JVM, logging, "-cp", f"{folder}/*"]

    def _format(self, runtime: str, folder: Path, config: Path) -> None:
        if (self._data / "log" / "meta.properties").exists():
            return
        cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
        command = [
            *self._java(runtime, folder),
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster_id,
            "-c",
            str(config),
        ]
        done = subprocess.run(command, capture_output=True, timeout=START_TIMEOUT_S, check=False)
        if done.returncode:
            raise BrokerError(f"Kafka could not format {self._data}: {done.stderr.decode('utf-8', 'replace')[-2000:]}")

    def _ports(self) -> tuple[int, int]:
        """The port asked for, else the one used before with this folder, else free ones; kept in the folder."""
        file = self._data / PORTS_FILE
        kept: list[int | None] = [int(port) for port in file.read_text().split()] if file.exists() else [None, None]
        port, controller = _free(self._port or kept[0]), _free(kept[1])
        if self._port and port != self._port:
            raise BrokerError(f"port {self._port} is taken: end what listens there, or choose another with --port")
        file.write_text(f"{port} {controller}\n")
        return port, controller

    def _wait_until_ready(self, timeout_s: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BrokerError(f"Kafka ended with {self._process.returncode}:\n{self._last_lines()}")
            with suppress(OSError, KafkaException):
                socket.create_connection(("127.0.0.1", self._port or 0), 0.2).close()
                AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(timeout=2)
                return
            time.sleep(0.1)
        self.kill()
        raise BrokerError(f"Kafka gave no metadata within {timeout_s:.0f} s:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        lines: list[str] = []
        for file in (self._data / "stdout.log", self.log_file):
            if file.exists():
                lines += file.read_text("utf-8", "replace").splitlines()[-LOG_LINES_MAX:]
        return "\n".join(lines)


def _free(preferred: int | None) -> int:
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise BrokerError("no free port on 127.0.0.1")
