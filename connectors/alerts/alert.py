"""One alert: whether it fires, since when, and what was told of it. Pure: the time is passed in.

What is to be told follows from the record alone, so that a restart neither repeats nor forgets. A message is sent and
then noted: killed between the two, it is sent once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.alerts.rules import COUNTED, Reading, Rule, State, key_of
from streams.settings.alerts import Alerts
from streams.vocabulary.base import Time, Whole

MINUTE = timedelta(minutes=1)


class News(StrEnum):
    """What a message says of an alert."""

    FIRING = "firing"
    STILL = "still"
    RESOLVED = "resolved"


class Alert(Whole):
    """`since`: when it began to fire, or ceased to. `well_since`: since when a firing one reads clear.

    `told`: what the last message said of it, at `told_at`; `told_value`: of the last that said that it fires,
    or less: what is counted may have become fewer since.
    """

    rule: Rule
    target: str
    is_firing: bool
    since: Time
    well_since: Time | None = None
    told: News | None = None
    told_at: Time | None = None
    told_value: float | None = None

    @property
    def key(self) -> bytes:
        return key_of(self.rule, self.target)

    def after_message(self, news: News, value: float | None, now: datetime) -> "Alert":
        """It was told."""
        told_value = self.told_value if news is News.RESOLVED else value
        return self.updated({"told": news, "told_at": now, "told_value": told_value})


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told of an alert. `value`: of now."""

    alert: Alert
    news: News
    value: float | None
    threshold: float


def after(alert: Alert | None, reading: Reading, given: Alerts, now: datetime) -> Alert | None:
    """The alert once `reading` is known; None: there is nothing to remember."""
    if alert is None or not alert.is_firing:
        if reading.state is State.OVER:
            fires = {"is_firing": True, "since": now, "well_since": None}
            return alert.updated(fires) if alert else Alert(rule=reading.rule, target=reading.target, **fires)
        return None if alert is None or _is_forgotten(alert, given, now) else alert
    if reading.rule in COUNTED and (reading.value or 0) < (alert.told_value or 0):
        alert = alert.updated({"told_value": reading.value or 0.0})
    if reading.state is State.UNKNOWN:
        return alert  # behind an open breaker nothing ends: that is no good news
    if reading.state in (State.OVER, State.BETWEEN):
        return alert if alert.well_since is None else alert.updated({"well_since": None})
    well_since = alert.well_since or now
    if now - well_since >= timedelta(seconds=given.resolve_after_s):
        return alert.updated({"is_firing": False, "since": now, "well_since": None})
    return alert if alert.well_since else alert.updated({"well_since": well_since})


def news_of(alert: Alert, value: float | None, given: Alerts, now: datetime) -> News | None:
    """What is to be told of it now. That it still fires, only where it does by what is measured now: not where that is
    nothing (`value` is None), nor where it reads well and is about to be resolved."""
    is_told = alert.told in (News.FIRING, News.STILL)
    if not alert.is_firing:
        return News.RESOLVED if is_told else None
    quiet_s = (now - alert.told_at).total_seconds() if alert.told_at else None
    if not is_told:
        return News.FIRING if quiet_s is None or quiet_s >= given.min_repeat_s else None
    assert quiet_s is not None
    if value is None or alert.well_since is not None:
        return None
    has_grown = alert.rule in COUNTED and (value or 0) > (alert.told_value or 0)
    return News.STILL if quiet_s >= (given.min_repeat_s if has_grown else given.remind_s) else None


def room(sent: Iterable[datetime], given: Alerts, now: datetime) -> int:
    """How many messages may go now, after those that were `sent`."""
    return given.messages_per_minute - sum(now - at < MINUTE for at in sent)


def batches(due: Sequence[Due], room: int) -> list[Sequence[Due]]:
    """One message each, as many as there is room for; what is over goes into one that sums it up."""
    if len(due) <= room:
        return [[each] for each in due]
    return [*([each] for each in due[: room - 1]), due[room - 1 :]] if room > 0 else []


def _is_forgotten(alert: Alert, given: Alerts, now: datetime) -> bool:
    """All was told, and so long ago that it holds no message back."""
    if alert.told in (News.FIRING, News.STILL):
        return False
    return alert.told_at is None or now - alert.told_at >= timedelta(seconds=given.min_repeat_s)
