"""Rates by the broker's clock: when the records of a topic were appended, read after all is done."""

import time
from collections.abc import Callable

from tests.bench.processes import BenchError, Child

WARM_UP = 0.2
POLL_S = 0.1


def wait_until(true: Callable[[], bool], child: Child, what: str, timeout_s: float) -> None:
    """Asks now and then, so as not to disturb. Raises `BenchError` when the time is up, or the child has ended."""
    deadline = time.monotonic() + timeout_s
    while not true():
        child.check()
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {timeout_s:.0f} s, see {child.log_file}")
        time.sleep(POLL_S)
