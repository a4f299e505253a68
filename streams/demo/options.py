"""What can be asked of a demo."""

from dataclasses import dataclass
from enum import StrEnum


class Victim(StrEnum):
    """What can be killed with SIGKILL while the traffic runs."""

    WORKER = "worker"
    CONNECTOR = "connector"
    INGEST = "ingest"
    BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Options:
    """`rate_per_s` webhooks a second; `victims` are killed one after the other, spread over the traffic."""

    events: int
    seed: int
    rate_per_s: float
    victims: tuple[Victim, ...]
    keep: bool
    json: bool


def kill_points(events: int, victims: int) -> list[int]:
    """After how many finished webhooks each victim is killed: evenly spread, never at its ends. Pure."""
    return [events * (number + 1) // (victims + 1) for number in range(victims)]
