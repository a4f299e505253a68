"""What a watcher tells the operators besides: metrics, and a line for each message. Never the URL."""

from collections.abc import Iterable

import structlog
from prometheus_client import Counter, Gauge

from connectors.alerts.alert import Alert

log = structlog.get_logger(__name__)

MESSAGES = Counter("orderlog_alert_messages_total", "Messages to the alerts' webhook, by result.", ("result",))
FIRING = Gauge("orderlog_alerts_firing", "Alerts that fire, of all targets; at the worker that watches.")


class Report:
    def firing(self, alerts: Iterable[Alert]) -> None:
        FIRING.set(sum(alert.is_firing for alert in alerts))

    def sent(self, alerts: int) -> None:
        MESSAGES.labels("sent").inc()
        log.info("alerts told", alerts=alerts)

    def not_sent(self, error: str, wait_s: float) -> None:
        MESSAGES.labels("failed").inc()
        log.warning("alerts cannot be told", error=error, again_in_s=round(wait_s, 1))

    def leave(self) -> None:
        """Another worker watches now."""
        FIRING.set(0)
