"""What a topic must look like, how what exists differs from it, and what may be done about it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from streams.settings.model import Settings
from streams.topics import DAY_MS, FOREVER_MS, Cleanup, Topic, table

# The broker's bound is on a batch: a record of the largest size must fit with the batch's own header.
BATCH_OVERHEAD_BYTES = 64 * 1024
# With fewer than 3 replicas a second one in sync would make every outage of a broker an outage of the topic.
REPLICATION_FOR_TWO_IN_SYNC = 3


class Kind(StrEnum):
    """What is wrong with a topic."""

    MISSING = "missing"
    CONFIG = "config"
    PARTITIONS = "partitions"
    REPLICATION = "replication"


class Remedy(StrEnum):
    """`mend`: done without asking. `leave`: works, and mending would take something away. `refuse`: a person's."""

    MEND = "mend"
    LEAVE = "leave"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference of one topic. `what` is the setting's name; `why` says why it is not mended, where it is not."""

    topic: str
    kind: Kind
    what: str
    wanted: str
    found: str
    remedy: Remedy = Remedy.MEND
    why: str = ""

    def __str__(self) -> str:
        said = f"{self.topic}: {self.what} is {self.found}, wanted {self.wanted}"
        return f"{said}. {self.why}" if self.why else said


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it. `replication`: of its least replicated partition; `leaderless`: partitions."""

    partitions: int
    replication: int
    config: Mapping[str, str]
    leaderless: int = 0


def wanted_topics(settings: Settings) -> Sequence[Topic]:
    """Every topic that the configuration needs."""
    sources, targets = (source.name for source in settings.sources), (target.name for target in settings.targets)
    observed = (target.name for target in settings.watched)
    return table(sources, targets, settings.polled, observed, alerting=settings.alerts is not None)


def wanted_config(topic: Topic, settings: Settings, replication: int) -> Mapping[str, str]:
    """Kafka's topic configuration for `topic`, which has that many replicas."""
    config = {
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(settings.kafka.record_bytes_max + BATCH_OVERHEAD_BYTES),
        "min.insync.replicas": "2" if replication >= REPLICATION_FOR_TWO_IN_SYNC else "1",
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
    if found is None:
        return [Drift(topic.name, Kind.MISSING, "topic", "there", "missing")]
    return [
        *_partitions(topic, found, settings.kafka.partitions),
        *_replication(topic, found, settings.kafka.replication),
        *(
            _config(topic, name, value, found.config.get(name, "unset"))
            for name, value in wanted_config(topic, settings, found.replication).items()
            if found.config.get(name) != value
        ),
    ]


def _config(topic: Topic, name: str, wanted: str, found: str) -> Drift:
    if name == "retention.ms" and _keeps_longer(found, wanted):
        why = "Shortening it would delete records; to do that, use Kafka's own kafka-configs."
        return Drift(topic.name, Kind.CONFIG, name, wanted, found, Remedy.LEAVE, why)
    return Drift(topic.name, Kind.CONFIG, name, wanted, found)


def _keeps_longer(found: str, wanted: str) -> bool:
    forever = str(FOREVER_MS)
    return wanted != forever and (found == forever or (found.isdigit() and int(found) > int(wanted)))


def _partitions(topic: Topic, found: Found, wanted: int) -> list[Drift]:
    """Never mended: Kafka can only add some, and then the same key is on another partition than before."""
    if found.partitions == wanted:
        return []
    reason = (
        "what it holds is the state of the partition that it lies on, and would be looked for on another"
        if topic.is_state
        else "the key decides the partition, and the records of one order would lie on two of them, out of order"
    )
    why = (
        f"The partitions of a topic in use are never changed: {reason}. "
        f"Set kafka.partitions = {found.partitions}, or delete the topic if nothing in it is needed."
    )
    return [Drift(topic.name, Kind.PARTITIONS, "partitions", str(wanted), str(found.partitions), Remedy.REFUSE, why)]


def _replication(topic: Topic, found: Found, wanted: int) -> list[Drift]:
    if found.replication == wanted:
        return []
    remedy = Remedy.LEAVE if found.replication > wanted else Remedy.REFUSE
    why = "Replicas are moved with Kafka's own kafka-reassign-partitions; or change kafka.replication."
    return [Drift(topic.name, Kind.REPLICATION, "replication", str(wanted), str(found.replication), remedy, why)]
