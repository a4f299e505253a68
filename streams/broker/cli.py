"""`orderlog broker`: the local single-node Kafka alone, in the foreground."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from streams.broker.errors import BrokerError
from streams.broker.local import LocalBroker
from streams.broker.parent import end_with
from streams.settings.model import Settings

log = structlog.get_logger(__name__)

# It cannot be had, and starting again would not help; 1: it ended by itself.
EXIT_NO_BROKER, EXIT_ENDED = 3, 1


class _Asked(BaseException):
    """SIGTERM or SIGINT: stop cleanly, wherever it is just now."""


def command(
    settings: Settings,
    data: Annotated[Path, typer.Option(help="Where its data is kept.")] = Path(".orderlog/broker"),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Without it, the one used before with this folder, else a free one."),
    ] = None,
    bootstrap_file: Annotated[
        Path | None, typer.Option(help="Holds host:port while the broker is ready, for others to read.")
    ] = None,
    parent: Annotated[int | None, typer.Option(metavar="PID", help="Stop when this process, our parent, ends.")] = None,
) -> None:
    """Run a local single-node Kafka until SIGTERM or Ctrl-C; twice kills.

    Exit code 3: it cannot be had (no Java, no Maven, port or folder taken); 1: it ended by itself.
    """
    broker = LocalBroker(data, port, settings.kafka.record_bytes_max)
    _listen(broker)
    try:
        if parent is not None:
            end_with(parent)
        code = _run(broker, bootstrap_file, data)
    except _Asked:
        broker.stop()
        log.info("broker stopped")
        code = 0
    except BrokerError as error:
        print(error, file=sys.stderr)
        code = EXIT_NO_BROKER
    finally:
        if bootstrap_file:
            bootstrap_file.unlink(missing_ok=True)
    raise SystemExit(code)


def _run(broker: LocalBroker, bootstrap_file: Path | None, data: Path) -> int:
    """Until it ends by itself. Raises `_Asked`, `BrokerError`."""
    if bootstrap_file:
        bootstrap_file.unlink(missing_ok=True)
    broker.start()
    if bootstrap_file:
        bootstrap_file.parent.mkdir(parents=True, exist_ok=True)
        fresh = bootstrap_file.with_name(f"{bootstrap_file.name}.new")
        fresh.write_text(f"{broker.bootstrap}\n")
        fresh.replace(bootstrap_file)
    log.info("broker is ready", bootstrap=broker.bootstrap, pid=broker.pid, data=str(data))
    code = broker.wait()
    log.error("broker ended by itself", exit_code=code, log_file=str(broker.log_file))
    return EXIT_ENDED


def _listen(broker: LocalBroker) -> None:
    def first(*_: object) -> None:
        _on_signals(second)
        raise _Asked

    def second(*_: object) -> None:
        # No more than the signal: the stop that this interrupts is waiting for the process.
        with suppress(ProcessLookupError, AssertionError):
            os.kill(broker.pid, signal.SIGKILL)

    _on_signals(first)


def _on_signals(handler: Callable[..., Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)
