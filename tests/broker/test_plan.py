"""What differs, and what may be done about it without a person."""

import pytest

from streams import topics
from streams.admin.plan import Drift, Found, Kind, Remedy, compare, wanted_config, wanted_topics
from streams.settings.model import Kafka, Settings
from streams.topics import Topic

SETTINGS = Settings(kafka=Kafka(partitions=4, replication=3))
BY_NAME = {topic.name: topic for topic in topics.table(["shop"], ["api"])}


def _found(topic: Topic, replication: int = 3, partitions: int = 4, **config: str) -> Found:
    changes = {name.replace("_", "."): value for name, value in config.items()}
    return Found(partitions, replication, {**wanted_config(topic, SETTINGS, replication), **changes})


def _remedies(topic: Topic, found: Found) -> dict[str, Remedy]:
    return {drift.what: drift.remedy for drift in compare(topic, found, SETTINGS)}


@pytest.mark.parametrize("topic", BY_NAME.values(), ids=lambda topic: topic.name)
def test_topic_as_wanted_does_not_differ(topic: Topic) -> None:
    """Otherwise `orderlog topics` would change something at every start."""
    assert [] == compare(topic, _found(topic), SETTINGS)


def test_missing_topic_is_created() -> None:
    """The most usual drift of all."""
    assert [Kind.MISSING] == [drift.kind for drift in compare(BY_NAME[topics.EVENTS], None, SETTINGS)]
    assert [topic.name for topic in wanted_topics(SETTINGS)] == [topic.name for topic in topics.table((), ())]


@pytest.mark.parametrize(("replication", "expected"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_two_replicas_must_be_in_sync_only_where_a_third_may_be_down(replication: int, expected: str) -> None:
    """2 of 1 could never be written to; 2 of 2 not while a broker restarts."""
    assert expected == wanted_config(BY_NAME[topics.EVENTS], SETTINGS, replication)["min.insync.replicas"]


@pytest.mark.parametrize("name", [topics.STATE, topics.EVENTS, topics.webhooks("shop")])
@pytest.mark.parametrize("partitions", [3, 5])
def test_another_number_of_partitions_is_refused_with_the_reason(name: str, partitions: int) -> None:
    """Kafka could add some; each key would then be on another one than its earlier records and its state."""
    [drift] = compare(BY_NAME[name], _found(BY_NAME[name], partitions=partitions), SETTINGS)
    assert (Kind.PARTITIONS, Remedy.REFUSE) == (drift.kind, drift.remedy)
    assert ("state of the partition" if name == topics.STATE else "key decides the partition") in str(drift)
    assert f"kafka.partitions = {partitions}" in str(drift)


def test_too_few_replicas_are_refused_and_too_many_left() -> None:
    """The first is less safe than was asked for; and neither asks for more in sync than there are."""
    topic = BY_NAME[topics.EVENTS]
    assert {"replication": Remedy.REFUSE} == _remedies(topic, _found(topic, replication=1))
    assert {"replication": Remedy.LEAVE} == _remedies(topic, _found(topic, replication=4))


@pytest.mark.parametrize(
    ("found", "expected"),
    [(str(90 * topics.DAY_MS), Remedy.LEAVE), ("-1", Remedy.LEAVE), (str(topics.DAY_MS), Remedy.MEND)],
)
def test_retention_is_lengthened_but_not_shortened(found: str, expected: Remedy) -> None:
    """Shortening deletes records, at once and for good."""
    topic = BY_NAME[topics.webhooks("shop")]
    assert {"retention.ms": expected} == _remedies(topic, _found(topic, retention_ms=found))
    events = BY_NAME[topics.EVENTS]
    assert {"retention.ms": Remedy.MEND} == _remedies(events, _found(events, retention_ms=str(topics.DAY_MS)))


def test_configurations_are_mended() -> None:
    """A state topic that deletes instead of compacting loses state."""
    state = BY_NAME[topics.STATE]
    assert [Drift(topics.STATE, Kind.CONFIG, "cleanup.policy", "compact", "delete")] == compare(
        state, _found(state, cleanup_policy="delete"), SETTINGS
    )


def test_largest_record_fits_with_its_batch() -> None:
    """A record of the size that the settings allow must not be rejected for the header around it."""
    config = wanted_config(BY_NAME[topics.EVENTS], SETTINGS, 1)
    assert int(config["max.message.bytes"]) > SETTINGS.kafka.record_bytes_max
