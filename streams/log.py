"""Logging: JSON lines in production, readable on a terminal; one renderer for us, Faust, aiokafka and aiohttp.

Call `configure` once, at the start of a process, with Faust's own logging and stdout redirection switched off.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from streams.redact import redact
from streams.repeats import RepeatFilter

Format = Literal["auto", "json", "console"]

# They tell of every rebalance step at INFO; what matters of it we log ourselves.
CHATTY = ("faust", "mode", "aiokafka", "asyncio", "aiohttp.access", "urllib3", "testcontainers")


def configure(format: Format = "auto", level: str = "info", role: str = "", *, stream: TextIO | None = None) -> None:
    """Sends every log line of this process to `stream` (stderr), as `format`; `role` is put on each line.

    `auto` is `console` on a terminal and `json` elsewhere. May be called again: the last call counts.
    """
    out = sys.stderr if stream is None else stream
    console = format == "console" or (format == "auto" and out.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _shared(role)
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(shared, console=console, colors=out.isatty()))
    handler.addFilter(_tells_something)
    handler.addFilter(_calm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(number, logging.WARNING) if number > logging.DEBUG else number)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    _log_unhandled()


def _calm() -> Callable[[logging.LogRecord], bool]:
    repeats = RepeatFilter()
    return lambda record: record.name.partition(".")[0] not in CHATTY or repeats.filter(record)


def renderer(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    """The lines that people read."""
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)


def _shared(role: str) -> list[Processor]:
    """What happens to our lines and to other people's alike, before they are rendered."""

    def add_role(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if role:
            event.setdefault("role", role)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        add_role,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.ExceptionRenderer(_trace),
        redact,
    ]


def _formatter(shared: list[Processor], *, console: bool, colors: bool) -> logging.Formatter:
    last: Processor = renderer(colors=colors) if console else structlog.processors.JSONRenderer(serializer=_dumps)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _tells_something(record: logging.LogRecord) -> bool:
    """Faust's services announce each of their starts and stops (`[^--Consumer]: Starting...`), under our names too."""
    return record.levelno >= logging.WARNING or not str(record.msg).startswith("[^")


def _trace(exc_info: ExcInfo) -> str:
    """A traceback without local variables: those hold bodies and secrets."""
    return "".join(traceback.format_exception(*exc_info)).rstrip("\n")


def _dumps(event: Any, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # lone surrogates, integers beyond 64 bits
        return json.dumps(event, default=default)


def _log_unhandled() -> None:
    """What ends the process, or a thread of it, is a log line too."""
    logger = structlog.get_logger("orderlog")

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            logger.critical("unhandled exception", exc_info=(kind, error, trace))

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            logger.critical("unhandled exception", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook = of_process
    threading.excepthook = of_thread
