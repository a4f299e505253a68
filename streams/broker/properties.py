"""`server.properties` and the log configuration of a broker that is alone: small, and fit for transactions.

Paths are relative: Kafka runs in its data folder, so that no character of that folder's name needs escaping.
"""

from collections.abc import Mapping

LOG = "log"
LOG4J = """\
Configuration:
  status: error
  Appenders:
    RollingFile:
      name: file
      fileName: server.log
      filePattern: server.%i.log
      PatternLayout:
        pattern: "%d %-5p %m (%c{1})%n"
      Policies:
        SizeBasedTriggeringPolicy:
          size: 20MB
      DefaultRolloverStrategy:
        max: 3
  Loggers:
    Root:
      level: info
      AppenderRef:
        ref: file
"""
# A batch may be as large as the largest record and its header; topics have bounds of their own.
BATCH_ROOM_BYTES = 1024 * 1024
INT_MAX = 2**31 - 1


def properties(port: int, controller_port: int, record_bytes_max: int, log_dir: str = LOG) -> Mapping[str, str]:
    """Kafka's settings by name; replication is 1 throughout.

    No flush is forced: what was acknowledged survives a kill of the process, since the kernel has it.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": log_dir,
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(record_bytes_max + BATCH_ROOM_BYTES),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        # By default a group that is away for a week loses its offsets, and would start from the beginning again.
        "offsets.retention.minutes": str(INT_MAX),
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # A transaction whose process died is given up soon after its own timeout, not up to 10 s later.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    }


def text(settings: Mapping[str, str]) -> str:
    """As a properties file."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
