"""`orderlog topics` on a real broker: creates, checks, mends, refuses."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, ResourceType

from streams import topics
from streams.admin import Kind, Refused, Unreachable, create, drifts, verify
from streams.admin.cli import command
from streams.broker import LocalBroker
from streams.settings.model import Settings
from tests.broker.support import until
from tests.kafka import admin, read_committed

PARTITIONS = 2
SHOP = topics.webhooks("shop")
NAMES = sorted(topic.name for topic in topics.table(["shop"], ["api"]))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One of our own: the names of the topics are fixed, and other tests make some of them in their way."""
    with LocalBroker(tmp_path_factory.mktemp("broker")) as local:
        yield local.bootstrap


@pytest.fixture
def settings(broker: str) -> Settings:
    """Of a broker without topics."""
    client = admin(broker)
    existing = [name for name in client.list_topics(timeout=10).topics if not name.startswith("__")]
    if existing:
        for deleted in client.delete_topics(existing, operation_timeout=20).values():
            deleted.result(30)
    until(
        lambda: not {*existing} & {*client.list_topics(timeout=10).topics}, "the topics of the test before are gone", 20
    )
    return _settings(broker)


def _settings(bootstrap: str, **kafka: int) -> Settings:
    return Settings.model_validate(
        {
            "kafka": {"bootstrap": bootstrap, "partitions": PARTITIONS, **kafka},
            "sources": [{"name": "shop", "platform": "duda", "auth": {"scheme": "none"}}],
            "targets": [
                {"name": "api", "kind": "external", "base_url": "http://127.0.0.1:9", "auth": {"scheme": "none"}}
            ],
        }
    )


def _alter(bootstrap: str, topic: str, changes: Mapping[str, str]) -> None:
    entries = [ConfigEntry(*change, incremental_operation=AlterConfigOpType.SET) for change in changes.items()]
    client, resource = admin(bootstrap), ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for altered in client.incremental_alter_configs([resource]).values():
        altered.result(10)
    # The broker answers from a copy that lags behind.
    until(lambda: {name: _config(bootstrap, topic)[name] for name in changes} == changes, "the change is seen", 10)


def _config(bootstrap: str, topic: str) -> Mapping[str, str]:
    client, resource = admin(bootstrap), ConfigResource(ResourceType.TOPIC, topic)
    described = client.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in described.items()}


def _add_partition(bootstrap: str, topic: str) -> None:
    client = admin(bootstrap)
    for added in client.create_partitions([NewPartitions(topic, PARTITIONS + 1)], operation_timeout=10).values():
        added.result(20)
    until(
        lambda: len(client.list_topics(timeout=10).topics[topic].partitions) == PARTITIONS + 1, "the change is seen", 10
    )


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`orderlog topics` with settings and options → exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(settings: Settings, *, check: bool = False) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            command(settings, check)
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return run


def test_creates_what_is_needed_once(settings: Settings, broker: str) -> None:
    """With leaders, so that the first producer does not have to wait; the second time nothing is left to do."""
    assert NAMES == sorted(drift.topic for drift in drifts(settings))
    assert NAMES == sorted(drift.topic for drift in create(settings).mended)
    found = admin(broker).list_topics(timeout=10).topics
    assert [PARTITIONS] * len(NAMES) == [len(found[name].partitions) for name in NAMES]
    assert [] == [name for name in NAMES for part in found[name].partitions.values() if part.leader < 0]
    assert ([], [], []) == (
        drifts(settings),
        *[list(part) for part in (create(settings).mended, create(settings).left)],
    )
    assert [] == verify(settings)


def test_mends_configurations_and_only_those_that_differ(settings: Settings, broker: str) -> None:
    """An entry that an operator set and the table does not name stays."""
    create(settings)
    _alter(broker, topics.STATE, {"cleanup.policy": "delete", "file.delete.delay.ms": "1234"})
    _alter(broker, SHOP, {"retention.ms": "1000"})
    differing = {(topics.STATE, "cleanup.policy"), (SHOP, "retention.ms")}
    assert differing == {(drift.topic, drift.what) for drift in drifts(settings)}
    assert [f"{topics.STATE}: cleanup.policy is delete, wanted compact; run `orderlog topics`"] == verify(settings)
    assert differing == {(drift.topic, drift.what) for drift in create(settings).mended}
    assert [] == drifts(settings)
    assert "1234" == _config(broker, topics.STATE)["file.delete.delay.ms"]


def test_changed_partitions_are_refused_and_the_rest_is_still_done(settings: Settings, broker: str) -> None:
    """Too few as well as too many; a role that starts all the same would look for state where it is not."""
    create(settings)
    _add_partition(broker, topics.STATE)
    [left] = create(settings).left
    assert (topics.STATE, Kind.PARTITIONS, str(PARTITIONS + 1)) == (left.topic, left.kind, left.found)
    assert 1 == len(verify(settings))
    more = _settings(broker, partitions=PARTITIONS + 1)
    assert sorted({*NAMES} - {topics.STATE}) == sorted(drift.topic for drift in create(more).left)


def test_record_of_the_largest_size_is_taken(settings: Settings, broker: str) -> None:
    """The bound of the settings is the one that holds, not a smaller one of the broker."""
    create(settings)
    size = settings.kafka.record_bytes_max
    failed: list[object] = []
    producer = Producer({"bootstrap.servers": broker, "message.max.bytes": size + 1000, "log_level": 0})
    producer.produce(SHOP, b"x" * size, b"k", on_delivery=lambda error, _: failed.append(error) if error else None)
    assert 0 == producer.flush(30)
    assert ([], [size]) == (failed, [len(record.value or b"") for record in read_committed(broker, SHOP)])


def test_more_replicas_than_brokers_is_said(settings: Settings, broker: str) -> None:
    """The broker's own reason, once for each topic, and nothing half made."""
    with pytest.raises(Refused, match="the broker refuses: Unable to replicate the partition 3 time"):
        create(_settings(broker, replication=3))


def test_no_broker_is_one_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the bound, with the address, and with exit code 3."""
    monkeypatch.setattr("streams.admin.broker.TIMEOUT_S", 0.5)
    settings = _settings("127.0.0.1:1")
    code, out, said = run(settings)
    assert (3, "", 1) == (code, out, len(said.splitlines()))
    assert said.startswith("no Kafka broker answers at 127.0.0.1:1 (")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        verify(settings)


def test_command_checks_without_changing_and_then_mends(settings: Settings, broker: str, run: Run) -> None:
    """What an operator sees, and what a script decides by."""
    code, out, said = run(settings, check=True)
    assert (1, "") == (code, said)
    assert [] == [name for name in NAMES if name not in out]
    assert len(NAMES) == len(drifts(settings))
    code, out, said = run(settings)
    assert (0, "") == (code, said)
    assert [] == [name for name in NAMES if f"{name}: created" not in out]
    assert (0, f"{len(NAMES)} topics are as they should be\n", "") == run(settings, check=True)
    _add_partition(broker, topics.EVENTS)
    code, out, said = run(settings)
    assert (1, "", 1) == (code, out, len(said.splitlines()))
    assert said.startswith(f"{topics.EVENTS}: partitions is 3, wanted 2. The partitions of a topic in use")


def test_longer_retention_is_told_and_left(settings: Settings, broker: str, run: Run) -> None:
    """Somebody wanted to keep the records; the command is content all the same, the check is not."""
    create(settings)
    _alter(broker, SHOP, {"retention.ms": "-1"})
    code, out, said = run(settings)
    assert (0, "", 1) == (code, out, len(said.splitlines()))
    assert "Shortening it would delete records" in said
    assert 1 == run(settings, check=True)[0]
    assert [] == verify(settings)
