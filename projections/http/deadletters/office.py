"""What an operator is told and decides, blocking: `connectors.deadletters` without a terminal.

Every method raises `Unreachable`, `Refused`, `SettingsError`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from connectors.deadletters import decisions, scope, show
from connectors.deadletters.listing import Listing
from connectors.deadletters.log import Log
from connectors.deadletters.model import Decision, Letter, Verb
from connectors.deadletters.reading import Reader, Unreadable
from connectors.deadletters.selection import Selection
from projections.http.problems import Refusal
from streams.settings import Settings

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """`passed_over`: targets that are no longer in the settings; `unreadable`: records."""

    rows: Sequence[Row]
    passed_over: Sequence[str]
    unreadable: Unreadable


@dataclass(frozen=True, slots=True)
class Office:
    settings: Settings
    bootstrap: str
    now: Callable[[], datetime]

    def letters(self, selection: Selection) -> Found[Letter]:
        """Those that match, the oldest first."""
        with Log(self.bootstrap) as log:
            reader, where = Reader(log), scope.targets(log, self.settings, selection)
            rows = self._listing(reader).letters(selection, where.names)
            return Found(rows, where.passed_over, reader.unreadable)

    def decisions(self, selection: Selection) -> Found[tuple[Decision, bool]]:
        """Who decided what; and whether the connectors have taken it up."""
        with Log(self.bootstrap) as log:
            reader, where = Reader(log), scope.targets(log, self.settings, selection)
            rows = self._listing(reader).decisions(selection, where.names)
            return Found(rows, where.passed_over, reader.unreadable)

    def whole(self, id: str) -> dict[str, Any] | None:
        """All that is known of one: the letter as it lies in the topic, what became of it, who decided what."""
        selection = Selection(ids=frozenset({id}), states=frozenset())
        with Log(self.bootstrap) as log:
            reader = Reader(log)
            listing = self._listing(reader)
            found = listing.letters(selection, scope.targets(log, self.settings, selection).names)
            if not found:
                return None
            letter = found[-1]
            kept = reader.letter(letter.place) if letter.place else None
            return show.whole_fields(letter, kept, listing.of([letter]).get(id, []))

    def undecided(self, verb: Verb, selection: Selection) -> scope.Undecided:
        """What a decision would be about."""
        scope.check_served(self.settings, selection)
        return scope.undecided(verb, self.letters(selection).rows)

    def publish(self, verb: Verb, due: Sequence[Letter], who: str, why: str) -> None:
        """Writes the decisions. Raises `Refusal` where that fails half-way: it says how many are written."""
        made = ((each, decisions.decision(each, verb, who, why, self.now())) for each in due)
        published = decisions.publish(self.bootstrap, made, lambda _: None)
        if published.failure is not None:
            done = published.acknowledged
            detail = f"{published.failure}; {done} of {len(due)} are decided; rehearse it again for the rest"
            raise Refusal("broker-unavailable", detail, decided=done)

    def _listing(self, reader: Reader) -> Listing:
        return Listing(reader, scope.group_of(self.settings))


def confirmation(verb: Verb, due: Sequence[Letter]) -> str:
    """How many, and a digest of exactly which deaths `verb` would be about. Pure."""
    deaths = sorted(f"{each.target}:{each.id}:{each.redrives}:{each.at.isoformat()}" for each in due)
    text = "\n".join([verb.value, *deaths])
    return f"{len(due)}-{blake2b(text.encode(), digest_size=12, person=b'orderlog.confirm').hexdigest()}"
