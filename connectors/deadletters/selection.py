"""Which dead letters, or decisions about them, are meant. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.deadletters.model import OPEN, Decision, Letter, State

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is given must all hold; of several values of one field any. `since` is included, `until` is not.

    `states`: empty means all of them.
    """

    ids: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    states: frozenset[State] = OPEN
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        """Something was said about which ones."""
        given = self.ids or self.orders or self.targets or self.reasons or self.types
        return bool(given) or self.since is not None or self.until is not None

    @property
    def is_of_open_ones(self) -> bool:
        """What they were once is not asked for: the delivery tables say enough."""
        return bool(self.states) and self.states <= OPEN

    def admits(self, letter: Letter) -> bool:
        return self.admits_command(letter.id, letter.target, letter.order_key) and (
            _is_in(letter.type, self.types)
            and _is_in(letter.reason, self.reasons)
            and (not self.states or letter.state in self.states)
            and self._admits_time(letter.at)
        )

    def admits_decision(self, decision: Decision) -> bool:
        """The time is that of the decision."""
        return self.admits_command(decision.command_id, decision.target, decision.order_key) and (
            _is_in(decision.type, self.types)
            and _is_in(decision.reason, self.reasons)
            and self._admits_time(decision.at)
        )

    def admits_command(self, id: str, target: str, order_key: str) -> bool:
        """As far as these three can tell."""
        return _is_in(id, self.ids) and _is_in(target, self.targets) and _is_in(order_key, self.orders)

    def _admits_time(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def moment(text: str, now: datetime) -> datetime:
    """ISO 8601 (UTC where it has no offset), or so long ago (`90s`, `15m`, `24h`, `7d`). Raises `ValueError`."""
    if ago := _AGO.fullmatch(text.strip()):
        count, unit = ago.groups()
        try:
            return now - timedelta(**{_UNITS[unit]: int(count)})
        except OverflowError:
            raise ValueError(f"{text} ago is before all time") from None
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time: write 2026-11-21T15:00:00Z, or 24h for so long ago") from None


def _is_in(value: str | None, given: frozenset[str]) -> bool:
    return not given or value in given
