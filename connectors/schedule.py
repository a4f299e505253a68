"""When to try again. Pure: the time and the randomness are passed in.

Source: the retry strategy of the CommerceOS guide (seed 002): five retries, after 0, 1, 2, 5, 10 s, then dead letter.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Jitter only ever lengthens a wait, so that it can never shorten a Retry-After.
JITTER_SHARE = 0.2
JITTER_S_MAX = 5.0
# Past this a Retry-After is not believed: an order would be stuck for longer than a person would leave it.
RETRY_AFTER_S_MAX = 3600.0


def retry_delay_s(delays_s: Sequence[float], charged: int) -> float | None:
    """The wait after `charged` failed attempts; None where the schedule is used up.

    >>> [retry_delay_s((0, 1), failed) for failed in (0, 1, 2, 3)]
    [0, 0, 1, None]
    """
    if charged > len(delays_s):
        return None
    return delays_s[charged - 1] if charged else 0


def jittered_s(delay_s: float, random: float) -> float:
    """`random` is in [0, 1). At least `delay_s`, at most a fifth and 5 s more."""
    return delay_s + min(delay_s * JITTER_SHARE, JITTER_S_MAX) * random


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """What `Retry-After` asks for, in seconds from `now`, bounded; None where it is absent or unreadable.

    `headers` has lower-case names. An HTTP-date is taken relative to the answer's own `Date`, so that a clock that is
    wrong on either side does no harm (RFC 9110, 10.2.3).
    """
    text = headers.get("retry-after", "").strip()
    seconds = _seconds(text) if text else None
    if seconds is None and text and (until := http_date(text)):
        seconds = (until - (http_date(headers.get("date", "")) or now)).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def http_date(text: str) -> datetime | None:
    """An HTTP-date (RFC 9110, 5.6.7), of UTC where it names no zone; None where it is unreadable."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter where a part of it is too long for a number of C's
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
