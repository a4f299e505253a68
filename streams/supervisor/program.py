"""What is supervised, and what is told of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# Exit code of a mistake in the settings: starting again would not mend it.
SETTINGS_MISTAKE = 2


@dataclass(frozen=True, slots=True)
class Program:
    """One child process. Programs with a lower `stop_order` are stopped, and waited for, before those with a higher.

    `fatal_codes` count at the first run only: what ran once with these settings is worth starting again.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_order: int = 0
    stop_timeout_s: float = 20
    fatal_codes: frozenset[int] = frozenset({SETTINGS_MISTAKE})


class EventKind(StrEnum):
    """`gave-up`: ended with a code that no restart mends. `forced`: SIGKILL after the deadline of a stop."""

    STARTED = "started"
    EXITED = "exited"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    FORCED = "forced"
    GAVE_UP = "gave-up"


@dataclass(frozen=True, slots=True)
class Event:
    """`code` as `subprocess` gives it (negative: the signal); `delay_s` is the wait before a restart."""

    kind: EventKind
    program: str
    pid: int
    code: int | None = None
    delay_s: float | None = None


OnEvent = Callable[[Event], None]
OnLine = Callable[[str, str], None]
