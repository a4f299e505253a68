"""`fold`: one event into the state of its order. Pure; the same state whatever the order of arrival (DESIGN section 3).

How each part of an order joins: `projections.lattice` (status, money, flags), `projections.joins` (values, people,
addresses, payments, shipments), `projections.targets` (what became of commands).
"""

from collections.abc import Collection
from decimal import Decimal
from functools import partial, reduce

from projections import discards, lattice
from projections.clocks import by_clock, by_field, clock_of, heard_us, is_beyond, is_seen, remember
from projections.fetches import ended, is_fetch, pinged
from projections.joins import Joins
from projections.parcels import gone, together, with_parcels
from projections.payments import doubts
from projections.steps import step_ended
from projections.targets import OPERATORS, target_after, with_ref, with_target
from projections.voices import known_as, with_voice
from streams.vocabulary import EventType, Order, OrderEvent, OrderStatus, Payment, PaymentStatus
from streams.vocabulary.base import EXACT
from streams.vocabulary.event import DeliveryFacts

# Fields of the same name in `OrderFacts` and `Order` that the later event decides.
REGISTERS = (
    "shop",
    "supplier",
    "order_id",
    "order_number",
    "currency",
    "total",
    "subtotal",
    "tax",
    "discount",
    "shipping_cost",
    "fulfilment",
    "placed_at",
    "expected_at",
    "platform_status",
    "platform_delivery_state",
    "platform_type",
    "note",
    "cancel_reason",
)
# Until its own source has spoken of it: others may speak of an order first.
UNKNOWN_PLATFORM = "unknown"
# An order always has these, so null only says that the sender left them out: it takes nothing away. Were it otherwise,
# a target would have or lack the order by the order of arrival, as no document can be made without a total.
ALWAYS_THERE = frozenset({"total", "currency"})


def fold(order: Order | None, event: OrderEvent) -> Order:
    """The order after `event`; the very same object where the event was applied before.

    Any permutation of a set of events, with any repeats, gives an equal order. A repeat of an event that is too old to
    be remembered (`SEEN_MAX`) changes nothing either, nor does it count, where its platform tells its time: whatever it
    says is known. But nor does an old event count that comes for the first time and says nothing new, so past
    `SEEN_MAX` events of one order `version` may depend on the order of arrival.

    Where only the receipt tells the time – of all of an event, or of which of two that bear one time and rank is the
    later – a forgotten one that is received again counts as said then: its values may take the place of later ones.
    What never goes back (statuses, flags, what is known against masked) does not then either.
    """
    if order is None:
        order = Order(key=event.order_key, source=owner_of(event.order_key), platform=UNKNOWN_PLATFORM)
    book = order.bookkeeping
    if is_seen(book.seen, event.id):
        return order
    clock = clock_of(event)
    joins = Joins(clock, by_field(book.held))
    if event.delivery is None or event.type is EventType.REJECTED:
        _join_facts(order, event, joins)
    if event.delivery is not None and event.delivery.command_type not in OPERATORS and not is_fetch(event.delivery):
        _join_delivery(order, event, event.delivery, joins)
    after = _after(order, event, joins)
    if is_beyond(book.seen, clock) and after.updated({"version": order.version}) == order:
        return order
    return after


def owner_of(order_key: str) -> str:
    """The source whose order it is: a key is `<source>:<native id>`."""
    return order_key.partition(":")[0]


def _join_facts(order: Order, event: OrderEvent, joins: Joins) -> None:
    facts = event.data
    given = facts.model_fields_set
    for field in REGISTERS:
        if field in given and not ((value := getattr(facts, field)) is None and field in ALWAYS_THERE):
            joins.register(field, value)
    if facts.lines is not None:
        joins.register("lines", facts.lines)
    if facts.customer is not None:
        joins.person("customer", order.customer, facts.customer)
    if facts.shipping_address is not None:
        joins.address("shipping_address", order.shipping_address, facts.shipping_address)
    if facts.billing_address is not None:
        joins.address("billing_address", order.billing_address, facts.billing_address)
    if facts.payments:
        joins.keyed("payments", order.payments, map(partial(_as_known, order.key), facts.payments))
    if facts.shipments:
        joins.keyed("shipments", order.shipments, facts.shipments)


def _as_known(order_key: str, payment: Payment) -> Payment:
    id = known_as(order_key, payment.id)
    return payment if id == payment.id else payment.updated({"id": id})


def _join_delivery(order: Order, event: OrderEvent, delivery: DeliveryFacts, joins: Joins) -> None:
    path = f"targets.{delivery.target}"
    is_later, has_ref = joins.is_later(path), delivery.ref is not None and joins.is_later(f"{path}.ref")
    if is_later:
        joins.clocks[path] = joins.clock
    discards.noted(event, path, joins)
    is_let_go = discards.is_last(path, joins)
    if not is_later and not has_ref and not is_let_go:
        return
    # One that is not later than another delivery of that target: the target is there.
    state = target_after(order, event, delivery) if is_later else order.targets[delivery.target]
    if is_let_go:
        state = discards.as_left(state, order, event, delivery)
    if has_ref:
        joins.clocks[f"{path}.ref"] = joins.clock
        state = with_ref(state, delivery.ref)
    joins.changes["targets"] = with_target(order.targets, delivery.target, state)


def _after(order: Order, event: OrderEvent, joins: Joins) -> Order:
    book, changes = order.bookkeeping, joins.changes
    reached = _reached(book.reached, event)
    paid = _paid(book.paid, event)
    parcels, shipments = with_parcels(book.parcels, event), changes.get("shipments", order.shipments)
    fulfilment = changes.get("fulfilment", order.fulfilment)
    status = reached[-1] if reached else OrderStatus.PENDING
    bookkeeping = book.updated(
        {
            "held": by_clock(joins.clocks),
            "seen": remember(book.seen, joins.clock),
            "oldest": min(joins.clock[0], heard_us(book)),
            "reached": reached,
            "paid": paid,
            "voices": with_voice(book.voices, event),
            "parcels": parcels,
            "steps": step_ended(book.steps, event),
            "pings": pinged(book.pings, event, joins.clock),
            "fetches": ended(book.fetches, event),
            "placed": book.placed or event.type is EventType.PLACED or event.data.is_placed is True,
        }
    )
    payments, total = changes.get("payments", order.payments), changes.get("total", order.total)
    return order.updated(
        {
            **changes,
            "platform": event.platform if event.source == order.source else order.platform,
            "status": lattice.NEXT[status, together(parcels, shipments, fulfilment or ()) or status],
            "payment_status": lattice.PAYMENT_NEXT[paid, refunded(payments, total)],
            "flags": _flags(order.flags, event, gone(parcels, shipments).union(reached)),
            "version": order.version + 1,
            "updated_at": max(order.updated_at or event.occurred_at, event.occurred_at),
            "bookkeeping": bookkeeping,
        }
    )


def _reached(reached: tuple[OrderStatus, ...], event: OrderEvent) -> tuple[OrderStatus, ...]:
    """Every status that was asserted, the greatest last."""
    said = set(lattice.asserted(event))
    if said.issubset(reached):
        return reached
    return tuple(sorted(said.union(reached), key=lattice.STATUS_RANK.__getitem__))


def _paid(paid: PaymentStatus, event: OrderEvent) -> PaymentStatus:
    for said in lattice.payment_asserted(event.type, event.data.payment_status):
        paid = lattice.PAYMENT_NEXT[paid, said]
    return paid


def _flags(flags: tuple[str, ...], event: OrderEvent, reached: Collection[OrderStatus]) -> tuple[str, ...]:
    said = lattice.contradictions(reached)
    said.update(event.data.flags or ())
    said.update(doubts(event.data.payments or ()))
    if (flag := lattice.SILENT.get(event.type)) is not None:
        said.add(flag)
    if event.type is EventType.OBSERVED and not event.data.is_ping:
        said.add(lattice.UNKNOWN_EVENT + (event.platform_event or ""))
    return lattice.with_flags(flags, said)


def refunded(payments: tuple[Payment, ...], total: Decimal | None) -> PaymentStatus:
    """What the refunds known by id say: payments of negative amounts, against what the order costs now."""
    amounts = [one.amount for one in payments if one.amount is not None and one.amount < 0]
    if not amounts:
        return PaymentStatus.UNPAID
    back = reduce(EXACT.subtract, amounts, Decimal(0))
    return PaymentStatus.REFUNDED if total is not None and back >= total else PaymentStatus.PARTLY_REFUNDED
