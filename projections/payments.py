"""Which money was taken and given back for an order, as a target is to record it: each transaction once. Pure.

Platforms tell of it in three ways: payments with their amounts, payments without (Selldone, Duda and Quickbutik name
the transaction and the method), or only that the order is paid. Where no amount is told of, the whole total is one
payment; should amounts come later, that one stands for them, and they are not recorded too. Nor is the total, once a
part of it was recorded: whatever is said of that part later, the target has it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from projections.clocks import by_field, time_of
from projections.voices import is_paid_to_others, is_said_by_others, scoped
from streams.platforms.facts import unknown_words
from streams.vocabulary import Order, Payment, PaymentStatus

TAKEN = (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED, PaymentStatus.REFUNDED)
# Words of platforms for one payment, in capitals and without what is between. Money that was taken, or given back since
# (seeds 001 and 003, and what payment providers say):
COUNTED = frozenset(
    {
        *("PAID", "PAYED", "PAIDOUT", "PAIDDEFERRED", "CAPTURED", "SETTLED", "COMPLETE", "COMPLETED"),
        *("SUCCESS", "SUCCESSFUL", "SUCCEEDED"),
        *("REFUNDED", "PARTIALLYREFUNDED", "PARTLYREFUNDED", "CHARGEDBACK", "CHARGEBACK"),
    }
)
# An attempt that failed, a promise, an authorisation: a payment that is none (yet).
NOT_TAKEN = frozenset(
    {
        *("FAILED", "FAILURE", "EXPIRED", "CANCELLED", "CANCELED", "DECLINED", "DENIED", "REFUSED", "REJECTED"),
        *("VOID", "VOIDED", "ERROR", "ABORTED", "ABANDONED", "REVERSED"),
        *("NEW", "CREATED", "OPEN", "UNPAID", "PENDING", "PROCESSING", "DEFERRED", "RESERVED"),
        *("AUTHORIZED", "AUTHORISED", "REQUIRESCAPTURE", "REQUIRESACTION"),
    }
)
_KNOWN = COUNTED | NOT_TAKEN
# The payment of an order that is paid, where no amount is told of.
WHOLE = "paid"


def payments(order: Order, own: Collection[str], recorded: Collection[str]) -> Sequence[Payment]:
    """All that a target is to have recorded; not what only `own` told of, who have it. What was taken comes first.

    `recorded`: the ids of payments that the target was told of before, `WHOLE` among them.
    """
    voices = order.bookkeeping.voices
    real = [each for each in order.payments if each.amount and _is_counted(each)]
    told = [each for each in real if is_paid_to_others(voices, each.id, own)]
    refunds = [each for each in told if each.amount and each.amount < 0]
    if not refunds and not is_said_by_others(voices, TAKEN, own):
        return ()
    has_parts = any(each.amount and each.amount > 0 for each in real) or _has_part(order, recorded)
    if WHOLE in recorded or not has_parts:
        whole = _whole(order)
        return [*((whole,) if whole else ()), *refunds]
    return [*(each for each in told if each.amount and each.amount > 0), *refunds]


def doubts(payments: Iterable[Payment]) -> list[str]:
    """Flags for the words of amounts that are in neither table: these are not recorded, and a person is to know."""
    words = [each.status for each in payments if each.amount and each.status and _plain(each.status) not in _KNOWN]
    return unknown_words(("payment-status", word, ()) for word in words)


def transaction_id(order: Order, payment: Payment) -> str:
    """A payment's is of whoever took it. Refunds are numbered by platforms, each in its own way: made ours."""
    is_ours = payment.id == WHOLE or (payment.amount is not None and payment.amount < 0)
    return scoped(order.key, payment.id) if is_ours else payment.id


def told_at(order: Order, payment: Payment) -> datetime | None:
    """When a platform told of the payment; None where only the order's status did."""
    clocks = by_field(order.bookkeeping.held)
    named = _named(order) if payment.id == WHOLE else payment
    if named is None:
        return None
    paths = (f"payments.{named.id}.{name}" for name in Payment.model_fields)
    told = [clocks[path] for path in paths if path in clocks]
    return time_of(min(told)[0]) if told else None


def _whole(order: Order) -> Payment | None:
    if not order.total or order.total < 0:
        return None
    known = _named(order)
    return Payment(id=WHOLE, method=known.method if known else None, amount=order.total, currency=order.currency)


def _named(order: Order) -> Payment | None:
    """The payment that a platform named without saying of how much it was, or in a word that is not known."""
    taken = (each for each in order.payments if not (each.amount and each.amount < 0))
    return next((each for each in taken if not _is_void(each)), None)


def _has_part(order: Order, recorded: Collection[str]) -> bool:
    """Whether a payment was recorded that is no refund, as far as is known."""
    return any(each.id in recorded and not (each.amount and each.amount < 0) for each in order.payments)


def _is_counted(payment: Payment) -> bool:
    """No word at all is none against it: the order says that it is paid."""
    return not payment.status or _plain(payment.status) in COUNTED


def _is_void(payment: Payment) -> bool:
    return _plain(payment.status or "") in NOT_TAKEN


def _plain(word: str) -> str:
    """`paid_out`, `PaidOut` and `Paid out` are one word."""
    return "".join(each for each in word.upper() if each.isalnum())
