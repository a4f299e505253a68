"""Which money was taken and given back for an order, as a target is to record it: each transaction once. Pure.

Platforms tell of it in three ways: payments with their amounts, payments without (Selldone, Duda and Quickbutik name
the transaction and the method), or only that the order is paid. Where no amount is told of, the whole total is one
payment; should amounts come later, that one stands for them, and they are not recorded too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from projections.clocks import EPOCH, by_field
from projections.voices import is_paid_to_others, is_said_by_others, scoped
from streams.vocabulary import Order, Payment, PaymentStatus

TAKEN = (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED, PaymentStatus.REFUNDED)
# Words of platforms for a payment that is none (yet): an attempt that failed, a promise, an authorisation.
NOT_TAKEN = frozenset(
    {
        *("FAILED", "EXPIRED", "CANCELLED", "CANCELED", "DECLINED", "REJECTED", "VOIDED", "ERROR"),
        *("OPEN", "UNPAID", "PENDING", "DEFERRED", "AUTHORIZED", "AUTHORISED"),
    }
)
# The payment of an order that is paid, where no amount is told of.
WHOLE = "paid"


def payments(order: Order, own: Collection[str], *, is_whole: bool) -> Sequence[Payment]:
    """All that a target is to have recorded; not what only `own` told of, who have it. What was taken comes first.

    `is_whole`: the whole order was recorded as one payment before.
    """
    voices = order.bookkeeping.voices
    real = [each for each in order.payments if each.amount and not _is_void(each)]
    told = [each for each in real if is_paid_to_others(voices, each.id, own)]
    refunds = [each for each in told if each.amount and each.amount < 0]
    if not refunds and not is_said_by_others(voices, TAKEN, own):
        return ()
    if is_whole or not any(each.amount and each.amount > 0 for each in real):
        whole = _whole(order)
        return [*((whole,) if whole else ()), *refunds]
    return [*(each for each in told if each.amount and each.amount > 0), *refunds]


def transaction_id(order: Order, payment: Payment) -> str:
    """A payment's is of whoever took it. Refunds are numbered by platforms, each in its own way: made ours."""
    is_ours = payment.id == WHOLE or (payment.amount is not None and payment.amount < 0)
    return scoped(order.key, payment.id) if is_ours else payment.id


def told_at(order: Order, payment: Payment) -> datetime | None:
    """When a platform told of the payment; None where only the order's status did."""
    clocks = by_field(order.bookkeeping.held)
    named = _unpriced(order) if payment.id == WHOLE else payment
    if named is None:
        return None
    paths = (f"payments.{named.id}.{name}" for name in Payment.model_fields)
    told = [clocks[path] for path in paths if path in clocks]
    return EPOCH + timedelta(microseconds=min(told)[0]) if told else None


def _whole(order: Order) -> Payment | None:
    if not order.total or order.total < 0:
        return None
    known = _unpriced(order)
    return Payment(id=WHOLE, method=known.method if known else None, amount=order.total, currency=order.currency)


def _unpriced(order: Order) -> Payment | None:
    """The payment that a platform named without saying of how much it was."""
    return next((each for each in order.payments if each.amount is None and not _is_void(each)), None)


def _is_void(payment: Payment) -> bool:
    return (payment.status or "").upper() in NOT_TAKEN
