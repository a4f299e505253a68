"""Outcomes, readings and settings for the tests of alerts."""

from datetime import datetime
from typing import Any

from connectors.alerts.rules import Reading, Rule, State
from streams.settings.alerts import Alerts
from streams.vocabulary import CommandType, Outcome, OutcomeResult
from tests.connectors.make import at

TARGET = "commerceos"


def alerts(**given: Any) -> Alerts:
    return Alerts(url="env:ALERTS_URL", **given)


def outcome(
    result: OutcomeResult = OutcomeResult.DELIVERED,
    type: CommandType = CommandType.CREATE_ORDER,
    attempts: int = 1,
    seconds: float | None = 0.1,
    when: datetime | None = None,
    target: str = TARGET,
) -> Outcome:
    return Outcome(
        command_id="c-1",
        type=type,
        target=target,
        order_key="duda:shop/1",
        result=result,
        attempts=attempts,
        seconds=seconds,
        at=when or at(0),
    )


def reading(state: State, rule: Rule = Rule.ERRORS, value: float | None = 0.05, target: str = TARGET) -> Reading:
    return Reading(rule, target, state, value, 0.01)
