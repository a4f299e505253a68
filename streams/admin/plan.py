"""What a topic must look like, and how what exists differs from it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from streams.settings.model import Settings
from streams.topics import DAY_MS, Cleanup, Topic, table

# The broker's bound is on a batch: a record of the largest size must fit with the batch's own header.
BATCH_OVERHEAD_BYTES = 64 * 1024


class Kind(StrEnum):
    """What is wrong with a topic, and what can be done: `missing` and `config` are mended, the others refused."""

    MISSING = "missing"
    CONFIG = "config"
    PARTITIONS = "partitions"
    REPLICATION = "replication"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference of one topic. `what` is the setting's name."""

    topic: str
    kind: Kind
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, wanted {self.wanted}"


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it."""

    partitions: int
    replication: int
    config: Mapping[str, str]


def wanted_topics(settings: Settings) -> Sequence[Topic]:
    return table((source.name for source in settings.sources), (target.name for target in settings.targets))


def wanted_config(topic: Topic, settings: Settings) -> Mapping[str, str]:
    """Kafka's topic configuration for `topic`."""
    config = {
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(settings.kafka.record_bytes_max + BATCH_OVERHEAD_BYTES),
        "min.insync.replicas": "2" if settings.kafka.replication >= 3 else "1",
    }
    if topic.cleanup is Cleanup.DELETE:
        return config | {"retention.ms": str(topic.retention_ms)}
    # A day for consumers to see a tombstone; segments that roll often enough to be compacted.
    return config | {
        "delete.retention.ms": str(DAY_MS),
        "min.cleanable.dirty.ratio": "0.2",
        "segment.ms": str(DAY_MS // 4),
        "segment.bytes": str(128 * 1024 * 1024),
    }


def compare(topic: Topic, found: Found | None, settings: Settings) -> list[Drift]:
    """Every difference between what `topic` must be and what was found."""
    kafka = settings.kafka
    if found is None:
        return [Drift(topic.name, Kind.MISSING, "topic", "there", "missing")]
    drifts = [
        Drift(topic.name, Kind.CONFIG, name, value, found.config.get(name, "unset"))
        for name, value in wanted_config(topic, settings).items()
        if found.config.get(name) != value
    ]
    if found.partitions != kafka.partitions:
        drifts.append(Drift(topic.name, Kind.PARTITIONS, "partitions", str(kafka.partitions), str(found.partitions)))
    if found.replication != kafka.replication:
        drifts.append(
            Drift(topic.name, Kind.REPLICATION, "replication", str(kafka.replication), str(found.replication))
        )
    return drifts


def refusal(drift: Drift, is_state: bool) -> str:
    """Why a drift is not mended, and what to do instead."""
    if drift.kind is Kind.REPLICATION:
        return f"{drift}. Replicas are moved with Kafka's own kafka-reassign-partitions, or change kafka.replication."
    reason = (
        "its records are the state of the partition that they lie on"
        if is_state
        else "the key decides the partition, and the records of one order would lie on two"
    )
    return (
        f"{drift}. The number of partitions of a topic in use is never changed: {reason}. "
        f"Set kafka.partitions = {drift.found}, or start anew with topics of another number."
    )
