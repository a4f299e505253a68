"""What a shop, a warehouse and CommerceOS say of the one order of the tests of CommerceOS."""

from typing import Any

from streams.vocabulary import EventType, OrderEvent
from tests.projections.commerceos_world import said

LINES = [{"id": "1", "sku": "WIDGET", "quantity": "2"}, {"id": "2", "sku": "GADGET", "quantity": "1"}]
STREETS = ["Storgatan 1", "Lillgatan 2"]
CARD, GIFT = {"id": "pi-1", "method": "card", "amount": "75"}, {"id": "gc-1", "method": "giftcard", "amount": "50"}


def address(line1: str) -> dict[str, Any]:
    return {"name": "Ann", "line1": line1, "postal_code": "11122", "city": "Stockholm", "country": "SE"}


def placed(**facts: Any) -> OrderEvent:
    known = {"total": "125", "currency": "SEK", "lines": LINES, "customer": {"id": "CUST-1"}}
    return said(EventType.PLACED, **{**known, "shipping_address": address(STREETS[0]), **facts})


PLACED = placed()
MOVED = said(EventType.CHANGED, 1, shipping_address=address(STREETS[1]))
BILLED = said(EventType.CHANGED, 2, billing_address=address("Fakturagatan 3"))
PAID = said(EventType.PAID, 3, payments=[{"id": "sd-1", "method": "card"}])
ATTEMPT = said(EventType.CHANGED, 3, payments=[{**CARD, "id": "pi-0", "status": "FAILED"}])
AUTHORISED = said(EventType.CHANGED, 3, payment_status="authorised", payments=[{"id": "pi-1", "status": "AUTHORIZED"}])
SPLIT = said(EventType.CHANGED, 4, payment_status="paid", payments=[{**CARD, "status": "PAID"}, GIFT])
REFUND = said(EventType.REFUNDED, 5, payments=[{"id": "rf-1", "amount": "-25", "status": "REFUNDED"}])
PACKED = said(EventType.PROCESSING, 6, "warehouse")
SENT = said(EventType.SHIPPED, 7, "warehouse", shipments=[{"id": "T1", "tracking_number": "T1", "carrier": "UPS"}])
CANCELLED = said(EventType.CANCELLED, 8)
VOIDED = said(EventType.CHANGED, 9, payments=[{**CARD, "status": "VOIDED"}])
MORE = [MOVED, BILLED, PAID, ATTEMPT, AUTHORISED, SPLIT, VOIDED, REFUND, PACKED, SENT, CANCELLED]
