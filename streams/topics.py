"""The topic table: every topic that Orderlog uses is declared here, and no topic name is written anywhere else.

Source: DESIGN section 7 (a contract). Keys decide the partition (murmur2); every topic of an installation has the same
number of partitions, so that the records of one order stay on one partition number from webhook to outcome.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 24 * 60 * 60 * 1000
FOREVER_MS = -1
# How long raw webhooks, and what can be asked of them again, are kept.
RAW_DAYS = 30

EVENTS = "orders.events"
STATE = "orders.state"
OUTCOMES = "orders.outcomes"
DEADLETTERS = "orders.deadletters"
QUARANTINE = "webhooks.quarantine"
MOVEMENTS = "inventory.movements"
STOCK = "inventory.state"
# The one who watches for alerts is the owner of the first partition of their requests.
ALERT_REQUESTS = "alerts.requests"
ALERTS = "alerts.state"

_WEBHOOKS, _COMMANDS, _DELIVERIES = "webhooks.", "orders.commands.", "orders.deliveries."
_POLLS, _POSITIONS = "polls.requests.", "polls.positions."
_WATCHES, _WATCHED = "watches.requests.", "watches.seen."


def webhooks(source: str) -> str:
    """Raw webhooks of one source, byte for byte."""
    return _WEBHOOKS + source


def commands(target: str) -> str:
    """What one target is to do."""
    return _COMMANDS + target


def deliveries(target: str) -> str:
    """The delivery table of one target: what is accepted and not finished."""
    return _DELIVERIES + target


def polls(source: str) -> str:
    """What operators ask of a source's poller. Its first partition's owner is the one poller that polls."""
    return _POLLS + source


def positions(source: str) -> str:
    """How far a source's poller has come."""
    return _POSITIONS + source


def watches(target: str) -> str:
    """What operators ask of the watch of a target. Its first partition's owner is the one who watches it."""
    return _WATCHES + target


def watched(target: str) -> str:
    """What the watch of a target has seen."""
    return _WATCHED + target


def source_of(topic: str) -> str:
    """The source whose raw webhooks lie in `topic`."""
    return topic.removeprefix(_WEBHOOKS)


def target_of(topic: str) -> str:
    """The target whose commands or deliveries lie in `topic`."""
    return topic.removeprefix(_COMMANDS).removeprefix(_DELIVERIES)


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must exist. `retention_ms` is -1 for ever; `is_state` topics never change their partitions."""

    name: str
    key: str
    value: str
    cleanup: Cleanup
    retention_ms: int

    @property
    def is_state(self) -> bool:
        return self.cleanup is Cleanup.COMPACT


def _log(name: str, key: str, value: str, days: int | None) -> Topic:
    return Topic(name, key, value, Cleanup.DELETE, FOREVER_MS if days is None else days * DAY_MS)


def _table(name: str, key: str, value: str) -> Topic:
    return Topic(name, key, value, Cleanup.COMPACT, FOREVER_MS)


def table(
    sources: Iterable[str],
    targets: Iterable[str],
    polled: Iterable[str] = (),
    observed: Iterable[str] = (),
    *,
    alerting: bool = False,
) -> tuple[Topic, ...]:
    """Every topic that an installation with these sources and targets needs.

    `polled`: sources that are polled too; `observed`: targets that are watched; `alerting`: it has alerts.
    """
    return (
        *(_log(webhooks(source), "order key or receipt id", "the body, byte for byte", RAW_DAYS) for source in sources),
        _log(QUARANTINE, "as the origin", "the origin's bytes", 90),
        _log(EVENTS, "order key", "OrderEvent", None),
        _table(STATE, "order key", "Order"),
        _log(MOVEMENTS, "product key", "Movement", None),
        _table(STOCK, "product key", "Stock"),
        *(
            topic
            for source in polled
            for topic in (
                _log(polls(source), "source", "PollRequest", 7),
                _table(positions(source), "source", "Position"),
            )
        ),
        *(
            topic
            for target in targets
            for topic in (
                _log(commands(target), "order key", "Command", 30),
                _table(deliveries(target), "command id", "Delivery"),
            )
        ),
        *(
            topic
            for target in observed
            for topic in (
                _log(watches(target), "target", "PollRequest", 7),
                _table(watched(target), "order key", "Watched"),
            )
        ),
        *(
            (_log(ALERT_REQUESTS, "alerts", "PollRequest", 7), _table(ALERTS, "rule and target", "Alert"))
            if alerting
            else ()
        ),
        _log(OUTCOMES, "order key", "Outcome", None),
        _log(DEADLETTERS, "order key", "DeadLetter", 90),
    )
