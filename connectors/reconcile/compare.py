"""The differences between what a target should have and what it shows. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from connectors.reconcile.ours import Expected
from connectors.reconcile.theirs import Shown
from projections.commerceos import CANCEL, RELEASE, SHIPMENT
from projections.commerceos_view import APPROVE
from streams.vocabulary.base import EXACT

IDS_SHOWN_MAX = 3
# What has an order picked and sent.
ONWARD = (APPROVE, SHIPMENT, RELEASE)
STOPPED = "it is cancelled here, and its cancellation there was not delivered: it must not be picked"
LEFT_OUT = "the shipments there hold a part of it: one for the rest has to be made there"


class Kind(StrEnum):
    """What differs."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    STATUS = "status"
    PAYMENTS = "payments"
    SHIPMENT = "shipment"
    METHOD = "method"


@dataclass(frozen=True, slots=True)
class Difference:
    """`ours` and `theirs`: what each side has. `steps`: those whose repeat may mend it; none: `why` says why not.

    `key`: of the order; of a payment method its id.
    """

    kind: Kind
    key: str
    ours: str
    theirs: str
    steps: tuple[str, ...] = ()
    why: str = ""


def differences(order: Expected, found: Shown | None) -> Iterator[Difference]:
    """Of one order that both sides should have; `found` is None where it is not there."""
    if not order.is_created:
        if order.is_dead and found is None:
            why = f"its creation was given up: `orderlog deadletters list --order {order.key}`"
            yield Difference(Kind.MISSING, order.key, "given up", "-", why=why)
        return
    if found is None:
        yield Difference(Kind.MISSING, order.key, order.status, "-", _repeatable(order, *order.steps))
        return
    yield from _status(order, found)
    yield from _payments(order, found)
    if not found.is_cancelled:
        yield from _shipment(order, found)


def unknown(key: str, found: Shown) -> Difference:
    """It is there, under the name of a source of ours, and we never had it."""
    return Difference(Kind.UNKNOWN, key, "-", found.status, why="no order here has this id: who made it there?")


def unlisted(method: str, words: tuple[str, ...]) -> Difference:
    """A payment method that is configured, and not there."""
    why = "see commerceos.payment_methods, and `orderlog payment-methods`"
    return Difference(Kind.METHOD, method, ", ".join(words), "-", why=why)


def _status(order: Expected, found: Shown) -> Iterator[Difference]:
    """An order cancelled before its approval is rightly left `New`; what is `Fulfilled` was committed."""

    def differs(*steps: str, why: str = "") -> Difference:
        return Difference(Kind.STATUS, order.key, order.status, found.status, steps, why)

    if order.is_cancelled:
        if not found.is_cancelled:
            yield differs(*((APPROVE,) if found.is_unapproved and APPROVE in order.steps else ()), CANCEL)
    elif found.is_cancelled:
        if not order.is_cancelled_here:
            yield differs(why="it was cancelled there, and that did not come here: see the poll of statuses")
    elif order.is_approved and found.is_unapproved:
        steps = _repeatable(order, APPROVE)
        yield differs(*steps, why="" if steps else STOPPED)
    elif not order.is_approved and not found.is_unapproved and not order.is_approval_known:
        yield differs(why="it was approved there, and that did not come here: see the poll of statuses")


def _payments(order: Expected, found: Shown) -> Iterator[Difference]:
    """Count and sum; by transaction id where the other side shows them."""
    if order.payments is None:
        return
    ours = reduce(EXACT.add, order.payments.values(), Decimal(0))
    count = len(found.payments) + len(found.unnamed)
    if (len(order.payments), ours) == (count, found.paid) and not _other_amounts(order.payments, found.payments):
        return
    lacking = () if found.unnamed else tuple(id for id in order.payments if id not in found.payments)
    yield Difference(
        Kind.PAYMENTS,
        order.key,
        _sum(len(order.payments), ours),
        _sum(count, found.paid),
        tuple(order.payment_steps[id] for id in lacking if order.payment_steps[id]),
        "" if lacking else _why(order.payments, found),
    )


def _shipment(order: Expected, found: Shown) -> Iterator[Difference]:
    if order.is_released and not found.is_released:
        wanted = [RELEASE] if found.shipments else [SHIPMENT, RELEASE]
        steps = _repeatable(order, *(step for step in wanted if step in order.steps))
        yield Difference(Kind.SHIPMENT, order.key, "released", _parcels(found), steps, "" if steps else STOPPED)
    elif order.has_shipment and not found.shipments:
        steps = _repeatable(order, SHIPMENT)
        yield Difference(Kind.SHIPMENT, order.key, "made", "none", steps, "" if steps else STOPPED)
    elif (order.has_shipment or order.is_released) and found.unshipped > 0:
        ours, theirs = "released" if order.is_released else "made", f"{found.unshipped:f} in no shipment"
        yield Difference(Kind.SHIPMENT, order.key, ours, theirs, why=LEFT_OUT)


def _repeatable(order: Expected, *steps: str) -> tuple[str, ...]:
    """Without those that would have an order picked which is cancelled here, and whose cancellation was given up."""
    is_stopped = order.is_cancelled_here and not order.is_cancelled
    return tuple(step for step in steps if not (is_stopped and step in ONWARD))


def _other_amounts(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> list[str]:
    return [id for id, amount in ours.items() if theirs.get(id, amount) != amount]


def _why(ours: Mapping[str, Decimal], found: Shown) -> str:
    if others := _other_amounts(ours, found.payments):
        return f"other amounts there: {', '.join(others[:IDS_SHOWN_MAX])}; the first record of a transaction stays"
    extra = [id for id in found.payments if id not in ours]
    return f"only there: {', '.join(extra[:IDS_SHOWN_MAX])}" if extra else "they cannot be told apart there"


def _sum(count: int, amount: Decimal) -> str:
    return f"{count}: {amount:f}"


def _parcels(found: Shown) -> str:
    return "; ".join(", ".join(said) for said in found.shipments) or "none"
