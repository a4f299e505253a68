"""What the role counts. Labels are routes of ours, never paths of strangers."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "orderlog_projections_requests", "Requests by route, method and status.", ("route", "method", "status")
)
SECONDS = Histogram(
    "orderlog_projections_seconds",
    "From a request's headers to its answer.",
    ("route",),
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
)
DECISIONS = Counter("orderlog_projections_decisions", "Decisions about dead letters that were written.", ("decision",))
