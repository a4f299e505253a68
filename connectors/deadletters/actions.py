"""What `orderlog deadletters` does, once it is clear what is asked. Each gives the exit code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.deadletters import decisions, scope, show
from connectors.deadletters.listing import Listing
from connectors.deadletters.log import Log
from connectors.deadletters.model import Letter, Verb
from connectors.deadletters.reading import Reader, Unreadable
from connectors.deadletters.selection import Selection
from connectors.deadletters.terminal import Terminal
from streams.settings import Settings

DONE, NOTHING, MISUSE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
NAMES_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Ask:
    """`limit`: rows to show; None: as the terminal has room, 0: all. It never says how many are acted upon."""

    selection: Selection
    limit: int | None = None
    is_dry: bool = False
    is_sure: bool = False
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Every method raises `Unreachable`, `Refused`, `SettingsError`."""

    settings: Settings
    bootstrap: str
    terminal: Terminal
    now: Callable[[], datetime]

    def overview(self, ask: Ask) -> int:
        """Those that match."""
        self._show(self._letters(ask.selection), ask.limit)
        return DONE

    def show(self, ask: Ask) -> int:
        """Each of them whole, read one by one: an exchange may have megabytes."""
        with self.terminal.progress() as bars, Log(self.bootstrap, bars) as log:
            reader = Reader(log)
            listing = Listing(reader, self._group)
            letters = listing.letters(ask.selection, self._targets(log, ask.selection))
            decided = listing.of(letters)
        missing = self._missing(ask.selection, letters)
        for id in missing:
            self.terminal.note(f"no dead letter has the id {id}")
        shown = letters[: self.terminal.shown_max(ask.limit)]
        with Log(self.bootstrap) as log:
            reader.log = log
            for letter in shown:
                whole = reader.letter(letter.place) if letter.place else None
                of = decided.get(letter.id, [])
                if self.terminal.is_ndjson:
                    self.terminal.lines([show.whole_fields(letter, whole, of)])
                else:
                    self.terminal.print(show.page(letter, whole, of))
        self._left_out(len(letters) - len(shown))
        self._passed_over(reader.unreadable)
        if not letters and not missing:
            self.terminal.note("no dead letter matches")
        return NOTHING if missing or not letters else DONE

    def audit(self, ask: Ask) -> int:
        """Who decided what, and why."""
        with self.terminal.progress() as bars, Log(self.bootstrap, bars) as log:
            reader = Reader(log)
            found = Listing(reader, self._group).decisions(ask.selection, self._targets(log, ask.selection))
        shown = found[: self.terminal.shown_max(ask.limit)]
        if self.terminal.is_ndjson:
            self.terminal.lines(show.audit_fields(*each) for each in shown)
        else:
            self.terminal.print(show.decisions_table(shown) if shown else "no decisions")
        self._left_out(len(found) - len(shown))
        self._passed_over(reader.unreadable)
        return DONE

    def decide(self, verb: Verb, ask: Ask) -> int:
        """Redrives or discards all that match, not only what is shown."""
        scope.check_served(self.settings, ask.selection)
        letters = self._letters(ask.selection)
        missing = self._missing(ask.selection, letters)
        for id in missing:
            self.terminal.note(
                f"no order is held by a dead letter with the id {id}: `show {id}` says what became of it"
            )
        if not letters and not missing:
            self.terminal.note("no dead letter that an operator could decide about matches")
        due, is_contradiction = self._undecided(verb, letters)
        bad = bool(missing) or is_contradiction or not letters
        if ask.is_dry or (due and not ask.selection.ids and not ask.is_sure):
            return self._rehearse(verb, due, ask, bad)
        return self._publish(verb, due, ask) or (NOTHING if bad else DONE)

    def _rehearse(self, verb: Verb, due: Sequence[Letter], ask: Ask, bad: bool) -> int:
        """What it would do; and where a person can be asked, whether to do it."""
        if self.terminal.is_ndjson:
            self.terminal.lines({"would": verb.value, **show.fields(each)} for each in due)
        else:
            self._show(due, ask.limit)
        what = f"{verb} {show.count(due)}"
        if ask.is_dry:
            self.terminal.note(f"would {what}")
            return NOTHING if bad else DONE
        if not self.terminal.can_ask:
            self.terminal.note(f"nothing was done: would {what}; say --yes to have it done")
            return MISUSE
        if not self.terminal.ask(f"{what}?"):
            self.terminal.note("nothing was done")
            return NOTHING
        return self._publish(verb, due, ask) or (NOTHING if bad else DONE)

    def _publish(self, verb: Verb, due: Sequence[Letter], ask: Ask) -> int:
        made = ((each, decisions.decision(each, verb, ask.who, ask.why, self.now())) for each in due)
        done: list[str] = []
        with self.terminal.progress() as bars:

            def acknowledged(letter: Letter) -> None:
                done.append(letter.id)
                bars(verb.value, len(done), len(due))
                if self.terminal.is_ndjson:
                    self.terminal.lines([{"done": verb.value, **show.brief(letter)}])

            try:
                failure = decisions.publish(self.bootstrap, made, acknowledged).failure
            except KeyboardInterrupt:
                self.terminal.note(f"stopped: {len(done)} of {len(due)} are decided; the same again does the rest")
                return INTERRUPTED
        if failure is not None:
            self.terminal.note(f"{failure}\n{len(done)} of {len(due)} are decided; the same again does the rest")
            return UNREACHABLE
        if due and not self.terminal.is_ndjson:
            self.terminal.note(f"{verb}: {len(done)} decided; the connectors take them up in the order of each order")
        return DONE

    def _letters(self, selection: Selection) -> Sequence[Letter]:
        with self.terminal.progress() as bars, Log(self.bootstrap, bars) as log:
            reader = Reader(log)
            letters = Listing(reader, self._group).letters(selection, self._targets(log, selection))
        self._passed_over(reader.unreadable)
        return letters

    def _show(self, letters: Sequence[Letter], limit: int | None) -> None:
        shown = letters[: self.terminal.shown_max(limit)]
        if self.terminal.is_ndjson:
            self.terminal.lines(map(show.fields, shown))
        else:
            self.terminal.print(show.letters_table(shown) if shown else "")
            self.terminal.print(show.count(letters))
        self._left_out(len(letters) - len(shown))

    def _undecided(self, verb: Verb, letters: Sequence[Letter]) -> tuple[Sequence[Letter], bool]:
        """Those that no waiting decision is about; and whether one that waits says otherwise."""
        found = scope.undecided(verb, letters)
        for letter, by in found.otherwise[:NAMES_SHOWN_MAX]:
            self.terminal.note(f"{letter.id}: {by.verb} was decided already, by {by.who}, and waits to be taken up")
        if len(found.otherwise) > NAMES_SHOWN_MAX:
            more = len(found.otherwise) - NAMES_SHOWN_MAX
            self.terminal.note(f"… and {more} more that were decided otherwise already")
        if found.same:
            self.terminal.note(f"{found.same} dead letter(s): {verb} was decided already, and waits to be taken up")
        return found.due, bool(found.otherwise)

    def _missing(self, selection: Selection, letters: Sequence[Letter]) -> Sequence[str]:
        return sorted(selection.ids - {letter.id for letter in letters})

    def _targets(self, log: Log, selection: Selection) -> Sequence[str]:
        """Those that are looked at, and a word about others that were there once."""
        found = scope.targets(log, self.settings, selection)
        if others := found.passed_over:
            names = ", ".join(others[:NAMES_SHOWN_MAX]) + (", …" if len(others) > NAMES_SHOWN_MAX else "")
            self.terminal.note(f"not looked at, since they are not in the settings (see --target): {names}")
        return found.names

    @property
    def _group(self) -> str:
        return scope.group_of(self.settings)

    def _left_out(self, number: int) -> None:
        if number:
            self.terminal.note(f"… and {number} more (--limit 0 shows all)")

    def _passed_over(self, unreadable: Unreadable) -> None:
        if unreadable.count:
            self.terminal.note(str(unreadable))
