"""`Delivery`: a command that is accepted and not finished, as it lies in `orders.deliveries.<target>`."""

from datetime import datetime
from enum import StrEnum

from streams.vocabulary import Command, CommandType
from streams.vocabulary.base import Time, Whole

# They only ask: they change nothing at the target, so none need wait for another.
READS = frozenset({CommandType.FETCH_ORDER})
# Not made again where a rebuild of the states commands them again: reads are costly, and a status writes to a buyer.
REMEMBERED = READS | {CommandType.UPDATE_STATUS}
# With `data.after_approval` they came too late for the target to take them: nothing that is commanded later needs them.
CHANGES = frozenset({CommandType.UPDATE_ORDER, CommandType.CHANGE_DELIVERY_ADDRESS, CommandType.CHANGE_INVOICE_ADDRESS})


class DeliveryState(StrEnum):
    """`pending` is sent when due; `dead` holds its order until an operator redrives or discards it.

    A dead one that is independent holds nothing up, and is superseded once a newer one of its subject has ended.
    `done` is one that is remembered after it was delivered, or is superseded (then `last_error` says why it was dead),
    at `due_at`: see `connectors.remembered`.
    """

    PENDING = "pending"
    DEAD = "dead"
    DONE = "done"


class Delivery(Whole):
    """`sequence` is the command's offset: the order of commands within an order key.

    `attempts` counts every attempt that is known of; `charged` those that the retry schedule counts, of this round
    (a redrive starts a new one).
    """

    command: Command
    sequence: int
    due_at: Time
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    charged: int = 0
    redrives: int = 0
    last_error: str | None = None

    @property
    def id(self) -> str:
        return self.command.id

    @property
    def key(self) -> str:
        return self.command.order_key

    @property
    def is_dead(self) -> bool:
        return self.state is DeliveryState.DEAD

    @property
    def is_done(self) -> bool:
        return self.state is DeliveryState.DONE

    def superseded(self) -> "Delivery":
        """As a dead one that is independent is remembered."""
        return self.model_copy(update={"state": DeliveryState.DONE})

    def done(self, now: datetime) -> "Delivery":
        """As one that was delivered is remembered."""
        fresh = {"state": DeliveryState.DONE, "due_at": now, "attempts": self.attempts + 1, "last_error": None}
        return self.model_copy(update=fresh)

    @property
    def is_read(self) -> bool:
        return self.command.type in READS

    @property
    def is_remembered(self) -> bool:
        """Also once it is finished."""
        return self.command.type in REMEMBERED

    @property
    def is_independent(self) -> bool:
        """No later command of the order needs it: a read, or a change that came after the order was approved."""
        return self.is_read or (self.command.type in CHANGES and self.command.data.get("after_approval") is True)

    @property
    def subject(self) -> tuple[str, CommandType]:
        """Of the dead and independent ones with the same, the newest counts."""
        return self.key, self.command.type

    @property
    def is_parked(self) -> bool:
        """Dead without holding its order."""
        return self.is_dead and self.is_independent

    def redriven(self, now: datetime) -> "Delivery":
        """The same command at the start of a new round, due at once."""
        fresh = {"state": DeliveryState.PENDING, "due_at": now, "charged": 0, "redrives": self.redrives + 1}
        return self.model_copy(update=fresh)
