"""Whatever comes over a socket, these hold:

- the process stays alive, and answers the next request
- every connection is answered or closed within its bound
- a 200 means exactly one record with exactly the bytes of the body; nothing else leaves a record
"""

import gzip
import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams import topics
from tests.ingest.role import Role, role
from tests.ingest.support import TOKEN
from tests.ingest.wire import BODY_BYTES_MAX, BOMB, ORDER, Paths, Sent, chunks, head, requests, with_length
from tests.kafka import create_topics, read_committed, unique_name

ANSWER_S_MAX = 30.0
# A sender that is only slow must not be taken for one that has stopped, and one that has need not be waited for.
PATIENCE_S, SHORT_S = 20.0, 1.0
OPTIONS = f"max_body_bytes = {BODY_BYTES_MAX}\nheader_timeout_s = {{0}}\nbody_timeout_s = {{0}}"
LATE, TRIES = "broker-unavailable", 10
PINGED = """
[[sources]]
name = "{name}"
platform = "quickbutik"
fetch_from = "api"
auth = {{ scheme = "token", secrets = ["env:TEST_TOKEN"] }}
[[targets]]
name = "api"
kind = "quickbutik"
base_url = "http://127.0.0.1:1"
auth = {{ scheme = "basic", user = "env:TEST_TOKEN", password = "env:TEST_TOKEN" }}
"""


class End(Enum):
    """What the sender does after its last byte: nothing more but listen, vanish, or fall silent."""

    HALF_CLOSE = 1
    RESET = 2
    SILENCE = 3


@dataclass
class Target:
    """A real `orderlog ingest` and what it has promised: receipt → the bytes that must lie in a topic.

    `unpromised`: the bytes that were answered 503 for the broker's sake, which may have taken them all the same.
    """

    kafka: str
    ingest: Role
    pinged: str
    promised: dict[str, bytes] = field(default_factory=dict)
    unpromised: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.ingest.base.rpartition(":")[2])

    @property
    def paths(self) -> Paths:
        ping = f"/webhooks/{self.pinged}?token={TOKEN}"
        return Paths(self.ingest.path, ping, f"/webhooks/{self.ingest.source}/wrong")

    def keeps_its_promises(self) -> None:
        """Every record that was promised is there, and no other: but for those that the broker was late with."""
        stored = self._stored()
        assert {receipt: stored.get(receipt) for receipt in self.promised} == self.promised
        more = Counter(value for receipt, value in stored.items() if receipt not in self.promised)
        assert more - Counter(self.unpromised) == Counter()

    def _stored(self) -> dict[str, bytes | None]:
        """Receipt → value, of every record; a receipt that is there twice fails here."""
        records = [
            record
            for name in (self.ingest.source, self.pinged)
            for record in read_committed(self.kafka, topics.webhooks(name))
        ]
        found = {(record.header("ce_id") or b"").decode(): record.value for record in records}
        assert len(found) == len(records)
        return found


@pytest.fixture(scope="module")
def target(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One process for the whole file: what one test does to it the next one would feel."""
    with started(kafka, tmp_path_factory.mktemp("fuzz"), PATIENCE_S) as made:
        yield made


@contextmanager
def started(kafka: str, folder: Path, timeout_s: float) -> Iterator[Target]:
    """That waits so long for a head, and so long for a body."""
    pinged = unique_name("ping")
    with role(kafka, folder, OPTIONS.format(timeout_s), more=PINGED.format(name=pinged)) as ingest:
        create_topics(kafka, [topics.webhooks(ingest.source), topics.webhooks(pinged)])
        ingest.wait_until_ready()
        yield Target(kafka, ingest, pinged)
        assert ingest.stop() == 0


def answers_of(stream: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Status and JSON of each final answer, in order; every byte must belong to one."""
    found = []
    while stream:
        start, _, rest = stream.partition(b"\r\n\r\n")
        lines = start.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(fields.get("content-length", 0))
        if status >= 200:
            found.append((status, json.loads(rest[:length])))
        stream = rest[length:]
    return found


def exchange(port: int, parts: Sequence[bytes], end: End) -> bytes:
    """Everything that comes back, until the other side has closed; it must do so within the bound."""
    deadline_s = time.monotonic() + ANSWER_S_MAX
    received = b""
    with socket.create_connection(("127.0.0.1", port), ANSWER_S_MAX) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for part in parts:
                connection.sendall(part)
            if end is End.HALF_CLOSE:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still sending
        if end is End.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return received
        try:
            while part := connection.recv(65536):
                received += part
                assert time.monotonic() < deadline_s
        except ConnectionError:
            pass  # closed with something of ours unread
    return received


def split(wire: bytes, cuts: list[float]) -> list[bytes]:
    """Cut at these shares of its length."""
    ends = sorted({int(cut * len(wire)) for cut in cuts} | {len(wire)})
    return [wire[start:end] for start, end in zip([0, *ends], ends, strict=False) if start != end]


def judge(target: Target, sent: list[Sent], stream: bytes) -> None:
    """Holds the answers against what was sent, and remembers what they promise."""
    answers = answers_of(stream)
    assert len(answers) <= len(sent)
    for each, (status, answer) in zip(sent, answers, strict=False):
        if status == 200:
            assert each.entity is not None, each.wire[:200]
            target.promised[answer["receipt"]] = each.entity
        elif answer.get("reason") == LATE and each.entity is not None:
            target.unpromised.append(each.entity)
        else:
            assert answer["status"] == status >= 400
    if not any(each.spoils for each in sent):
        taken = [status == 200 or answer.get("reason") == LATE for status, answer in answers]
        assert taken == [each.entity is not None for each in sent]


def status_of(target: Target, sent: Sent) -> int:
    """Of one good request, which is sent again while the broker is late."""
    for _ in range(TRIES):
        stream = exchange(target.port, [sent.wire], End.HALF_CLOSE)
        ((status, answer),) = answers_of(stream)
        if answer.get("reason") != LATE:
            break
        judge(target, [sent], stream)
    if status == 200:
        judge(target, [sent], stream)
    return status


def healthy(target: Target) -> None:
    """The same process is there, and takes the next webhook."""
    assert target.ingest.process.poll() is None, "\n".join(target.ingest.lines[-20:])
    assert status_of(target, Sent(with_length(target.paths.post, ORDER), ORDER)) == 200


def test_any_requests_in_any_pieces(target: Target) -> None:
    """One to four requests of every kind on one connection, cut anywhere: chunked, packed, badly framed, too much."""

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(requests(target.paths), min_size=1, max_size=4),
        st.lists(st.floats(0, 1, exclude_max=True), max_size=6),
    )
    def run(sent: list[Sent], cuts: list[float]) -> None:
        wire = b"".join(each.wire for each in sent)
        judge(target, sent, exchange(target.port, split(wire, cuts), End.HALF_CLOSE))

    run()
    healthy(target)
    target.keeps_its_promises()
    assert len(target.promised) > 50


def test_any_request_cut_short(target: Target) -> None:
    """Half a request, then half a close or a reset, stores nothing: the platform will send it again."""

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        requests(target.paths).filter(lambda sent: sent.must),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([End.HALF_CLOSE, End.RESET]),
    )
    def run(sent: Sent, share: float, end: End) -> None:
        stream = exchange(target.port, [sent.wire[: int(share * len(sent.wire))]], end)
        assert [status for status, _ in answers_of(stream) if status < 400] == []

    run()
    healthy(target)
    target.keeps_its_promises()


def test_any_request_that_stops_halfway(kafka: str, tmp_path: Path) -> None:
    """Forty connections that fall silent somewhere are all answered or closed when their time is up, at once."""
    with started(kafka, tmp_path, SHORT_S) as target:
        stops_halfway(target)


def stops_halfway(target: Target) -> None:
    """With a request of each kind, ten times."""
    chance = random.Random(4)
    wires = [
        with_length(target.paths.post, ORDER),
        head(target.paths.post, "Transfer-Encoding: chunked") + chunks(ORDER, [5, 20]),
        with_length(target.paths.post, BOMB, "Content-Encoding: gzip"),
        with_length(target.paths.post, ORDER, "Expect: 100-continue"),
    ]
    parts = [wire[: chance.randrange(len(wire))] for wire in wires for _ in range(10)]

    started_s = time.monotonic()
    with ThreadPoolExecutor(len(parts)) as threads:
        streams = list(threads.map(lambda part: exchange(target.port, [part], End.SILENCE), parts))
    for part, stream in zip(parts, streams, strict=True):
        assert [status for status, _ in answers_of(stream)] in ([408], [413], [] if len(part) < 1 else [408])
    assert time.monotonic() - started_s < SHORT_S * len(parts) / 2, "not one after the other"
    healthy(target)
    target.keeps_its_promises()


@pytest.mark.parametrize("opening", [b"[", b'{"basket":', b'{"shop":{"id":1},"basket":['])
@pytest.mark.parametrize("way", ["length", "chunked", "gzip"])
def test_ten_megabytes_of_nesting(target: Target, opening: bytes, way: str) -> None:
    """Past the bound it is refused while it comes, at the bound it is stored: no parser's stack is the limit."""
    deep = opening * (10 * 1024 * 1024 // len(opening))
    allowed = deep[:BODY_BYTES_MAX]
    for body, status in ((deep, 413), (allowed, 200)):
        started_s = time.monotonic()
        assert status_of(target, Sent(_travelling(target, body, way), body)) == status
        assert time.monotonic() - started_s < PATIENCE_S
    healthy(target)
    target.keeps_its_promises()


def _travelling(target: Target, body: bytes, way: str) -> bytes:
    path = target.paths.post
    if way == "length":
        return with_length(path, body)
    if way == "chunked":
        return head(path, "Transfer-Encoding: chunked") + chunks(body, list(range(0, len(body), 100_000)))
    return with_length(path, gzip.compress(body), "Content-Encoding: gzip")
