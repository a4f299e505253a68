"""What is measured of each target, and when it is too much. Pure; thresholds: streams.settings.alerts.

Between "over" and "clear" there is a margin in which an alert stays as it is, so that a value that trembles about its
threshold makes no noise. A rate of few samples is never over, so that one failure alone wakes nobody; but an alert that
fires may end by them, if they are well.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from connectors.alerts.levels import Level
from connectors.alerts.window import Counts, percentile
from streams.settings.alerts import Alerts

# Of the threshold, or of what is left to the whole of a share.
MARGIN = 0.1
LATENCY_SHARE = 0.95


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
    """`between`: neither too much nor well; `unknown`: nothing happened that would say."""

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


def readings(target: str, counts: Counts, level: Level, given: Alerts) -> tuple[Reading, ...]:
    """Every rule's, of one target."""
    creation_s = percentile(counts.creations_s, LATENCY_SHARE)
    creation_ms = None if creation_s is None else creation_s * 1000
    are_few = len(counts.creations_s) < given.min_samples
    failed = counts.failed / counts.attempts if counts.attempts else None
    return (
        _above(Rule.LATENCY, target, creation_ms, given.order_creation_ms, are_few=are_few),
        _above(
            Rule.ERRORS,
            target,
            failed,
            given.error_rate,
            are_few=_are_few(counts.attempts, given.error_rate, given),
        ),
        _above(Rule.WAITING, target, len(level.pending), given.waiting),
        _payments(target, counts, given),
        _above(Rule.DEAD, target, len(level.dead), 0),
        _above(Rule.STOCK, target, counts.refused, 0),
        _above(Rule.BREAKER, target, float(level.is_breaker_open), 0),
    )


def _payments(target: str, counts: Counts, given: Alerts) -> Reading:
    least = given.payment_success
    made = counts.payments_made / counts.payments if counts.payments else None
    if made is None:
        state = State.UNKNOWN
    elif made < least:
        state = State.BETWEEN if _are_few(counts.payments, 1 - least, given) else State.OVER
    else:
        state = State.CLEAR if made >= least + (1 - least) * MARGIN else State.BETWEEN
    return Reading(Rule.PAYMENTS, target, state, made, least)


def _above(rule: Rule, target: str, value: float | None, threshold: float, *, are_few: bool = False) -> Reading:
    if value is None:
        state = State.UNKNOWN
    elif value > threshold:
        state = State.BETWEEN if are_few else State.OVER
    else:
        state = State.CLEAR if value <= threshold * (1 - MARGIN) else State.BETWEEN
    return Reading(rule, target, state, value, threshold)


def _are_few(samples: int, allowed: float, given: Alerts) -> bool:
    """One of them alone could be more than the share that is `allowed`."""
    # 1 / (1 - 0.95) is a little more than 20.
    return samples < max(given.min_samples, math.ceil(1 / allowed - 1e-9))
