"""A real single-node Apache Kafka (KRaft) on this machine, from Maven artifacts: no Docker needed."""

from streams.broker.errors import BrokerError, MissingProgram, PortTaken
from streams.broker.local import LocalBroker

__all__ = ["BrokerError", "LocalBroker", "MissingProgram", "PortTaken"]
