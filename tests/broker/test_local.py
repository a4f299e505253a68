"""The local broker keeps what it acknowledged, its port and its folder, whatever is done to it."""

import random
import socket
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from streams.broker import BrokerError, LocalBroker, PortTaken, folder, ports
from tests.kafka import admin, create_topics, produce, read_committed, unique_name


def test_sigkill_loses_nothing_acknowledged_and_keeps_the_port(private_broker: LocalBroker) -> None:
    """Clients that know the address find every record there again, also after a clean stop."""
    bootstrap, topic = private_broker.bootstrap, unique_name("kept")
    create_topics(bootstrap, [topic], partitions=3)
    expected = [(b"%d" % number, b"x" * 500) for number in range(3000)]
    produce(bootstrap, topic, expected)
    private_broker.kill()
    began = time.monotonic()
    assert private_broker.start() == bootstrap
    assert sorted(expected) == sorted((r.key, r.value) for r in read_committed(bootstrap, topic))
    # Kafka's default keeps a killed broker from coming back for 9 s.
    assert time.monotonic() - began < 60
    produce(bootstrap, topic, [(b"more", b"y")])
    assert private_broker.restart() == bootstrap
    assert 3001 == len(read_committed(bootstrap, topic))


def test_folder_belongs_to_one_broker_and_keeps_its_port(
    private_broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two brokers on the same files would destroy them; one after the other have the same address."""
    monkeypatch.setattr(folder, "LOCK_TIMEOUT_S", 0.2)
    second = LocalBroker(tmp_path / "broker")
    with pytest.raises(BrokerError, match="in use by another broker"):
        second.start()
    private_broker.stop()
    with second:
        assert private_broker.bootstrap == second.bootstrap


def test_suspended_broker_answers_again_when_resumed(private_broker: LocalBroker) -> None:
    """For tests of what a broker does that hangs; longer than its own session with its controller."""
    topic = unique_name("hangs")
    create_topics(private_broker.bootstrap, [topic])
    private_broker.suspend()
    with pytest.raises(KafkaException):
        admin(private_broker.bootstrap).list_topics(timeout=1)
    time.sleep(3)
    private_broker.resume()
    produce(private_broker.bootstrap, topic, [(b"k", b"v")])
    assert [b"v"] == [record.value for record in read_committed(private_broker.bootstrap, topic)]


async def test_broker_in_a_folder_with_an_awkward_name(tmp_path: Path) -> None:
    """Spaces, commas and letters beyond ASCII in paths mean something to Java, properties files and Kafka."""
    async with LocalBroker(tmp_path / "größe, a=b {c} $d #e") as broker:
        assert admin(broker.bootstrap).list_topics(timeout=10).brokers
        assert broker.log_file.stat().st_size > 0


def test_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """A port asked for is that port or an error, never another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken"):
            LocalBroker(tmp_path, port).start()


def test_free_ports_are_found_outside_of_the_range_of_outgoing_connections() -> None:
    """In that range a client that retries can connect to itself, and the broker cannot come back."""
    chance = random.Random(1)
    found = {ports.choose(None, None, chance) for _ in range(50)}
    assert [] == [port for port in found if not ports.LOWEST <= port < ports.HIGHEST]
    with socket.create_server(("127.0.0.1", min(found))):
        assert ports.choose(None, min(found), chance) != min(found)
    assert ports.choose(None, min(found), chance) == min(found)
