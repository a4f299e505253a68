"""Durable writes: librdkafka with a poll thread that completes the waiting requests in bursts.

One `call_soon_threadsafe` per burst of delivery reports, not one per record: that is what makes it fast (DESIGN 1).
A write is settled once: by its delivery report, or by its deadline, whichever is first. A record whose writer gave up
may still be stored; its sender sends it again, and the fold makes it once.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ingest.metrics import PRODUCER_RESTARTS
from ingest.problems import Refusal
from streams.record import Output
from streams.settings import Settings

logger = structlog.get_logger("orderlog.ingest.producer")

POLL_S = 0.2
SWEEP_S = 0.05
QUEUE_BYTES_MAX = 64 * 1024 * 1024
TOO_LARGE = frozenset((KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD))


class Stored(NamedTuple):
    """Where a record lies, acknowledged by all in-sync replicas."""

    partition: int
    offset: int


class Waiting(NamedTuple):
    """A write that is under way. `deadline_s` is the loop's time."""

    deadline_s: float
    future: "asyncio.Future[Stored]"


class DurableProducer:
    """Writes records and waits for their acknowledgement. Everything is bounded: queue, bytes, time.

    `on_result(ok)` is told of each write that the broker took (True) or that it could not be reached for (False).
    A producer that librdkafka declares dead is replaced by a new one; `restarts` counts that.
    """

    def __init__(
        self,
        settings: Settings,
        loop: asyncio.AbstractEventLoop,
        overrides: dict[str, Any] | None = None,
    ) -> None:
        self._loop = loop
        self.on_result: Callable[[bool], None] = lambda ok: None
        self._timeout_s = settings.ingest.produce_timeout_s
        self._config = {**producer_config(settings), **(overrides or {})}
        self._waiting: deque[Waiting] = deque()
        self._reports: deque[tuple[asyncio.Future[Stored], KafkaError | None, Message]] = deque()
        self._closing = threading.Event()
        self._poisoned: str | None = None
        self.restarts = 0
        self._client = self._new_client()
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
        self._thread = threading.Thread(target=self._poll, name="ingest-deliveries", daemon=True)
        self._thread.start()

    @property
    def client(self) -> Producer:
        """The librdkafka producer of now; it may be another one later."""
        return self._client

    def replace(self, reason: str) -> None:
        """Has the poll thread put a new producer in the place of this one; what the old one still holds is refused."""
        self._poisoned = reason

    def send(self, record: Output) -> "asyncio.Future[Stored]":
        """Hands the record over; the future settles within `produce_timeout_s`.

        Raises `Refusal` at once (`overloaded` where the queue is full, `body-too-large`, `broker-unavailable`), and so
        does the future.
        """
        future: asyncio.Future[Stored] = self._loop.create_future()
        report = partial(self._report, future)
        try:
            self._client.produce(
                record.topic, record.value, record.key, on_delivery=report, headers=list(record.headers)
            )
        except BufferError:
            raise Refusal("overloaded") from None
        except KafkaException as error:
            raise self._refusal(error.args[0]) from None
        self._waiting.append(Waiting(self._loop.time() + self._timeout_s, future))
        return future

    async def close(self, timeout_s: float) -> int:
        """Waits for what is under way, at most so long; returns how many records were not acknowledged."""
        try:
            left = await asyncio.to_thread(self._client.flush, max(timeout_s, 0.0))
        except KafkaException:
            left = len(self._client)
        self._sweeper.cancel()
        self._closing.set()
        await asyncio.to_thread(self._thread.join, 2 * POLL_S + 1)
        self._settle()
        return left

    def _new_client(self) -> Producer:
        return Producer({**self._config, "error_cb": self._on_error})

    def _report(self, future: "asyncio.Future[Stored]", error: KafkaError | None, message: Message) -> None:
        """In the poll thread, and within `flush`; a deque may be filled by one thread and emptied by another."""
        self._reports.append((future, error, message))

    def _on_error(self, error: KafkaError) -> None:
        """In the poll thread."""
        self._note(error)
        self._loop.call_soon_threadsafe(self.on_result, False)

    def _poll(self) -> None:
        while not self._closing.is_set():
            try:
                self._client.poll(POLL_S)
            except KafkaException as error:  # it raises what is fatal here too
                self._note(error.args[0])
            if self._poisoned is not None:
                self._replace()
            if self._reports:
                self._loop.call_soon_threadsafe(self._settle)

    def _replace(self) -> None:
        """A producer that met a fatal error refuses everything for good: a new one takes over, the old one's fail."""
        old, self._client = self._client, self._new_client()
        reason, self._poisoned = self._poisoned, None
        self.restarts += 1
        PRODUCER_RESTARTS.inc()
        logger.error("producer replaced", error=reason, restarts=self.restarts)
        threading.Thread(target=_bury, args=(old,), name="ingest-bury", daemon=True).start()

    def _settle(self) -> None:
        """In the loop: settles every write whose report has come."""
        reports = self._reports
        for _ in range(len(reports)):
            future, error, message = reports.popleft()
            if error is None:
                self.on_result(True)
                if not future.done():
                    future.set_result(Stored(message.partition() or 0, message.offset() or 0))
            elif not future.done():
                future.set_exception(self._refusal(error))

    def _refusal(self, error: KafkaError) -> Refusal:
        if error.code() in TOO_LARGE:
            return Refusal("body-too-large")
        self._note(error)
        self.on_result(False)
        return Refusal("broker-unavailable")

    def _note(self, error: KafkaError) -> None:
        if error.fatal():
            self.replace(error.name())

    def _sweep(self) -> None:
        """Gives up on writes past their deadline. They stand in the order of their deadlines."""
        now, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0].future.done() or waiting[0].deadline_s <= now):
            future = waiting.popleft().future
            if not future.done():
                self.on_result(False)
                future.set_exception(Refusal("broker-unavailable"))
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)


def _bury(old: Producer) -> None:
    with contextlib.suppress(KafkaException):
        old.purge()
        old.flush(1)


def producer_config(settings: Settings) -> dict[str, Any]:
    """librdkafka's settings. Raises `ValueError` where no broker is named."""
    if settings.kafka.bootstrap is None:
        raise ValueError("kafka.bootstrap is not set")
    timeout_ms = int(settings.ingest.produce_timeout_s * 1000)
    queue_bytes = max(QUEUE_BYTES_MAX, 2 * settings.kafka.record_bytes_max)
    return {
        "bootstrap.servers": settings.kafka.bootstrap,
        "client.id": "orderlog-ingest",
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 5,
        "message.max.bytes": settings.kafka.record_bytes_max,
        "message.timeout.ms": timeout_ms,
        "request.timeout.ms": timeout_ms,
        "socket.timeout.ms": timeout_ms,
        "queue.buffering.max.messages": max(10_000, 4 * settings.ingest.in_flight_max),
        "queue.buffering.max.kbytes": queue_bytes // 1024,
        "retry.backoff.ms": 20,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "socket.connection.setup.timeout.ms": max(1000, timeout_ms),
        "log.connection.close": False,
        "log_level": 2,
    }
