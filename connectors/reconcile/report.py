"""What a run came to, for logs and metrics. Order keys are named, people are not."""

import time
from contextlib import suppress

import structlog
from prometheus_client import Counter, Gauge

from connectors.pollers.client import PollError
from connectors.reconcile.compare import Kind
from connectors.reconcile.run import Result, counts

log = structlog.get_logger(__name__)

_TARGET = ("target",)
LAST_SUCCESS = Gauge(
    "orderlog_reconcile_last_success_timestamp_seconds", "When both sides were last compared to the end.", _TARGET
)
DIFFERENCES = Gauge("orderlog_reconcile_differences", "Differences that the last comparison found.", ("target", "kind"))
FAILURES = Counter("orderlog_reconcile_failures_total", "Comparisons of which nothing came.", _TARGET)
NAMED_MAX = 20


def ended(result: Result) -> None:
    """One line for the run, and one for each of its first differences."""
    found = counts(result)
    LAST_SUCCESS.labels(result.target).set(time.time())
    for kind, count in found.items():
        DIFFERENCES.labels(result.target, kind).set(count)
    tell = log.info if result.is_same else log.warning
    tell(
        "reconciled",
        target=result.target,
        ours=sum(result.ours.values()),
        theirs=sum(result.theirs.values()),
        compared=result.compared,
        under_way=result.under_way,
        unreadable=result.unreadable,
        unasked=len(result.unasked),
        differences=len(result.differences),
        **{kind.value: count for kind, count in found.items() if count},
    )
    if result.unchecked:
        log.warning("payment methods cannot be checked", target=result.target, error=result.unchecked)
    for each in result.differences[:NAMED_MAX]:
        log.warning(
            "both sides differ", target=result.target, kind=each.kind.value, order_key=each.key,
            ours=each.ours, theirs=each.theirs, can_be_repeated=bool(each.steps),
        )  # fmt: skip


def failed(target: str, error: Exception | None) -> None:
    """`error` is None where it was told already."""
    FAILURES.labels(target).inc()
    if error is not None:
        reason = error.reason if isinstance(error, PollError) else "broker"
        log.warning("reconciliation fails", target=target, reason=reason, error=str(error))


def leave(target: str) -> None:
    """Another worker compares now, and its word counts."""
    for gauge, labels in [(LAST_SUCCESS, (target,)), *((DIFFERENCES, (target, kind)) for kind in Kind)]:
        with suppress(KeyError):
            gauge.remove(*labels)
