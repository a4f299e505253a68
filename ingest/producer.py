"""Durable writes by librdkafka, polled from the event loop itself.

Delivery reports need Python's lock. A thread that polls for them fights the loop for it, once per record; the loop that
polls every millisecond while something waits takes them in bursts, without a lock to wait for or a thread to wake.
Measured side by side on two busy cores: as many webhooks or more, for the same time of the processor, and a p99 several
times shorter.

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

POLL_S = 0.001
POLL_RESTING_S = 0.1
QUEUE_BYTES_MAX = 64 * 1024 * 1024
TOO_LARGE = frozenset((KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE))


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
    A producer that librdkafka declares dead is replaced by a new one; `restarts` counts that. Not for several threads.
    """

    def __init__(
        self, settings: Settings, loop: asyncio.AbstractEventLoop, overrides: dict[str, Any] | None = None
    ) -> None:
        self._loop = loop
        self._timeout_s = settings.ingest.produce_timeout_s
        self._config = {**producer_config(settings), **(overrides or {})}
        self._waiting: deque[Waiting] = deque()
        self._poisoned: str | None = None
        self.on_result: Callable[[bool], None] = lambda ok: None
        self.restarts = 0
        self.client = self._new_client()
        self._resting = True
        self._timer = loop.call_later(POLL_RESTING_S, self._poll)

    def replace(self, reason: str) -> None:
        """Soon puts a new producer in the place of this one; what the old one still holds is refused."""
        self._poisoned = reason

    def send(self, record: Output) -> "asyncio.Future[Stored]":
        """Hands the record over; the future settles within `produce_timeout_s`.

        Raises `Refusal` at once (`overloaded` where the queue is full, `body-too-large`, `broker-unavailable`), and so
        does the future.
        """
        future: asyncio.Future[Stored] = self._loop.create_future()
        report = partial(self._report, future)
        try:
            self.client.produce(
                record.topic, record.value, record.key, on_delivery=report, headers=list(record.headers)
            )
        except BufferError:
            raise Refusal("overloaded") from None
        except KafkaException as error:
            self._note(error.args[0])
            raise self._refusal(error.args[0]) from None
        self._waiting.append(Waiting(self._loop.time() + self._timeout_s, future))
        if self._resting:
            self._timer.cancel()
            self._schedule()
        return future

    async def close(self, timeout_s: float) -> int:
        """Waits for what is under way, at most so long; returns how many records were not acknowledged."""
        deadline_s = self._loop.time() + timeout_s
        while len(self.client) and self._loop.time() < deadline_s:  # noqa: ASYNC110 - reports come by polling
            await asyncio.sleep(POLL_S)
        self._timer.cancel()
        return len(self.client)

    def _new_client(self) -> Producer:
        return Producer({**self._config, "error_cb": partial(self._on_error, self.restarts)})

    def _schedule(self) -> None:
        self._resting = not self._waiting
        self._timer = self._loop.call_later(POLL_RESTING_S if self._resting else POLL_S, self._poll)

    def _poll(self) -> None:
        """Takes all delivery reports that have come, and gives up on what is past its deadline."""
        try:
            self.client.poll(0)
        except KafkaException as error:  # it raises what is fatal here too
            self._note(error.args[0])
        if self._poisoned is not None:
            self._replace(self._poisoned)
        self._sweep()
        self._schedule()

    def _report(self, future: "asyncio.Future[Stored]", error: KafkaError | None, message: Message) -> None:
        """A delivery report; the future is done already where it came too late."""
        if error is None:
            self.on_result(True)
            if not future.done():
                future.set_result(Stored(message.partition() or 0, message.offset() or 0))
        elif not future.done():
            future.set_exception(self._refusal(error))

    def _on_error(self, generation: int, error: KafkaError) -> None:
        """All that fails shows in writes; here it is heard of earlier. Of a producer that was replaced: too late."""
        if generation == self.restarts:
            self._note(error)
            self.on_result(False)

    def _note(self, error: KafkaError) -> None:
        if error.fatal():
            self.replace(error.name())

    def _refusal(self, error: KafkaError) -> Refusal:
        if error.code() in TOO_LARGE:
            return Refusal("body-too-large")
        self.on_result(False)
        return Refusal("broker-unavailable")

    def _replace(self, reason: str) -> None:
        """A producer that met a fatal error refuses everything for good: a new one takes over, the old one's fail."""
        self.restarts += 1
        self._poisoned = None
        PRODUCER_RESTARTS.inc()
        logger.error("producer replaced", error=reason, restarts=self.restarts)
        old = [self.client]
        self.client = self._new_client()
        with contextlib.suppress(KafkaException):
            old[0].purge()
            old[0].poll(0)  # what it does not report now, its deadline settles
        # The last reference goes in another thread: the destructor waits for the client's threads.
        threading.Thread(target=old.clear, name="ingest-bury", daemon=True).start()

    def _sweep(self) -> None:
        """They stand in the order of their deadlines."""
        now_s, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0].future.done() or waiting[0].deadline_s <= now_s):
            future = waiting.popleft().future
            if not future.done():
                self.on_result(False)
                future.set_exception(Refusal("broker-unavailable"))


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
        "linger.ms": 2,
        # A request is of one partition: with fewer under way the rest gathers. Helps where there are few partitions.
        "max.in.flight.requests.per.connection": 3,
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
