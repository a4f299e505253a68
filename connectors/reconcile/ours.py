"""What a target should have of an order, by the order's state and by the ledger of what it was told. Pure.

Only what was delivered is expected: what is under way, was given up or was refused is no difference between the two
sides, and is counted apart. So is an order that changed just now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from projections.commerceos import CANCEL, PAYMENT, RELEASE, SHIPMENT, WHOLE_PAYMENT, recorded
from projections.commerceos_view import APPROVE, CANCELLED, CREATE, UPDATE, View
from projections.payments import WHOLE, payments, transaction_id
from projections.spec import TargetSpec
from projections.steps import is_done
from projections.targets import DEAD, DELIVERED, PENDING
from projections.voices import is_paid_to_others
from streams.settings.commerceos import CommerceOS
from streams.vocabulary import Order
from streams.vocabulary.order import Step


@dataclass(frozen=True, slots=True)
class Expected:
    """`payments`: transaction id → amount; None: they are no matter of the order there. `steps`: what was delivered,
    step → command id.

    `is_created` and the like: by a command of ours that was delivered; `is_cancelled_here` and `is_approval_known`: by
    what anyone said of it. `waits`: some command is under way, and not held back by a dead letter until a person
    decides. `is_dead`: the creation was given up.
    `changed_at`: when a command for it last ended or began.
    """

    key: str
    source: str
    placed_at: datetime | None
    changed_at: datetime | None
    is_created: bool
    is_approved: bool
    is_cancelled: bool
    is_cancelled_here: bool
    is_approval_known: bool
    has_shipment: bool
    is_released: bool
    payments: Mapping[str, Decimal] | None
    waits: bool
    is_dead: bool
    steps: Mapping[str, str] = field(default_factory=dict)
    payment_steps: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The word that it should have there, or `-` where it should not be there."""
        if not self.is_created:
            return "-"
        return "Cancelled" if self.is_cancelled else "Committed" if self.is_approved else "New"


def expected(order: Order, target: TargetSpec) -> Expected:
    """`target` must be of kind commerceos."""
    mapping = target.commerceos
    assert mapping is not None
    ledger = order.bookkeeping.steps.get(target.name, {})
    view = View(order, target, ledger)
    told, became = order.targets.get(target.name), {step.status for step in ledger.values()}
    is_own_shipment = mapping.shipments == "action"
    paid = _payments(order, target, mapping, ledger)
    return Expected(
        key=order.key,
        source=order.source,
        placed_at=order.placed_at,
        changed_at=told.updated_at if told else None,
        is_created=is_done(ledger, CREATE) or is_done(ledger, UPDATE),
        is_approved=is_done(ledger, APPROVE),
        is_cancelled=is_done(ledger, CANCEL),
        is_cancelled_here=view.is_cancelled or view.shows(CANCELLED),
        is_approval_known=view.is_approved,
        has_shipment=is_own_shipment and is_done(ledger, SHIPMENT),
        is_released=is_own_shipment and is_done(ledger, RELEASE),
        payments=None if paid is None else {id: amount for id, (amount, _) in paid.items()},
        waits=PENDING in became and DEAD not in became,
        is_dead=view.is_creation_dead,
        steps={name: step.id for name, step in ledger.items() if step.status == DELIVERED},
        payment_steps={} if paid is None else {id: step for id, (_, step) in paid.items()},
    )


def _payments(
    order: Order, target: TargetSpec, mapping: CommerceOS, ledger: Mapping[str, Step]
) -> Mapping[str, tuple[Decimal, str]] | None:
    """Transaction id → amount and step: actions on the order that were delivered, and what it told us itself."""
    if mapping.payment_orders != "never":
        return None
    voices = order.bookkeeping.voices
    found = {
        transaction_id(order, payment): (payment.amount, "")
        for payment in order.payments
        if payment.amount is not None and not is_paid_to_others(voices, payment.id, target.voices)
    }
    for payment in payments(order, target.voices, recorded(ledger)):
        step = WHOLE_PAYMENT if payment.id == WHOLE else PAYMENT + payment.id
        if is_done(ledger, step) and payment.amount is not None:
            found[transaction_id(order, payment)] = (payment.amount, step)
    return found
