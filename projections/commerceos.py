"""What CommerceOS is to do for an order (seed 002), step by step, in the order that its rules demand. Pure.

    create ─▶ addresses, payments, approve ─▶ shipment, release, or cancel

What is right of an arrow is commanded once what is left of it was delivered: both `create` and `approve` may be refused
for want of stock, and then nothing must follow. The rest travels together, in order.

An order that is cancelled before it was approved is left `New`: the API cancels only what is `Committed`, and approving
it first would let it be picked. It holds no stock but what `reserve_s` gave it, which lapses.

An order whose reservation has lapsed takes neither approval nor address: both go with the order as it is to be reserved
anew, which the connector does where it finds it so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from projections import commerceos_documents as documents
from projections.commerceos_view import APPROVE, APPROVED, CANCELLED, CREATE, PREPARED, UPDATE, View
from projections.digests import digest
from projections.lattice import SENT
from projections.payments import WHOLE, payments
from projections.spec import TargetSpec
from projections.steps import Demanded, is_commanded
from streams.settings.commerceos import CommerceOS
from streams.vocabulary import CommandType, Order, OrderEvent, OrderStatus, PaymentStatus
from streams.vocabulary.order import Step

KIND = "commerceos"
CANCEL, SHIPMENT, RELEASE = "cancel", "shipment", "release"
DELIVERY_ADDRESS, INVOICE_ADDRESS = "delivery_address", "invoice_address"
# The step of the whole order's payment, and the beginning of those of payments that a platform told of.
WHOLE_PAYMENT, PAYMENT = "payment", "payment:"

PAID = (
    PaymentStatus.AUTHORISED,
    PaymentStatus.ON_DELIVERY,
    PaymentStatus.PAID,
    PaymentStatus.PARTLY_REFUNDED,
)
# What CommerceOS shows of a shipment that needs no release any more.
RELEASED = (OrderStatus.RELEASED, *SENT)
# What it shows of an order that cannot be cancelled: it is, or it has arrived.
UNCANCELLABLE = (*CANCELLED, OrderStatus.DELIVERED, OrderStatus.RETURNED)


def demands(order: Order, target: TargetSpec, cause: OrderEvent) -> Sequence[Demanded]:
    """The steps that are due now, in their order. None of an order that was placed there."""
    if target.commerceos is None or order.source in target.own:
        return ()
    view = View(order, target, order.bookkeeping.steps.get(target.name, {}))
    return tuple(_due(view, target.commerceos, cause))


def _due(view: View, mapping: CommerceOS, cause: OrderEvent) -> Iterator[Demanded]:
    if not view.is_created:
        yield from _creation(view, mapping, cause)
        return
    yield from _changes(view, mapping, cause)
    yield from _payments(view, mapping, cause)
    if not view.is_approved:
        if not view.is_over and _may_approve(view.order, mapping) and not is_commanded(view.ledger, APPROVE):
            document = documents.order_document(view.order, mapping)
            yield Demanded(APPROVE, CommandType.APPROVE_ORDER, APPROVE, _renewal(document, mapping, cause))
    elif view.is_cancelled:
        if not is_commanded(view.ledger, CANCEL) and not view.shows(UNCANCELLABLE):
            yield _plain(CANCEL, CommandType.CANCEL_ORDER)
    elif not view.is_over:
        yield from _shipping(view, mapping)


def _creation(view: View, mapping: CommerceOS, cause: OrderEvent) -> Iterator[Demanded]:
    """Once; again where it was given up, and the order or the settings make another document of it since: behind the
    dead letter, or in place of one that was discarded.

    The reservation is no part of what is stated: it is counted from the creation on.
    """
    step, type = CREATE, CommandType.CREATE_ORDER
    if is_commanded(view.ledger, CREATE):
        step, type = UPDATE, CommandType.UPDATE_ORDER
    if not can_be_created(view.order) or (step == UPDATE and not view.is_creation_given_up):
        return
    document = documents.order_document(view.order, mapping)
    states = documents.states(document)
    if states != view.stated:
        yield Demanded(step, type, states, {"order": document, **_renewal(document, mapping, cause)})


def _renewal(document: documents.Document, mapping: CommerceOS, cause: OrderEvent) -> dict[str, Any]:
    """The order with its reservation, where it has one: by the time of what needs it, that may be over."""
    if mapping.reserve_s is None:
        return {}
    until = documents.after(cause.received_at, mapping.reserve_s)
    return {"order": {**document, "reserved_until": until}}


def can_be_created(order: Order) -> bool:
    """The API needs items and no total: it has prices of its own."""
    book = order.bookkeeping
    return book.placed and OrderStatus.CANCELLED not in book.reached and any(line.quantity for line in order.lines)


def _changes(view: View, mapping: CommerceOS, cause: OrderEvent) -> Iterator[Demanded]:
    """What differs from what was commanded. Once it is approved only a person can change it there: `after_approval`."""
    late = {"after_approval": is_commanded(view.ledger, APPROVE) or view.shows(APPROVED)}
    if view.shows(CANCELLED) or (late["after_approval"] and view.is_over):
        return
    order, document = view.order, documents.order_document(view.order, mapping)
    renewal = {} if late["after_approval"] else _renewal(document, mapping, cause)
    states = documents.states(document)
    if document["items"] and not documents.has_same_items(states, view.stated or ""):
        yield Demanded(UPDATE, CommandType.UPDATE_ORDER, states, {"order": document, **renewal, **late})
    for step, type, address in (
        (DELIVERY_ADDRESS, CommandType.CHANGE_DELIVERY_ADDRESS, order.shipping_address),
        (INVOICE_ADDRESS, CommandType.CHANGE_INVOICE_ADDRESS, order.billing_address),
    ):
        found = documents.address_document(address)
        if found is not None and not is_commanded(view.ledger, step, states := digest(found)):
            yield Demanded(step, type, states, {"address": found, **renewal, **late})


def _payments(view: View, mapping: CommerceOS, cause: OrderEvent) -> Iterator[Demanded]:
    """Each transaction once, whatever is said of it later: the API keeps the first record of an id."""
    is_late = is_commanded(view.ledger, CANCEL) or view.shows(CANCELLED)
    for payment in payments(view.order, view.target.voices, recorded(view.ledger)):
        step = WHOLE_PAYMENT if payment.id == WHOLE else PAYMENT + payment.id
        if not is_commanded(view.ledger, step):
            document = documents.payment_document(view.order, payment, mapping, cause.occurred_at, is_late=is_late)
            states = digest({name: value for name, value in document.items() if name != "timestamp"})
            yield Demanded(step, CommandType.CREATE_PAYMENT, states, {"payment": document})


def recorded(ledger: Mapping[str, Step]) -> frozenset[str]:
    """The ids of the payments that were commanded."""
    parts = {step.removeprefix(PAYMENT) for step in ledger if step.startswith(PAYMENT)}
    return frozenset({*parts, WHOLE} if WHOLE_PAYMENT in ledger else parts)


def _shipping(view: View, mapping: CommerceOS) -> Iterator[Demanded]:
    if mapping.shipments == "theirs" or not view.is_told(PREPARED):
        return
    if not is_commanded(view.ledger, SHIPMENT):
        if not view.shows(PREPARED):
            document = documents.shipment_document(view.order, mapping)
            yield Demanded(SHIPMENT, CommandType.CREATE_SHIPMENT, digest(document), {"shipment": document})
        elif mapping.shipments != documents.ACTION:
            return  # there is a shipment already, made there, and none of ours
    if view.is_told(SENT) and not is_commanded(view.ledger, RELEASE) and not view.shows(RELEASED):
        yield _plain(RELEASE, CommandType.RELEASE_SHIPMENT)


def _plain(step: str, type: CommandType) -> Demanded:
    return Demanded(step, type, step, {})


def _may_approve(order: Order, mapping: CommerceOS) -> bool:
    if mapping.approve_when == "paid":
        return order.payment_status in PAID
    return mapping.approve_when == "placed" or any(status in order.bookkeeping.reached for status in APPROVED)
