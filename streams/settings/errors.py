"""What is wrong with a configuration: every mistake at once, each with its place and its mending, never a value."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """`where` is `file:line`, a variable's name, or empty; `key` is the dotted setting; `mend` says what to do."""

    where: str
    key: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.key) if part)
        said = f"{self.what}; {self.mend}" if self.mend else self.what
        return f"{place}: {said}" if place else said


class SettingsError(Exception):
    """The configuration cannot be used. `str()` is one line per mistake."""

    def __init__(self, mistakes: Iterable[Mistake | str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
