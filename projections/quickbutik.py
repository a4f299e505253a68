"""What Quickbutik is told of its own orders (seed 000, part 3): what others say of them. Pure.

Its API has one status for where an order and its money are: `paid` before `done`, and never after it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from projections.clocks import NEVER, by_field
from projections.digests import digest
from projections.echoes import DONE
from projections.lattice import SENT
from projections.spec import TargetSpec
from projections.steps import Demanded, is_commanded
from projections.voices import is_said_by, is_said_by_others, voices_of
from streams.vocabulary import CommandType, Order, OrderEvent, OrderStatus, PaymentStatus
from streams.vocabulary.order import Step
from streams.vocabulary.status import OUT_OF_STOCK

KIND = "quickbutik"
PAID, CANCELLED = "paid", "cancelled"
# What others must say for a status to be written; `SENT` for the first.
PAYED = (PaymentStatus.PAID,)


def demands(order: Order, target: TargetSpec, cause: OrderEvent) -> Sequence[Demanded]:
    """`update_status`, each status once; `done` again, without another email, where the tracking came later."""
    if order.source not in target.own:
        return ()
    return tuple(_demanded(order, target.own, order.bookkeeping.steps.get(target.name, {})))


def _demanded(order: Order, own: Collection[str], ledger: Mapping[str, Step]) -> Iterator[Demanded]:
    voices, flags = voices_of(order), order.flags
    if is_said_by(voices, (OrderStatus.CANCELLED,), own):
        return
    # What the shop says of it after we did is our own word come back.
    is_ours, is_shown = is_commanded(ledger, DONE), is_said_by(voices, SENT, own)
    if is_said_by_others(voices, (OrderStatus.CANCELLED,), own):
        # A target that is out of stock says nothing of a parcel that has gone: the flag has a person look.
        is_sent = OUT_OF_STOCK in flags and (is_ours or is_shown)
        if not is_sent and not is_commanded(ledger, CANCELLED):
            yield _step(CANCELLED, {"status": CANCELLED, "notify": True})
        return
    is_paid = is_commanded(ledger, PAID) or is_said_by(voices, PAYED, own)
    if is_said_by_others(voices, PAYED, own) and not (is_paid or is_ours or is_shown):
        yield _step(PAID, {"status": PAID, "notify": True})
    if is_said_by_others(voices, SENT, own) and (is_ours or not is_shown):
        said = {"status": DONE, "shipping": _shipping(order), "notify": not is_ours}
        if not is_commanded(ledger, DONE, _states(said)):
            yield _step(DONE, said)


def _step(name: str, said: Mapping[str, Any]) -> Demanded:
    return Demanded(name, CommandType.UPDATE_STATUS, _states(said), said)


def _states(said: Mapping[str, Any]) -> str:
    """Whether the buyer is written to is no part of what is stated."""
    return digest({name: value for name, value in said.items() if name != "notify"})


def _shipping(order: Order) -> dict[str, str] | None:
    """The number that was told last, by the clocks of the events: the API takes one."""
    tracked = [shipment for shipment in order.shipments if shipment.tracking_number]
    if not tracked:
        return None
    clocks = by_field(order.bookkeeping.held)
    last = max(tracked, key=lambda each: (clocks.get(f"shipments.{each.id}.tracking_number", NEVER), each.id))
    return {"tracking_number": last.tracking_number or "", "carrier": last.carrier or ""}
