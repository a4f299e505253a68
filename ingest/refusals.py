"""One log line per refused request, at a bounded rate: whoever floods us does not flood the log too."""

from collections.abc import Callable
from typing import Any

import structlog

logger = structlog.get_logger("orderlog.ingest.refusals")

LINES_PER_S = 20.0
BURST = 100.0


class Refusals:
    """A token bucket before the log; the line after a gap says how many were left out."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._tokens, self._at_s, self._left_out = BURST, now_s(), 0

    def note(self, reason: str, **facts: Any) -> None:
        """`facts`: source, receipt, order_key, topic. Never what the request held."""
        now_s = self._now_s()
        self._tokens = min(BURST, self._tokens + (now_s - self._at_s) * LINES_PER_S)
        self._at_s = now_s
        if self._tokens < 1:
            self._left_out += 1
            return
        self._tokens -= 1
        if self._left_out:
            facts["left_out"], self._left_out = self._left_out, 0
        logger.warning("webhook refused", reason=reason, **facts)
