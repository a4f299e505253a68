"""`server.properties` and the log configuration of a broker that is alone: small, and fit for transactions."""

from pathlib import Path

LOG4J = """\
Configuration:
  status: error
  Appenders:
    RollingFile:
      name: file
      fileName: {folder}/server.log
      filePattern: {folder}/server.%i.log
      PatternLayout:
        pattern: "%d %-5p %m (%c{{1}})%n"
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


def server_properties(data: Path, port: int, controller_port: int, record_bytes_max: int) -> str:
    """Replication 1 throughout. Acknowledged records survive a kill of the process: the kernel has them."""
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data / "log"),
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(record_bytes_max + 1024 * 1024),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # A transaction whose process died is given up soon after its own timeout, not up to 10 s later.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())
