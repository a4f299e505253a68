"""Kafka in a container, for machines with a Docker engine; set up as the local broker is."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.broker.artifacts import version
from streams.broker.properties import properties

CONTROLLER_PORT = 9093
DATA = "/var/lib/kafka/data"
ASK_TIMEOUT_S = 3
START_TIMEOUT_S = 90


def docker_answers() -> bool:
    """Whether a Docker engine answers here; not asked for long."""
    import docker  # type: ignore[import-untyped]

    try:
        return bool(docker.from_env(timeout=ASK_TIMEOUT_S).ping())
    except Exception:  # no engine, no permission, an engine that hangs
        return False


def environment(host: str, port: int) -> Mapping[str, str]:
    """The local broker's settings as the image takes them, with listeners that the outside can reach."""
    settings = {
        **properties(port, CONTROLLER_PORT, record_bytes_max=4 * 1024 * 1024, log_dir=DATA),
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
    }
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}


@contextmanager
def kafka_container(port: int) -> Iterator[str]:
    """Its address, once a client gets metadata. `port` is free on the engine's host."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.docker_client import DockerClient

    host = DockerClient().host()
    container = DockerContainer(f"apache/kafka:{version()}").with_bind_ports(port, port)
    with container.with_envs(**environment(host, port)):
        _wait_until_ready(f"{host}:{port}")
        yield f"{host}:{port}"


def _wait_until_ready(bootstrap: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(KafkaException):
            if AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=2).brokers:
                return
        time.sleep(0.2)
    raise AssertionError(f"the Kafka container gave no metadata within {START_TIMEOUT_S} s")
