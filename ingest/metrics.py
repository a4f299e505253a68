"""What ingest counts. Every label is bounded: names that strangers choose never become one."""

import os
from collections.abc import Collection, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

NO_SOURCE = "-"
OTHER = "other"
ACCEPTED = "accepted"

WEBHOOKS = Counter(
    "orderlog_ingest_webhooks", "Webhooks by source, event type and outcome.", ("source", "event_type", "outcome")
)
DURABLE_SECONDS = Histogram(
    "orderlog_ingest_durable_seconds",
    "From a webhook's whole body to the broker's acknowledgement.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4),
)
BODY_BYTES = Histogram(
    "orderlog_ingest_body_bytes",
    "Size of accepted bodies, decoded.",
    buckets=(0, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216),
)
IN_FLIGHT = Gauge("orderlog_ingest_in_flight", "Webhooks being received or stored.", multiprocess_mode="livesum")
TOKENS = Counter("orderlog_ingest_tokens", "Requests for access tokens by source and outcome.", ("source", "outcome"))
PRODUCER_RESTARTS = Counter("orderlog_ingest_producer_restarts", "Producers that were replaced.")


class WebhookCounts:
    """The counter, with its children looked up once. `events`: the words that a source's platform is known to use."""

    def __init__(self, events: Mapping[str, Collection[str]]) -> None:
        self._events = events
        self._children: dict[tuple[str, str, str], Counter] = {}

    def count(self, source: str, event: str | None, outcome: str) -> None:
        """One more; an event type that the platform is not known for counts as `other`."""
        event_type = event if event is not None and event in self._events.get(source, ()) else OTHER
        key = (source, event_type, outcome)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = WEBHOOKS.labels(*key)
        child.inc()


def exposition() -> tuple[bytes, str]:
    """The metrics of all processes of this server, and their content type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
