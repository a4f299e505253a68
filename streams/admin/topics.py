"""Creates and compares topics on a broker. Every wait is bounded."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.admin.plan import Drift, Found, Kind, compare, wanted_config, wanted_topics
from streams.settings.model import Settings
from streams.topics import Topic

TIMEOUT_S = 15.0


class Unreachable(Exception):
    """The broker does not answer; the message names it."""


def _admin(settings: Settings) -> AdminClient:
    assert settings.kafka.bootstrap is not None
    return AdminClient({"bootstrap.servers": settings.kafka.bootstrap, "socket.timeout.ms": int(TIMEOUT_S * 1000)})


def drifts(settings: Settings) -> list[Drift]:
    """Every difference between the topics that the settings need and those there are. Raises `Unreachable`."""
    try:
        found = _find(_admin(settings), [topic.name for topic in wanted_topics(settings)])
    except KafkaException as error:
        raise Unreachable(f"no answer from the broker at {settings.kafka.bootstrap}: {error.args[0].str()}") from None
    return [drift for topic in wanted_topics(settings) for drift in compare(topic, found.get(topic.name), settings)]


def create(settings: Settings) -> list[Drift]:
    """Creates what is missing and mends configurations; gives the drifts that are left, which it refuses to mend.

    Returns when every new topic has its leaders. Raises `Unreachable`, `KafkaException` where the broker refuses.
    """
    before = drifts(settings)
    admin, by_name = _admin(settings), {topic.name: topic for topic in wanted_topics(settings)}
    missing = [by_name[drift.topic] for drift in before if drift.kind is Kind.MISSING]
    if missing:
        _create(admin, missing, settings)
    if changed := {drift.topic for drift in before if drift.kind is Kind.CONFIG}:
        _configure(admin, {name: wanted_config(by_name[name], settings) for name in changed})
    return drifts(settings) if before else []


def _find(admin: AdminClient, names: Sequence[str]) -> Mapping[str, Found]:
    metadata = admin.list_topics(timeout=TIMEOUT_S).topics
    existing = [name for name in names if name in metadata]
    if not existing:
        return {}
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in existing]
    configs = {
        resource.name: {name: str(entry.value) for name, entry in future.result(TIMEOUT_S).items()}
        for resource, future in admin.describe_configs(asked, request_timeout=TIMEOUT_S).items()
    }
    return {
        name: Found(
            len(metadata[name].partitions),
            min((len(partition.replicas) for partition in metadata[name].partitions.values()), default=0),
            configs[name],
        )
        for name in existing
    }


def _create(admin: AdminClient, missing: Sequence[Topic], settings: Settings) -> None:
    kafka = settings.kafka
    new = [
        NewTopic(topic.name, kafka.partitions, kafka.replication, config=dict(wanted_config(topic, settings)))
        for topic in missing
    ]
    for future in admin.create_topics(new, operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S).values():
        _settle(future)


def _settle(future: Any) -> None:
    try:
        future.result(TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # two starts at once
            raise


def _configure(admin: AdminClient, wanted: Mapping[str, Mapping[str, str]]) -> None:
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()
            ],
        )
        for name, config in wanted.items()
    ]
    for future in admin.incremental_alter_configs(resources, request_timeout=TIMEOUT_S).values():
        future.result(TIMEOUT_S)
