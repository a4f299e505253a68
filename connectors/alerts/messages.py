"""Alerts in words: rule, target, value, threshold, since when, and where it says what to do. No customer data. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.alerts.alert import Alert, Due, News
from connectors.alerts.rules import Rule

DOCS = "docs/operations.md"
SIGNS: Mapping[News, str] = {
    News.FIRING: ":red_circle:",
    News.STILL: ":red_circle:",
    News.RESOLVED: ":large_green_circle:",
}
SUMMED_MAX = 50


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"


def _percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def _number(value: float) -> str:
    return f"{value:,.0f}"


# What is measured, and its unit.
WORDS: Mapping[Rule, tuple[str, Callable[[float], str]]] = {
    Rule.LATENCY: ("creating an order takes {value} (95 of 100 are faster; threshold {threshold})", _ms),
    Rule.ERRORS: ("{value} of the attempts fail (threshold {threshold})", _percent),
    Rule.WAITING: ("{value} deliveries wait (threshold {threshold})", _number),
    Rule.PAYMENTS: ("{value} of the payments succeed (threshold {threshold})", _percent),
    Rule.DEAD: ("{value} dead letters wait for an operator (threshold {threshold})", _number),
    Rule.STOCK: ("{value} commands were refused, out of stock (threshold {threshold})", _number),
    Rule.BREAKER: ("the breaker is open: attempts fail, and nothing else is sent", _number),
}


def text_of(due: Sequence[Due], installation: str, now: datetime) -> str:
    """One message: of one alert, or of several."""
    if len(due) == 1:
        return f"{_line(due[0], now)}\n{_help(due[0])} [{installation}]"
    lines = [_line(each, now) for each in due[:SUMMED_MAX]]
    more = [f"… and {len(due) - SUMMED_MAX} more"] if len(due) > SUMMED_MAX else []
    return "\n".join([f"{len(due)} alerts changed [{installation}]; what to do: {DOCS}#alerts", *lines, *more])


def hello(who: str, installation: str) -> str:
    """That messages arrive."""
    return f":speech_balloon: *Alerts of {_safe(installation)}* arrive here: {_safe(who)} asked for this message."


def _line(due: Due, now: datetime) -> str:
    alert, (words, unit) = due.alert, WORDS[due.alert.rule]
    head = f"{SIGNS[due.news]} *{alert.rule}* at *{_safe(alert.target)}*"
    if due.news is News.RESOLVED:
        return f"{head}: resolved {_time(alert.since)}"
    value = "–" if due.value is None else unit(due.value)
    said = words.format(value=value, threshold=unit(due.threshold))
    return (
        f"{head}: {'still: ' if due.news is News.STILL else ''}{said}; since {_time(alert.since)}{_lasted(alert, now)}"
    )


def _help(due: Due) -> str:
    return "" if due.news is News.RESOLVED else f"What to do: {DOCS}#alert-{due.alert.rule}"


def _lasted(alert: Alert, now: datetime) -> str:
    minutes = int((now - alert.since).total_seconds() // 60)
    return f" ({minutes} min)" if minutes else ""


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _safe(text: str) -> str:
    """As Slack wants these three written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
