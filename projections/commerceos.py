"""What CommerceOS is to do for an order (seed 002), step by step, in the order that its rules demand. Pure.

    create ─▶ addresses, payments ─▶ approve ─▶ shipment, release, or cancel

What is right of an arrow is commanded once what is left of it was delivered: both `create` and `approve` may be refused
for want of stock, and then nothing must follow. The rest travels together, in order.

An order that is cancelled before it was approved is left `New`: the API cancels only what is `Committed`, and approving
it first would let it be picked. It holds no stock but what `reserve_s` gave it, which lapses.
"""

from collections.abc import Iterator, Mapping, Sequence

from projections import commerceos_documents as documents
from projections.digests import digest
from projections.external import can_be_created
from projections.spec import TargetSpec
from projections.steps import Demanded, is_commanded, is_done
from projections.voices import is_said_by, is_said_by_others
from streams.settings.commerceos import CommerceOS
from streams.vocabulary import CommandType, Order, OrderEvent, OrderStatus, PaymentStatus
from streams.vocabulary.order import Step

KIND = "commerceos"
CREATE, APPROVE, CANCEL, SHIPMENT, RELEASE = "create", "approve", "cancel", "shipment", "release"
DELIVERY_ADDRESS, INVOICE_ADDRESS = "delivery_address", "invoice_address"
PAYMENT = "payment:"

PAID = (
    PaymentStatus.AUTHORISED,
    PaymentStatus.ON_DELIVERY,
    PaymentStatus.PAID,
    PaymentStatus.PARTLY_REFUNDED,
    PaymentStatus.REFUNDED,
)
# From here on CommerceOS itself shows that the order is approved.
APPROVED = (
    OrderStatus.CONFIRMED,
    OrderStatus.PROCESSING,
    OrderStatus.RELEASED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)
PREPARED = APPROVED[1:]
SENT = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)

Ledger = Mapping[str, Step]


def demands(order: Order, target: TargetSpec, cause: OrderEvent) -> Sequence[Demanded]:
    """The steps that are due now, in their order."""
    assert target.commerceos is not None
    if target.own & {order.source}:
        return ()  # it was placed there
    ledger = order.bookkeeping.steps.get(target.name, {})
    return tuple(_due(order, target, target.commerceos, ledger, cause))


def _due(
    order: Order, target: TargetSpec, mapping: CommerceOS, ledger: Ledger, cause: OrderEvent
) -> Iterator[Demanded]:
    is_cancelled = is_said_by_others(order.bookkeeping.voices, (OrderStatus.CANCELLED,), target.voices)
    if not is_commanded(ledger, CREATE):
        if can_be_created(order):
            yield _create(order, mapping, cause)
        return
    if not _is_created(order, target, ledger):
        return
    is_approved = _is_approved(order, target, ledger)
    if not is_cancelled:
        yield from _changes(order, mapping, ledger)
    yield from _payments(order, mapping, ledger, cause)
    if not is_approved:
        if not is_cancelled and _may_approve(order, mapping) and not is_commanded(ledger, APPROVE):
            yield _plain(APPROVE, CommandType.APPROVE_ORDER)
        return
    if is_cancelled:
        if not is_commanded(ledger, CANCEL) and not _says(order, target, (OrderStatus.CANCELLED,)):
            yield _plain(CANCEL, CommandType.CANCEL_ORDER)
        return
    yield from _shipping(order, target, mapping, ledger)


def _create(order: Order, mapping: CommerceOS, cause: OrderEvent) -> Demanded:
    """The reservation is no part of what is stated: it is counted from the creation on."""
    document = documents.order_document(order, mapping)
    states = digest(document)
    if mapping.reserve_s is not None:
        document |= {"reserved_until": documents.after(cause.received_at, mapping.reserve_s)}
    return Demanded(CREATE, CommandType.CREATE_ORDER, states, {"order": document})


def _changes(order: Order, mapping: CommerceOS, ledger: Ledger) -> Iterator[Demanded]:
    """What differs from what was commanded. Once it is approved only a person can change it there: `after_approval`."""
    late = {"after_approval": is_commanded(ledger, APPROVE)}
    document = documents.order_document(order, mapping)
    if not is_commanded(ledger, CREATE, states := digest(document)):
        yield Demanded(CREATE, CommandType.UPDATE_ORDER, states, {"order": document, **late})
    for step, type, address in (
        (DELIVERY_ADDRESS, CommandType.CHANGE_DELIVERY_ADDRESS, order.shipping_address),
        (INVOICE_ADDRESS, CommandType.CHANGE_INVOICE_ADDRESS, order.billing_address),
    ):
        found = documents.address_document(address)
        if found is not None and not is_commanded(ledger, step, states := digest(found)):
            yield Demanded(step, type, states, {"address": found, **late})


def _payments(order: Order, mapping: CommerceOS, ledger: Ledger, cause: OrderEvent) -> Iterator[Demanded]:
    """Each transaction once, whatever is said of it later: the API keeps the first record of an id."""
    for payment in documents.payments(order):
        step = PAYMENT + payment.id
        if not is_commanded(ledger, step):
            document = documents.payment_document(order, payment, mapping, cause.occurred_at)
            states = digest({name: value for name, value in document.items() if name != "timestamp"})
            yield Demanded(step, CommandType.CREATE_PAYMENT, states, {"payment": document})


def _shipping(order: Order, target: TargetSpec, mapping: CommerceOS, ledger: Ledger) -> Iterator[Demanded]:
    voices = order.bookkeeping.voices
    if mapping.shipments == "theirs" or not is_said_by_others(voices, PREPARED, target.voices):
        return
    if not is_commanded(ledger, SHIPMENT):
        if _says(order, target, PREPARED):
            return  # there is a shipment already, made there
        document = documents.shipment_document(order, mapping)
        yield Demanded(SHIPMENT, CommandType.CREATE_SHIPMENT, digest(document), {"shipment": document})
    if is_said_by_others(voices, SENT, target.voices) and not is_commanded(ledger, RELEASE):
        yield _plain(RELEASE, CommandType.RELEASE_SHIPMENT)


def _plain(step: str, type: CommandType) -> Demanded:
    return Demanded(step, type, step, {})


def _may_approve(order: Order, mapping: CommerceOS) -> bool:
    if mapping.approve_when == "paid":
        return order.payment_status in PAID
    return mapping.approve_when == "placed" or any(status in order.bookkeeping.reached for status in APPROVED)


def _is_created(order: Order, target: TargetSpec, ledger: Ledger) -> bool:
    """It was delivered once: an update that is pending or dead leaves the order there."""
    return is_done(ledger, CREATE) or is_commanded(ledger, APPROVE) or _has_followers(ledger) or _speaks(order, target)


def _has_followers(ledger: Ledger) -> bool:
    """Nothing else is commanded before the creation was delivered."""
    return len(ledger) > 1


def _is_approved(order: Order, target: TargetSpec, ledger: Ledger) -> bool:
    return is_done(ledger, APPROVE) or _says(order, target, APPROVED)


def _speaks(order: Order, target: TargetSpec) -> bool:
    return any(who in target.own for said in order.bookkeeping.voices.values() for who in said)


def _says(order: Order, target: TargetSpec, words: Sequence[OrderStatus]) -> bool:
    """Whether CommerceOS itself has shown it so."""
    return is_said_by(order.bookkeeping.voices, words, target.own)
