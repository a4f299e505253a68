"""A real Kafka for every test: as ORDERLOG__KAFKA__BOOTSTRAP says, else by testcontainers, else a local one."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from streams.broker import LocalBroker
from streams.broker.ports import choose
from tests.container import docker_answers, kafka_container

BOOTSTRAP = "ORDERLOG__KAFKA__BOOTSTRAP"

# What is shown by examples holds at any speed: a machine that stalls in one of them has found nothing.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")


@pytest.fixture(autouse=True)
def unconfigured_log() -> Iterator[None]:
    """A command that a test runs in this process configures logging for all tests after it: levels, processors."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a broker that tests share; use topics of names of your own."""
    if given := os.environ.get(BOOTSTRAP):
        yield given
    elif docker_answers():
        with kafka_container(choose(None, None, random.SystemRandom())) as bootstrap:
            yield bootstrap
    else:
        with LocalBroker(tmp_path_factory.mktemp("kafka")) as broker:
            yield broker.bootstrap


@pytest.fixture
def private_broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A running broker of the test's own, to kill, suspend and restart."""
    with LocalBroker(tmp_path / "broker") as broker:
        yield broker
