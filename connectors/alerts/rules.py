"""What is measured of each target, and when it is too much. Pure; thresholds: streams.settings.alerts.

Between "over" and "clear" there is a margin in which an alert stays as it is, so that a value that trembles about its
threshold makes no noise. A rate of few samples says nothing, and one failure alone is never over a share.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.alerts.levels import Level
from connectors.alerts.window import Counts, percentile
from streams.settings.alerts import Alerts

# Of the threshold, or of what is left to the whole of a share.
MARGIN = 0.1
LATENCY_SHARE = 0.95
# How long a failure that no breaker counted speaks of now: longer than one waits before its next probe.
BREAKER_S = 60.0


class Rule(StrEnum):
    """The section of docs/operations.md that says what to do has the same name."""

    LATENCY = "order-creation-latency"
    ERRORS = "error-rate"
    WAITING = "waiting"
    PAYMENTS = "payment-success"
    DEAD = "dead-letters"
    STOCK = "out-of-stock"
    BREAKER = "breaker-open"


class State(StrEnum):
    """`unknown`: too little happened to say."""

    OVER = "over"
    BETWEEN = "between"
    CLEAR = "clear"
    UNKNOWN = "unknown"


# What one more of it is news of, though it was told already.
COUNTED = frozenset({Rule.DEAD, Rule.STOCK})


@dataclass(frozen=True, slots=True)
class Reading:
    """`value`: in the rule's own unit (ms, a share, a number); None where there is none."""

    rule: Rule
    target: str
    state: State
    value: float | None
    threshold: float

    @property
    def key(self) -> bytes:
        """Of the alert's record: one for each rule and target."""
        return key_of(self.rule, self.target)


def key_of(rule: Rule, target: str) -> bytes:
    return f"{rule}:{target}".encode()


def readings(target: str, counts: Counts, level: Level, given: Alerts, now: datetime) -> tuple[Reading, ...]:
    """Every rule's, of one target."""
    creation_s = percentile(counts.creations_s, LATENCY_SHARE)
    creation_ms = None if creation_s is None else creation_s * 1000
    is_known = len(counts.creations_s) >= given.min_samples
    return (
        _above(Rule.LATENCY, target, creation_ms if is_known else None, given.order_creation_ms),
        _above(Rule.ERRORS, target, _share(counts.failed, counts.attempts, given.error_rate, given), given.error_rate),
        _above(Rule.WAITING, target, len(level.pending), given.waiting),
        _payments(target, counts, given),
        _above(Rule.DEAD, target, len(level.dead), 0),
        _above(Rule.STOCK, target, counts.refused, 0),
        _above(Rule.BREAKER, target, _is_open(level, now), 0),
    )


def _payments(target: str, counts: Counts, given: Alerts) -> Reading:
    least = given.payment_success
    made = _share(counts.payments_made, counts.payments, 1 - least, given)
    if made is None:
        state = State.UNKNOWN
    elif made < least:
        state = State.OVER
    else:
        state = State.CLEAR if made >= least + (1 - least) * MARGIN else State.BETWEEN
    return Reading(Rule.PAYMENTS, target, state, made, least)


def _above(rule: Rule, target: str, value: float | None, threshold: float) -> Reading:
    if value is None:
        state = State.UNKNOWN
    elif value > threshold:
        state = State.OVER
    else:
        state = State.CLEAR if value <= threshold * (1 - MARGIN) else State.BETWEEN
    return Reading(rule, target, state, value, threshold)


def _share(part: int, whole: int, allowed: float, given: Alerts) -> float | None:
    """None where so few are known that one alone could be more than what is `allowed`."""
    # 1 / (1 - 0.95) is a little more than 20.
    least = max(given.min_samples, math.ceil(1 / allowed - 1e-9))
    return part / whole if whole >= least else None


def _is_open(level: Level, now: datetime) -> float:
    at = level.uncounted_at
    return float(at is not None and bool(level.pending) and now.timestamp() - at <= BREAKER_S)
