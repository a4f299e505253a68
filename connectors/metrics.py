"""What the connectors count."""

from prometheus_client import Counter, Gauge, Histogram

TARGET = ("target",)
PARTITION = ("target", "partition")

ATTEMPTS = Counter("orderlog_delivery_attempts_total", "Attempts, by what they meant.", ("target", "result"))
FINISHED = Counter("orderlog_deliveries_finished_total", "Deliveries that ended, by how.", ("target", "result"))
IGNORED = Counter(
    "orderlog_commands_ignored_total", "Commands that were there already or had nothing to act on.", TARGET
)
IN_FLIGHT = Gauge("orderlog_deliveries_in_flight", "Requests that have no answer yet.", TARGET)
PENDING = Gauge("orderlog_deliveries_pending", "Deliveries that are accepted and not finished.", PARTITION)
HELD = Gauge("orderlog_deliveries_held", "Dead letters that wait for an operator.", PARTITION)
BREAKER = Gauge("orderlog_breaker_state", "0 closed, 1 half-open, 2 open.", TARGET)
GATE_WAITS = Counter(
    "orderlog_delivery_waits_total", "Times that something due had to wait for the target's gate.", TARGET
)
GATE_WAIT_SECONDS = Counter(
    "orderlog_delivery_wait_seconds_total", "Seconds of such waits for rate, pause or breaker.", TARGET
)
ATTEMPT_SECONDS = Histogram(
    "orderlog_delivery_attempt_seconds",
    "One attempt, from send to answer.",
    TARGET,
    buckets=[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
)
DELIVERY_SECONDS = Histogram(
    "orderlog_delivery_seconds",
    "From the command's creation to its delivery.",
    TARGET,
    buckets=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600],
)
