"""The whole of Orderlog for tests: settings text in; real ingest, streams and connectors, and stand-in APIs out.

SETTINGS = '''
[[sources]]
name = "duda"
…
[[targets]]
base_url = "{sandbox}"
…
'''
@pytest.fixture(scope="module")
def line(module_broker, tmp_path_factory):
    apis = [ExternalApi(TOKEN, Faults())]
    with pipeline(module_broker, tmp_path_factory.mktemp("line"), SETTINGS, ENVIRON, apis) as made:
        yield made
"""

import http.client
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from connectors.sandbox.server import StandIn
from streams import admin, topics
from streams.demo.read import Reader
from streams.demo.setting import HOST, free_ports
from streams.record import Record
from streams.settings import Settings, load
from streams.supervisor import plan
from streams.vocabulary import Command, Movement, Order, OrderEvent, Outcome, Stock
from tests.kafka import SHARED_PARTITIONS, committed_offsets
from tests.pipeline.standins import served

WAIT_S = 120.0
ROLES = (plan.INGEST, plan.STREAMS, plan.CONNECTORS)
HEAD = """
[kafka]
bootstrap = "{bootstrap}"
partitions = {partitions}
[ingest]
port = {ingest}
[streams]
app_id = "{app_id}"
data_dir = "{folder}/data"
monitor_port = {streams}
[connectors]
monitor_port = {connectors}
[log]
format = "json"
"""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Answer:
    """What ingest answered. `sendings`: how often it was sent, each time but the last answered 503.

    A sending that was answered 503 may have been stored all the same: the broker took it, and said so too late.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sendings: int = 1


@dataclass
class Pipeline:
    """Use from one thread. What was read from Kafka is what any `read_committed` consumer sees."""

    settings: Settings
    reader: Reader
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    starters: dict[str, Callable[[], "subprocess.Popen[bytes]"]] = field(default_factory=dict)

    def stop(self, role: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends that role, until `start`."""
        process = self.processes.pop(role)
        process.send_signal(how)
        process.wait(30)

    def start(self, role: str) -> None:
        """The role again, ready."""
        self.processes[role] = self.starters[role]()

    def send(
        self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        """A webhook, and again where ingest asks for that (503), as senders do. Thread-safe."""
        deadline, sendings = time.monotonic() + WAIT_S, 1
        while (answer := self._send(path, body, headers, method)).status == 503 and time.monotonic() < deadline:
            time.sleep(1)
            sendings += 1
        return replace(answer, sendings=sendings)

    def _send(self, path: str, body: bytes, headers: Mapping[str, str] | None, method: str) -> Answer:
        """One HTTP request, on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.settings.ingest.port, timeout=30)
        try:
            connection.request(method, path, body or None, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def send_at_once(self, copies: int, path: str, body: bytes, headers: Mapping[str, str]) -> list[Answer]:
        """The same request so many times, all at the same time."""
        with ThreadPoolExecutor(copies) as pool:
            return [each.result() for each in [pool.submit(self.send, path, body, headers) for _ in range(copies)]]

    def records(self, topic: str) -> list[Record]:
        """Every record of a topic as of now, each partition's in the order of its offsets."""
        self.reader.catch_up(WAIT_S)
        return [record for record in self.reader.records if record.topic == topic]

    def raw(self, source: str) -> list[Record]:
        return self.records(topics.webhooks(source))

    def has_read(self, topic: str, key: str | None = None) -> bool:
        """The role streams is done with every record of that topic (or of that key) that is there by now."""
        assert self.settings.kafka.bootstrap is not None
        group = f"{self.settings.streams.app_id}-{plan.STREAMS}"
        done = committed_offsets(self.settings.kafka.bootstrap, group, topic)
        return all(
            record.offset < done.get(record.partition, 0)
            for record in self.records(topic)
            if key in (None, (record.key or b"").decode())
        )

    def quarantined(self) -> list[tuple[str, Record]]:
        """The reason, and the record."""
        return [((r.header("reason") or b"").decode(), r) for r in self.records(topics.QUARANTINE)]

    def events(self, key: str | None = None) -> list[OrderEvent]:
        found = [OrderEvent.from_json(record.value or b"") for record in self.records(topics.EVENTS)]
        return [event for event in found if key in (None, event.order_key)]

    def commands(self, target: str, key: str | None = None) -> list[Command]:
        found = [Command.from_json(record.value or b"") for record in self.records(topics.commands(target))]
        return [command for command in found if key in (None, command.order_key)]

    def outcomes(self, key: str | None = None) -> list[Outcome]:
        found = [Outcome.from_json(record.value or b"") for record in self.records(topics.OUTCOMES)]
        return [outcome for outcome in found if key in (None, outcome.order_key)]

    def movements(self) -> list[Movement]:
        return [Movement.from_json(record.value or b"") for record in self.records(topics.MOVEMENTS)]

    def orders(self) -> dict[str, Order]:
        """The state of every order by its key."""
        latest = {record.key: record.value for record in self.records(topics.STATE)}
        return {(key or b"").decode(): Order.from_json(value) for key, value in latest.items() if value}

    def stock(self) -> dict[str, Stock]:
        """The stock of every product by its key."""
        latest = {record.key: record.value for record in self.records(topics.STOCK)}
        return {(key or b"").decode(): Stock.from_json(value) for key, value in latest.items() if value}

    def until(self, ask: Callable[[], Found | None], what: str, timeout_s: float = WAIT_S) -> Found:
        """The first answer of `ask` that is not false. Raises `AssertionError` when the time is up or a role ended."""
        deadline = time.monotonic() + timeout_s
        while not (found := ask()):
            ended = [role for role, process in self.processes.items() if process.poll() is not None]
            assert [] == ended, f"{what}: {ended} ended"
            assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
            time.sleep(0.05)
        return found

    def wait_for_order(self, key: str, true: Callable[[Order], object], what: str = "") -> Order:
        """The order's state as soon as it is so."""

        def ask() -> Order | None:
            order = self.orders().get(key)
            return order if order is not None and true(order) else None

        return self.until(ask, what or f"the state of {key}")

    def wait_for_quarantine(self, body: bytes) -> str:
        """The reason for which that body was set aside."""
        return self.until(
            lambda: next((reason for reason, record in self.quarantined() if record.value == body), None),
            "quarantine",
        )


@contextmanager
def pipeline(
    bootstrap: str, folder: Path, settings: str, environ: Mapping[str, str], stand_ins: Sequence[StandIn] = ()
) -> Iterator[Pipeline]:
    """All three roles, ready. In `settings` `{sandbox}` is the address of the stand-ins, `{ingest}` that of ingest."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(served(stand_ins))
        ports = free_ports(dict.fromkeys(ROLES, 0))
        facts = {"bootstrap": bootstrap, "partitions": SHARED_PARTITIONS, "folder": folder, "app_id": folder.name}
        text = settings.replace("{sandbox}", sandbox).replace("{ingest}", f"http://{HOST}:{ports[plan.INGEST]}")
        file = folder / "orderlog.toml"
        file.write_text(HEAD.format(**facts, **ports) + text)
        loaded = load(file, {})
        assert [] == admin.create(loaded).left
        sources, targets = ([each.name for each in section] for section in (loaded.sources, loaded.targets))
        needed = topics.table(sources, targets, loaded.polled, [target.name for target in loaded.watched])
        reader = Reader(bootstrap, [topic.name for topic in needed])
        stack.callback(reader.close)
        made = Pipeline(loaded, reader)
        stack.callback(_end, made.processes)
        for role in ROLES:
            made.processes[role] = _start(role, folder, {"ORDERLOG_CONFIG": str(file), **environ})
        for role in ROLES:
            _wait_until_ready(made, role, ports[role], folder)

            def again(role: str = role) -> "subprocess.Popen[bytes]":
                process = _start(role, folder, {"ORDERLOG_CONFIG": str(file), **environ})
                _wait_until_ready(made, role, ports[role], folder)
                return process

            made.starters[role] = again
        yield made


def _start(role: str, folder: Path, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with (folder / f"{role}.log").open("ab") as log:
        return subprocess.Popen(
            plan.command_line(role), env={**os.environ, **plan.CHILD_ENV, **environ}, stdout=log, stderr=log
        )


def _wait_until_ready(made: Pipeline, role: str, port: int, folder: Path) -> None:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        made.until(ask, f"{role} ready")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{(folder / f'{role}.log').read_text()[-4000:]}") from None


def _end(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
