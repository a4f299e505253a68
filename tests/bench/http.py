"""The smallest HTTP/1.1 client that can keep a server busy: requests are ready bytes, answers are counted by status."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

HEAD_END, LENGTH = b"\r\n\r\n", b"Content-Length: "


def request_bytes(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """One keep-alive POST."""
    fields = {"host": "127.0.0.1", **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def answer_end(data: bytes) -> int:
    """Where the first answer in `data` ends; -1 while it is not whole. Raises `ValueError` without Content-Length."""
    head = data.find(HEAD_END)
    if head < 0:
        return -1
    at = data.find(LENGTH, 0, head)
    if at < 0:
        raise ValueError("an answer without Content-Length")
    end = head + len(HEAD_END) + int(data[at + len(LENGTH) : data.find(b"\r", at)])
    return end if len(data) >= end else -1


class Connection(asyncio.Protocol):
    """One request at a time. `next_request` gives the next one, or None to wait for `send`."""

    def __init__(
        self, next_request: Callable[[], bytes | None], on_answer: Callable[["Connection", int, float], None]
    ) -> None:
        self._next_request, self._on_answer = next_request, on_answer
        self._partial = b""
        self._sent_at_s = 0.0
        self._transport: asyncio.Transport | None = None
        self.broken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self.broken = True

    def data_received(self, data: bytes) -> None:
        if self._partial:
            data = self._partial + data
        end = answer_end(data)
        if end < 0:
            self._partial = data
            return
        self._partial = b""
        self._on_answer(self, int(data[9:12]), time.perf_counter() - self._sent_at_s)
        self.go_on()

    def go_on(self) -> None:
        if (request := self._next_request()) is not None:
            self.send(request)

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._sent_at_s = time.perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Tally:
    """All answers, and those of the measured time by status, with how long they took."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.took_s: list[float] = []
        self.counting = False
        self.answers = 0

    def __call__(self, _: Connection, status: int, took_s: float) -> None:
        self.answers += 1
        if self.counting:
            self.statuses[status] += 1
            self.took_s.append(took_s)
