"""What operators see of a poller: metrics, and a log line when it fails and when it works again."""

import time
from contextlib import suppress

import structlog
from prometheus_client import Counter, Gauge

log = structlog.get_logger(__name__)

_SOURCE = ("source",)
LAST_SUCCESS = Gauge(
    "orderlog_poll_last_success_timestamp_seconds", "When a source was last polled to the end.", _SOURCE
)
ORDERS = Counter("orderlog_polled_orders_total", "Documents that polling found and recorded.", _SOURCE)
PAGES = Counter("orderlog_polled_pages_total", "Pages that were read.", _SOURCE)
ERRORS = Counter("orderlog_poll_errors_total", "Requests of which nothing came.", ("source", "reason"))


class Report:
    """Of one source's poller."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._failed: str | None = None
        self._failed_at = 0.0
        self._failures = 0

    def page(self, new: int) -> None:
        PAGES.labels(self._source).inc()
        ORDERS.labels(self._source).inc(new)
        if new:
            log.info("orders polled", source=self._source, orders=new)
        if self._failed is not None:
            seconds = round(time.monotonic() - self._failed_at, 1)
            log.info("polling works again", source=self._source, failures=self._failures, seconds=seconds)
        self._failed, self._failures = None, 0

    def round(self) -> None:
        LAST_SUCCESS.labels(self._source).set(time.time())

    def failed(self, reason: str, error: str, next_s: float) -> None:
        """A line for the first failure, and for each that is of another kind than the one before."""
        ERRORS.labels(self._source, reason).inc()
        if self._failed is None:
            self._failed_at = time.monotonic()
        self._failures += 1
        if self._failed != reason:
            log.warning("polling fails", source=self._source, reason=reason, error=error, next_try_s=round(next_s, 1))
        self._failed = reason

    def leave(self) -> None:
        """Another worker polls now, and its word counts."""
        with suppress(KeyError):
            LAST_SUCCESS.remove(self._source)
