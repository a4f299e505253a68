"""The end of a process that cannot go on: abort = restart, nothing half-done is kept (DESIGN section 1, point 5)."""

import logging
import os
import sys
from typing import NoReturn

import structlog

log = structlog.get_logger(__name__)

# EX_TEMPFAIL of sysexits.h: start it again.
EXIT_ABORTED = 75


def end_process(event: str, error: BaseException | None, **where: object) -> NoReturn:
    """Logs why and ends the process at once; whoever supervises it starts it again."""
    log.error(event, error=repr(error), exit_code=EXIT_ABORTED, **where, exc_info=error)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_ABORTED)
