"""What CommerceOS has, against what the store's webhooks say: orders, payments, addresses, shipments, each once.

Its rules are the stand-in's: a step that came before its time was refused there, and counts as lost here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.demo.check.arrival import told
from streams.demo.check.finding import Finding, doubled, lost
from streams.demo.evidence import Evidence
from streams.demo.model import Expected, expected
from streams.demo.webhook import COMMERCEOS, STORE

ORDER_ID = "com.acme.order-id"
# In any second, as its guide says.
REQUESTS_MAX = 100
# What the stand-in refuses a command for that is wrong in itself, or comes at the wrong time.
WRONG = ("invalid", "order", "conflict")
COMMITTED, CANCELLED = "Committed", "Cancelled"
SENT = ("shipped", "delivered")


def check_fulfilled(evidence: Evidence) -> Iterator[Finding]:
    """Orders with a dead letter are left out: they are not lost, a person has them in hand."""
    wanted = expected(one for one in told(evidence) if one.order_key.startswith(f"{STORE}:"))
    dead = {letter.command.order_key for letter in evidence.deadletters if letter.command.target == COMMERCEOS}
    fulfilment = evidence.fulfilment
    records = {order["identifiers"].get(ORDER_ID, ""): order for order in fulfilment.orders}
    for key, times in Counter(order["identifiers"].get(ORDER_ID, "") for order in fulfilment.orders).items():
        if times > 1 or key not in wanted:
            yield doubled(key, f"{times} orders at CommerceOS, and {int(key in wanted)} of the store's")
    for key, expectation in wanted.items():
        if key not in dead:
            yield from _check_order(key, expectation, records.get(key))
    yield from _check_conduct(evidence, len(dead))


def _check_conduct(evidence: Evidence, dead: int) -> Iterator[Finding]:
    """How we behaved there. A refusal that a person was told of is no loss."""
    fulfilment = evidence.fulfilment
    if fulfilment.doubled:
        yield doubled(COMMERCEOS, f"{fulfilment.doubled} things were made twice")
    if fulfilment.busiest > REQUESTS_MAX:
        yield doubled(COMMERCEOS, f"{fulfilment.busiest} requests in one second")
    refused = sum(fulfilment.refused.get(why, 0) for why in WRONG)
    if refused and not dead:
        yield lost(COMMERCEOS, f"{refused} commands were refused: {dict(fulfilment.refused)}")


def _check_order(key: str, wanted: Expected, order: Mapping[str, Any] | None) -> Iterator[Finding]:
    if order is None:
        if wanted.must:
            yield lost(key, "placed, and not at CommerceOS")
        return
    if not wanted.may:
        yield doubled(key, "at CommerceOS, though it was never placed, or cancelled before")
    if (pieces := _pieces(order["items"])) != wanted.pieces:
        yield lost(key, f"CommerceOS has {pieces} of it, expected {wanted.pieces}")
    yield from _check_payments(key, wanted, order["payments"])
    yield from _check_progress(key, wanted, order)


def _check_payments(key: str, wanted: Expected, payments: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    found = {payment["transactionId"]: Decimal(payment["amount"]) for payment in payments}
    if len(found) < len(payments):
        yield doubled(key, "one transaction was recorded twice")
    for id, amount in found.items():
        if wanted.payments.get(id) != amount:
            yield doubled(key, f"the payment {id} of {amount}, which nobody made")
    # Once it is cancelled there it takes no more payments, and who was quicker is not known.
    if wanted.must and (missing := wanted.payments.keys() - found.keys()):
        yield lost(key, f"without its payments {', '.join(sorted(missing))}")


def _check_progress(key: str, wanted: Expected, order: Mapping[str, Any]) -> Iterator[Finding]:
    is_approved = set(order["status"]) & {COMMITTED, CANCELLED} != set()
    if wanted.must and bool(wanted.payments) is not is_approved:
        verdict = lost if wanted.payments else doubled
        yield verdict(key, f"its status is {order['status']}, with {len(wanted.payments)} payments made")
    if wanted.must and _street(order) != wanted.streets[-1]:
        yield lost(key, f"it goes to {_street(order)}, and should to {wanted.streets[-1]}")
    if CANCELLED in order["status"] and wanted.must:
        yield doubled(key, "cancelled there, and nobody cancelled it")
    shipments = order["shipments"]
    if len(shipments) > 1:
        yield doubled(key, f"{len(shipments)} shipments")
    is_released = any(shipment["status"] != "New" for shipment in shipments)
    if wanted.must and (wanted.status in SENT and bool(wanted.payments)) is not is_released:
        verdict = doubled if is_released else lost
        yield verdict(key, f"it is {wanted.status}, and its shipments are {[one['status'] for one in shipments]}")


def _pieces(items: Sequence[Mapping[str, Any]]) -> Mapping[str, Decimal]:
    return {item["product"]["identifiers"]["com.acme.sku"]: Decimal(item["quantity"]) for item in items}


def _street(order: Mapping[str, Any]) -> str | None:
    """Where it is sent to."""
    return next((address["line1"] for address in order["deliveryAddresses"]), None)
