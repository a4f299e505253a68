"""`orderlog broker`: the local single-node Kafka alone, in the foreground."""

import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import structlog
import typer

from streams import log as logs
from streams.broker.errors import BrokerError
from streams.broker.local import LocalBroker
from streams.settings.model import Settings

log = structlog.get_logger(__name__)

POLL_S = 0.2


def command(
    settings: Settings,
    data: Annotated[Path, typer.Option(help="Where its data is kept.")] = Path(".orderlog/broker"),
    port: Annotated[
        int | None, typer.Option(help="Its port; without it the one used before with this folder, or a free one.")
    ] = None,
) -> None:
    """Run a local single-node Kafka until it is told to stop. Exit code 3 where it cannot be had."""
    logs.configure(settings.log.format, settings.log.level, "broker")
    broker = LocalBroker(data, port, settings.kafka.record_bytes_max)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    try:
        broker.start()
    except BrokerError as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from None
    log.info("broker is ready", bootstrap=broker.bootstrap, pid=broker.pid, data=str(data))
    while not stopping:
        if (code := broker.ended()) is not None:
            log.error("broker ended by itself", exit_code=code, log_file=str(broker.log_file))
            raise SystemExit(3)
        time.sleep(POLL_S)
    broker.stop()
    log.info("broker stopped")
