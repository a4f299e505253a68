"""Where dead letters are looked for, and which of those found are still to be decided: for the command and for HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.deadletters.log import Log
from connectors.deadletters.model import Decision, Letter, Verb
from connectors.deadletters.selection import Selection
from streams import topics
from streams.settings import Settings
from streams.settings.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Targets:
    """`passed_over`: targets that have a delivery table and are no longer in the settings."""

    names: Sequence[str]
    passed_over: Sequence[str]


@dataclass(frozen=True, slots=True)
class Undecided:
    """`due`: no waiting decision is about them; `same` were decided so already, `otherwise` differently."""

    due: Sequence[Letter]
    same: int
    otherwise: Sequence[tuple[Letter, Decision]]


def targets(log: Log, settings: Settings, selection: Selection) -> Targets:
    """Those that are asked for; else those of the settings. Raises `SettingsError`, `Unreachable`, `Refused`."""
    ours = {target.name for target in settings.targets}
    first = topics.deliveries("")
    stored = {topics.target_of(name) for name in log.names() if name.startswith(first)}
    if unknown := selection.targets - ours - stored:
        known = ", ".join(sorted(ours)) or "there is none: add [[targets]]"
        raise SettingsError([f"no target has the name {', '.join(sorted(unknown))}; targets: {known}"])
    return Targets(sorted(selection.targets or ours), () if selection.targets else sorted(stored - ours))


def check_served(settings: Settings, selection: Selection) -> None:
    """Raises `SettingsError` where nobody would take a decision up."""
    if gone := selection.targets - {target.name for target in settings.targets}:
        named = ", ".join(sorted(gone))
        raise SettingsError([f"{named}: not a target of the settings, so nothing would take the decision up"])


def undecided(verb: Verb, letters: Sequence[Letter]) -> Undecided:
    """What `verb` would be about. Pure."""
    decided = [(each, each.decided) for each in letters if each.decided is not None]
    otherwise = [(each, by) for each, by in decided if by.verb is not verb]
    return Undecided(
        [each for each in letters if each.decided is None], len(decided) - len(otherwise), tuple(otherwise)
    )


def group_of(settings: Settings) -> str:
    """The consumer group of the connectors."""
    return f"{settings.streams.app_id}-connectors"
