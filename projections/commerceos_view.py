"""Where an order stands at CommerceOS, by what became of our commands and by what it shows itself. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from projections.echoes import voices_without_echo
from projections.spec import TargetSpec
from projections.steps import is_commanded, is_done
from projections.targets import DEAD, DISCARDED, REFUSED
from projections.voices import is_said_by, is_said_by_others, voices_of
from streams.vocabulary import Order, OrderStatus
from streams.vocabulary.order import Step

CREATE, UPDATE, APPROVE = "create", "update", "approve"
CANCELLED = (OrderStatus.CANCELLED,)
# From here on the order is approved there.
APPROVED = (
    OrderStatus.CONFIRMED,
    OrderStatus.PROCESSING,
    OrderStatus.RELEASED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)
# What others say for a shipment to be made, and released.
PREPARED = APPROVED[1:]


@dataclass(frozen=True, slots=True)
class View:
    """`ledger`: the target's steps for the order."""

    order: Order
    target: TargetSpec
    ledger: Mapping[str, Step]

    @property
    def is_created(self) -> bool:
        """By a command of ours: another way there is none but that it shows the order before our answer came."""
        if not is_commanded(self.ledger, CREATE) or self._is_refused(CREATE):
            return False
        return is_done(self.ledger, CREATE) or is_done(self.ledger, UPDATE) or self.shows(tuple(OrderStatus))

    @property
    def is_creation_dead(self) -> bool:
        return self._became(CREATE, DEAD)

    @property
    def is_creation_given_up(self) -> bool:
        """It is dead, or an operator has let it go since: what it stated is not to be had."""
        return self.is_creation_dead or self._became(CREATE, DISCARDED)

    @property
    def is_approved(self) -> bool:
        return is_done(self.ledger, APPROVE) or self.shows((*APPROVED, OrderStatus.RETURNED))

    @property
    def is_cancelled(self) -> bool:
        """Others say so; or it was refused there, whatever came of a repeat of that command (a rebuild) since."""
        return is_said_by_others(self.order.bookkeeping.voices, CANCELLED, self.target.own)

    @property
    def is_over(self) -> bool:
        """Nothing is to be done with it there any more: it is cancelled, here or there, or was refused."""
        return self.is_cancelled or self.shows(CANCELLED) or any(map(self._is_refused, self.ledger))

    @property
    def stated(self) -> str | None:
        """What the last document that was commanded states."""
        held = self.ledger.get(UPDATE) or self.ledger.get(CREATE)
        return held.states if held else None

    def shows(self, words: Collection[OrderStatus]) -> bool:
        """Whether CommerceOS itself has said one of these."""
        return is_said_by(voices_of(self.order), words, self.target.own)

    def is_told(self, words: Collection[OrderStatus]) -> bool:
        """Whether anyone else has, of himself."""
        return is_said_by_others(voices_without_echo(self.order), words, self.target.voices)

    def _is_refused(self, step: str) -> bool:
        return self._became(step, REFUSED)

    def _became(self, step: str, status: str) -> bool:
        return step in self.ledger and self.ledger[step].status == status
