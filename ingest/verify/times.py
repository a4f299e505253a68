"""Timestamps of signatures, told as people tell them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ingest.verify.finding import Finding
from ingest.verify.scheme import Expected

_PLAUSIBLE_S = 20 * 365 * 86_400


def staleness(expected: Expected, headers: Mapping[str, Sequence[str]], at_s: float) -> list[Finding]:
    """What is wrong with the timestamp: not a number, in the wrong unit, too old or too new."""
    if expected.timestamp is None or expected.tolerance_s is None or not (values := headers.get(expected.timestamp)):
        return []
    unit = "milliseconds" if expected.unit == 1000 else "seconds"
    stamp = values[0]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
        return [
            Finding(f"{expected.timestamp} is not a whole number", f"send {unit} since 1970-01-01T00:00Z, digits only")
        ]
    late_s = at_s - int(stamp) / expected.unit
    if abs(late_s) <= expected.tolerance_s:
        return []
    if (other := _other_unit(int(stamp), expected.unit, at_s)) is not None:
        return [Finding(f"{expected.timestamp} is in {other}", f"this scheme has it in {unit}")]
    return [_off(late_s, expected.tolerance_s, int(stamp) / expected.unit)]


def said(seconds: float) -> str:
    """`3 d 4 h`, `12 min 5 s`: the two largest units."""
    left, parts = round(abs(seconds)), []
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def moment(at_s: float) -> str:
    """RFC 3339 in UTC; the number where the calendar does not reach."""
    try:
        time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)
    except OverflowError:
        return f"{at_s:.0f} s after 1970"
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _off(late_s: float, tolerance_s: float, signed_s: float) -> Finding:
    side = "older than" if late_s > 0 else "ahead of"
    why = f"the signature is {said(late_s)} {side} the time of this check; the tolerance is {said(tolerance_s)}"
    if late_s < 0:
        return Finding(why, "set the clocks right: the sender's, or this machine's")
    do = f"a request from a file: check it at the time it came, --at {moment(signed_s)}"
    return Finding(why, f"{do}; one that comes late by itself: raise tolerance_s, or set the clocks right")


def _other_unit(stamp: int, unit: int, at_s: float) -> str | None:
    """The unit in which the timestamp is near the time of the check, where its own is far off."""
    if abs(at_s - stamp / unit) <= _PLAUSIBLE_S:
        return None
    for other, name in ((1, "seconds"), (1000, "milliseconds"), (1_000_000, "microseconds")):
        if other != unit and abs(at_s - stamp / other) <= _PLAUSIBLE_S:
            return name
    return None
