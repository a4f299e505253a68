"""The wall clock of whoever is given no other."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
