"""Is everything at rest: nothing unread, no delivery waiting, no order left to be polled? And if not, what is stuck."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from streams import topics
from streams.demo.evidence import is_fetched
from streams.demo.read import Committed, Partition, Reader, ReadTimeout
from streams.demo.webhook import APICBASE, Put
from streams.record import Record

PAUSE_S = 0.25
PASS_TIMEOUT_S = 10.0
NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was not finished at one look: unread records by group and partition, and the orders of open deliveries.

    `unpolled`: the orders that a platform's API lists and no poller has brought.
    """

    behind: Mapping[tuple[str, Partition], int]
    pending: Mapping[str, Sequence[str]]
    trouble: str | None = None
    unpolled: Sequence[str] = ()

    @property
    def total(self) -> int:
        return sum(self.behind.values()) + sum(map(len, self.pending.values())) + len(self.unpolled)

    @property
    def is_empty(self) -> bool:
        return self.total == 0 and self.trouble is None

    def lines(self) -> list[str]:
        """For a person: what is stuck, and where."""
        lines = [f"{group}: {count} records of {at[0]}[{at[1]}] unread" for (group, at), count in self.behind.items()]
        for topic, keys in self.pending.items():
            lines.append(f"{topic}: {len(keys)} deliveries open, of {_some(keys)}")
        if self.unpolled:
            lines.append(f"{len(self.unpolled)} orders not polled: {_some(self.unpolled)}")
        return lines + ([self.trouble] if self.trouble else [])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"{', '.join(names[:NAMED_MAX])}{more}"


def unpolled(records: Iterable[Record], listed: Iterable[Put]) -> list[str]:
    """The ids of the listed orders that lie in no raw record which we asked for. Pure."""
    polled = {orjson.loads(record.value or b"{}").get("id") for record in records if is_polled(record)}
    return [put.order_id for put in listed if put.order_id not in polled]


def is_polled(record: Record) -> bool:
    """Whether a poller wrote it."""
    return record.topic == topics.webhooks(APICBASE) and is_fetched(record)


def unread(records: Iterable[Record], committed: Mapping[Partition, int]) -> Counter[Partition]:
    """Records at or past the committed offset. Pure."""
    counts: Counter[Partition] = Counter()
    for record in records:
        at = (record.topic, record.partition)
        if record.offset >= committed.get(at, record.offset + 1):
            counts[at] += 1
    return counts


def open_deliveries(records: Iterable[Record], topic: str) -> list[str]:
    """The order keys of the deliveries that are still to be made, by the table's last word on each. Pure.

    Dead ones wait for a person, and done ones are only remembered.
    """
    table = {record.key: record.value for record in records if record.topic == topic}
    deliveries = [orjson.loads(value) for value in table.values() if value]
    return [
        delivery["command"]["order_key"] for delivery in deliveries if delivery.get("state") not in ("dead", "done")
    ]


class Drain:
    """Looks at Kafka until two looks running find nothing waiting and nothing new."""

    def __init__(
        self,
        bootstrap: str,
        all_topics: Sequence[str],
        reads: Mapping[str, Sequence[str]],
        listed: Sequence[Put] = (),
    ) -> None:
        """`reads`: consumer group → the topics that it consumes. `listed`: what is to be polled."""
        self._tables = [topic for topic in all_topics if topic == topics.deliveries(topics.target_of(topic))]
        self._reader = Reader(bootstrap, all_topics)
        self._groups = {group: Committed(bootstrap, group) for group in reads}
        self._reads, self._listed = reads, listed

    async def wait(self, timeout_s: float, progress: Callable[[Waiting], None]) -> Waiting:
        """What is left when all is at rest (nothing), or when the time is up."""
        deadline, calm = time.monotonic() + timeout_s, False
        while True:
            new, waiting = await asyncio.to_thread(self._look)
            progress(waiting)
            if waiting.is_empty and new == 0 and calm:
                return waiting
            if time.monotonic() > deadline:
                return waiting
            calm = waiting.is_empty
            await asyncio.sleep(PAUSE_S)

    def close(self) -> None:
        self._reader.close()
        for committed in self._groups.values():
            committed.close()

    def _look(self) -> tuple[int, Waiting]:
        try:
            new = self._reader.catch_up(PASS_TIMEOUT_S)
            behind = {
                (group, at): count
                for group, committed in self._groups.items()
                for at, count in sorted(unread(self._reader.records, committed.of(self._partitions(group))).items())
            }
        except ReadTimeout as error:
            return 0, Waiting({}, {}, f"{error}")
        pending = {at: keys for at in self._tables if (keys := open_deliveries(self._reader.records, at))}
        return new, Waiting(behind, pending, unpolled=unpolled(self._reader.records, self._listed))

    def _partitions(self, group: str) -> list[Partition]:
        return [at for at in self._reader.partitions if at[0] in self._reads[group]]
