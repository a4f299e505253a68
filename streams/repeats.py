"""Keeps a library that repeats itself (aiokafka, while the broker is away) from flooding the log."""

import logging
import time
from collections.abc import Callable

EVERY_S = 10.0
TEMPLATES_MAX = 500


class RepeatFilter(logging.Filter):
    """Lets one line of each template through per `every_s`, with the number of those held back since the last."""

    def __init__(self, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s, self._clock = every_s, clock
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.name, str(record.msg)), self._clock()
        last, held_back = self._seen.get(key, (float("-inf"), 0))
        if now - last < self._every_s:
            self._seen[key] = (last, held_back + 1)
            return False
        if len(self._seen) >= TEMPLATES_MAX:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if held_back:
            record.msg = f"{record.getMessage()} (and {held_back} more like it)"
            record.args = None
        return True
