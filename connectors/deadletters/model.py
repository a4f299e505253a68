"""A dead letter and an operator's decision, as far as a listing needs them: not the order's data. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from streams.vocabulary import CommandType


class State(StrEnum):
    """What became of a dead letter.

    holding      the order's later commands wait until an operator decides
    parked       it holds nothing up (a read, or a change that came after the order was approved), and goes when a
                 newer one of its order and type ends
    redriven     to be sent again, or being sent
    delivered    delivered since
    superseded   a newer one took its place
    discarded    an operator let the order go on without it
    closed       it is no more, and the records that would say why are no longer kept
    """

    HOLDING = "holding"
    PARKED = "parked"
    REDRIVEN = "redriven"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"
    CLOSED = "closed"


OPEN = frozenset({State.HOLDING, State.PARKED})


class Verb(StrEnum):
    """What an operator can decide."""

    REDRIVE = "redrive"
    DISCARD = "discard"

    @property
    def command_type(self) -> CommandType:
        return CommandType.REDRIVE if self is Verb.REDRIVE else CommandType.DISCARD


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what about which dead letter, and why.

    `type`, `reason` and `error` are the dead letter's as it was then; None where the record does not say so.
    """

    verb: Verb
    command_id: str
    target: str
    order_key: str
    who: str
    why: str
    at: datetime
    place: Place
    type: str | None = None
    reason: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """`at`: when it died last. `behind`: accepted commands of the order that wait for it.

    `reason`: None where the letter itself is no longer kept; `place`: where it lies. `decided`: an operator's decision
    that the connectors have not taken up yet.
    """

    id: str
    type: CommandType
    target: str
    order_key: str
    receipt: str | None
    state: State
    at: datetime
    attempts: int
    redrives: int = 0
    behind: int = 0
    reason: str | None = None
    error: str | None = None
    http_status: int | None = None
    place: Place | None = None
    decided: Decision | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
