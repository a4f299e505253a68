"""What is asked of a broker about topics, and done there. Every wait is bounded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
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

from streams.admin.errors import Refused, Unreachable
from streams.admin.plan import Found

TIMEOUT_S = 10.0
# Creating hundreds of partitions takes a while.
WORK_TIMEOUT_S = 30.0
_SILENT = (
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError.REQUEST_TIMED_OUT,
)


class Broker:
    """Use from one thread. Every method raises `Unreachable`, `Refused`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "reconnect.backoff.max.ms": 1000, "log_level": 0})

    def find(self, names: Sequence[str]) -> Mapping[str, Found]:
        """Those of the topics that are there."""
        with self._answering():
            metadata = self._admin.list_topics(timeout=TIMEOUT_S).topics
            existing = [name for name in names if name in metadata]
            configs = self._configs(existing)
        return {name: _found(metadata[name], configs[name]) for name in existing if name in configs}

    def create(self, topics: Mapping[str, Mapping[str, str]], partitions: int, replication: int) -> None:
        """`topics`: configurations by name. One that is there by now is left as it is: two may start at once."""
        new = [NewTopic(name, partitions, replication, config=dict(config)) for name, config in topics.items()]
        with self._answering():
            futures = self._admin.create_topics(new, operation_timeout=WORK_TIMEOUT_S, request_timeout=WORK_TIMEOUT_S)
            self._settle(futures, lambda code: code == KafkaError.TOPIC_ALREADY_EXISTS)

    def configure(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        """Sets the given entries by topic name, and leaves all others as they are."""
        resources = [
            ConfigResource(
                ResourceType.TOPIC,
                name,
                incremental_configs=[
                    ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                    for key, value in config.items()
                ],
            )
            for name, config in topics.items()
        ]
        with self._answering():
            futures = self._admin.incremental_alter_configs(resources, request_timeout=TIMEOUT_S)
            self._settle({resource.name: future for resource, future in futures.items()}, lambda code: False)

    def _configs(self, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Of those that are still there."""
        if not names:
            return {}
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        configs = {}
        for resource, future in self._admin.describe_configs(asked, request_timeout=TIMEOUT_S).items():
            try:
                configs[resource.name] = {name: str(entry.value) for name, entry in future.result(TIMEOUT_S).items()}
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
        return configs

    def _settle(self, futures: Mapping[str, "Future[Any]"], is_fine: Callable[[int], bool]) -> None:
        """Waits for all. Raises `Refused` with everything that was refused."""
        refused = []
        for name, future in futures.items():
            try:
                future.result(WORK_TIMEOUT_S)
            except KafkaException as error:
                problem = error.args[0]
                if problem.code() in _SILENT:
                    raise
                if not is_fine(problem.code()):
                    refused.append(f"{name}: the broker refuses: {problem.str()}")
        if refused:
            raise Refused("\n".join(refused))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise self._unreachable("no answer in time") from None
        except KafkaException as error:
            problem = error.args[0]
            if problem.code() in _SILENT:
                raise self._unreachable(problem.str()) from None
            raise Refused(f"the broker refuses: {problem.str()}") from None

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"no Kafka broker answers at {self._bootstrap} ({why}): is it running, and is kafka.bootstrap right?"
        )


def _found(topic: Any, config: Mapping[str, str]) -> Found:
    partitions = topic.partitions.values()
    return Found(
        len(partitions),
        min((len(partition.replicas) for partition in partitions), default=0),
        config,
        sum(partition.leader < 0 for partition in partitions),
    )
