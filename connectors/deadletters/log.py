"""Kafka's topics as an operator's command reads them: to their present end, one record in hand. Blocking."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from connectors.deadletters.model import Place
from streams.admin.errors import Refused, Unreachable
from streams.record import Record

REQUEST_TIMEOUT_S = 10.0
# Without a record or an end for so long, the broker is taken to be gone.
READ_TIMEOUT_S = 30.0
POLL_S = 0.5
# What is fetched ahead, whatever the size of the records: a dead letter may have megabytes.
AHEAD_KIB = 16 * 1024
PROGRESS_EVERY = 1000
# Nothing of librdkafka's own on standard error: its errors reach us as exceptions and messages.
LOG_LEVEL = 0

# What the client gets over by itself.
PASSING = frozenset(
    (
        *(KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE),
        *(KafkaError.REQUEST_TIMED_OUT, KafkaError._TIMED_OUT_QUEUE, KafkaError._MSG_TIMED_OUT),
    )
)

COORDINATOR_STARTS = frozenset(
    (
        *(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE),
        KafkaError._WAIT_COORD,
    )
)

# Topic, records passed, records in all.
Progress = Callable[[str, int, int], None]


def no_progress(topic: str, done: int, total: int) -> None:
    """Tells nobody."""


class Log:
    """Reads what is committed. Use in a `with`, from one thread. Every method raises `Unreachable`, `Refused`."""

    def __init__(
        self, bootstrap: str, progress: Progress = no_progress, *, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self.bootstrap = bootstrap
        self._progress, self._read_timeout_s = progress, read_timeout_s
        self._consumer = Consumer(
            {
                **client(bootstrap),
                "group.id": "orderlog-operators",  # demanded by the client; never joined, never committed to
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "queued.max.messages.kbytes": AHEAD_KIB,
                "fetch.max.bytes": AHEAD_KIB * 1024,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def names(self) -> frozenset[str]:
        """Every topic of the broker."""
        with answering(self.bootstrap):
            return frozenset(self._consumer.list_topics(timeout=REQUEST_TIMEOUT_S).topics)

    def scan(
        self, topic: str, since_ms: int | None = None, starts: Mapping[int, int] | None = None
    ) -> Iterator[Record]:
        """Records up to the end that `topic` has now: from a time, or from an offset per partition, or all."""
        with answering(self.bootstrap):
            spans = self._spans(topic, since_ms, starts or {})
        total = sum(end - start for start, end in spans.values())
        passed = 0
        for passed, record in enumerate(self._read(topic, spans), 1):
            if passed % PROGRESS_EVERY == 0:
                self._progress(topic, min(passed, total), total)
            yield record
        self._progress(topic, total, total)

    def at(self, place: Place) -> Record | None:
        """The record that lies there; None where it is no longer kept."""
        spans = {place.partition: (place.offset, place.offset + 1)}
        found = next(self._read(place.topic, spans), None)
        return found if found is not None and found.offset == place.offset else None

    def _spans(self, topic: str, since_ms: int | None, starts: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """Partition → first offset and end, of those that have something to read."""
        about = self._consumer.list_topics(topic, REQUEST_TIMEOUT_S).topics[topic]
        if about.error is not None:
            if about.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise Refused(f"{topic}: there is no such topic: `orderlog topics` creates what the settings need")
            raise KafkaException(about.error)
        spans = {}
        for number in about.partitions:
            low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, number), REQUEST_TIMEOUT_S)
            spans[number] = (max(low, starts.get(number, low)), high)
        if since_ms is not None:
            asked = [TopicPartition(topic, number, since_ms) for number in spans]
            for at in self._consumer.offsets_for_times(asked, REQUEST_TIMEOUT_S):
                low, high = spans[at.partition]
                spans[at.partition] = (max(low, at.offset) if at.offset >= 0 else high, high)
        return {number: span for number, span in spans.items() if span[0] < span[1]}

    def _read(self, topic: str, spans: Mapping[int, tuple[int, int]]) -> Iterator[Record]:
        """The end itself counts too: the last offsets may be transaction markers, which are no records."""
        if not spans:
            return
        self._consumer.assign([TopicPartition(topic, number, start) for number, (start, _) in spans.items()])
        open_partitions, deadline = set(spans), time.monotonic() + self._read_timeout_s
        try:
            while open_partitions:
                message = self._consumer.poll(POLL_S)
                if message is not None and self._is_progress(message):
                    deadline = time.monotonic() + self._read_timeout_s
                    if message.topic() == topic:
                        yield from _taken(message, spans, open_partitions)
                elif time.monotonic() > deadline:
                    raise Unreachable(
                        f"{topic} cannot be read to its end: nothing came from {self.bootstrap} for "
                        f"{self._read_timeout_s:g} s: is the broker up, and does a transaction hang?"
                    )
        finally:
            self._consumer.unassign()

    def _is_progress(self, message: Any) -> bool:
        error = message.error()
        if error is None or error.code() == KafkaError._PARTITION_EOF:
            return True
        if error.code() in PASSING:
            return False
        raise Refused(f"the broker refuses to have {message.topic()} read: {error.str()}")


def _taken(message: Any, spans: Mapping[int, tuple[int, int]], open_partitions: set[int]) -> Iterator[Record]:
    """The record of `message`, if it was asked for; a partition that is read to its end is no longer open."""
    number, offset = message.partition(), message.offset()
    start, end = spans.get(number, (0, 0))
    is_end = message.error() is not None
    if is_end or offset >= end - 1:
        open_partitions.discard(number)
    if not is_end and start <= offset < end:
        stamp = message.timestamp()[1]
        yield Record(message.topic(), number, offset, stamp, message.key(), message.value())


def taken_up(bootstrap: str, group: str, topic: str) -> dict[int, int]:
    """Partition → the first offset that this consumer group has not taken up. Raises `Unreachable`, `Refused`.

    Partitions of which nothing is known are left out. Without waiting for open transactions: so it may be a little old.
    """
    consumer = Consumer(
        {
            **client(bootstrap),
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
        }
    )
    try:
        with answering(bootstrap):
            partitions = consumer.list_topics(topic, REQUEST_TIMEOUT_S).topics[topic].partitions
            committed = _committed(consumer, [TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        return {at.partition: at.offset for at in committed if at.offset >= 0}
    finally:
        consumer.close()


def _committed(consumer: Consumer, asked: list[TopicPartition]) -> Sequence[TopicPartition]:
    """Asks again while the group's coordinator is only just starting, or moves. Raises `KafkaException`."""
    deadline = time.monotonic() + REQUEST_TIMEOUT_S
    while True:
        try:
            found: Sequence[TopicPartition] = consumer.committed(asked, REQUEST_TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() not in COORDINATOR_STARTS or time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
        else:
            return found


def client(bootstrap: str) -> dict[str, Any]:
    """What every client of ours has in common."""
    return {"bootstrap.servers": bootstrap, "log_level": LOG_LEVEL, "reconnect.backoff.max.ms": 1000}


@contextmanager
def answering(bootstrap: str) -> Iterator[None]:
    """Says in our own words that nobody answers, or what the broker refuses."""
    try:
        yield
    except KafkaException as error:
        raise told(bootstrap, error.args[0]) from None


def told(bootstrap: str, error: KafkaError) -> Unreachable | Refused:
    if error.code() in PASSING:
        return Unreachable(
            f"no Kafka broker answers at {bootstrap} ({error.str()}): is it running, and is kafka.bootstrap right?"
        )
    return Refused(f"the broker refuses: {error.str()}")
