"""The documents of commands for CommerceOS: what of an order it is to have, in names of ours. Pure.

The connector puts them into CommerceOS' own (`connectors.targets.commerceos`): namespaces and payment methods are
looked up there, so that a mapping that was missing can be added and the dead letter be redriven.

A party is `{role: id}`; its role names the namespace of `identifiers`: company, customer, store, supplier.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from streams.settings.commerceos import CommerceOS
from streams.vocabulary import Address, Line, Order, Payment, PaymentStatus

Document = dict[str, Any]
Party = dict[str, str]

ADDRESS = ("line1", "line2", "postal_code", "city", "region", "country")
# Money that was taken: its payments count; before that they are only how somebody means to pay.
TAKEN = (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED, PaymentStatus.REFUNDED)
# The transaction of an order that is paid, where the platform tells of none.
WHOLE = "paid"


def order_document(order: Order, mapping: CommerceOS) -> Document:
    """`items` has devices before the plans that refer to them."""
    supplier, customer, sellers = _parties(order, mapping)
    return {
        "order_id": order.key,
        "channel": order.source,
        "supplier": supplier,
        "customer": customer,
        "sellers": sellers,
        "currency": order.currency or mapping.currency,
        "items": [_item(line, mapping) for line in sorted(order.lines, key=_refers_to_a_device)],
    }


def address_document(address: Address | None) -> Document | None:
    """None where there is nothing to deliver to."""
    if address is None or not (address.line1 or address.postal_code or address.city):
        return None
    attention = address.name or " ".join(part for part in (address.first_name, address.last_name) if part)
    document = {name: value for name in ADDRESS if (value := getattr(address, name))}
    return {**document, "attention": attention} if attention else document


def payments(order: Order) -> Sequence[Payment]:
    """Those that have an amount, once the money was taken; refunds always. One of the whole total where the order is
    paid and no payment is told of.
    """
    is_taken = order.payment_status in TAKEN
    known = [each for each in order.payments if each.amount and (each.amount < 0 or is_taken)]
    if is_taken and order.total and not any(each.amount and each.amount > 0 for each in order.payments):
        one = next((each for each in order.payments if each.amount is None), None)
        whole = Payment(id=WHOLE, method=one.method if one else None, amount=order.total, currency=order.currency)
        return [whole, *known]
    return known


def payment_document(order: Order, payment: Payment, mapping: CommerceOS, at: datetime) -> Document:
    """`as`: `action` or `payment_order`. A transaction id is of its payment provider; one of ours is the order's."""
    supplier, customer, sellers = _parties(order, mapping)
    is_own = mapping.payment_orders == "always" or (mapping.payment_orders == "several_sellers" and len(sellers) > 1)
    document: Document = {
        "as": "payment_order" if is_own else "action",
        "transaction_id": f"{order.key}:{WHOLE}" if payment.id == WHOLE else payment.id,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "method": payment.method,
        "currency": payment.currency or order.currency or mapping.currency,
        "amount": format(payment.amount or 0, "f"),
    }
    return {**document, "payer": customer, "payee": sellers[0] if sellers else supplier} if is_own else document


def shipment_document(order: Order, mapping: CommerceOS) -> Document:
    """`as`: `action`, for all that is eligible, or `shipment_order`, with what it needs."""
    if mapping.shipments != "shipment_order":
        return {"as": "action"}
    supplier, customer, _ = _parties(order, mapping)
    items = [{"sku": _sku(line, mapping), "quantity": format(line.quantity, "f")} for line in order.lines]
    return {"as": "shipment_order", "shipper": supplier, "recipient": customer, "items": items}


def after(time: datetime, seconds: float) -> str:
    return (time + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _parties(order: Order, mapping: CommerceOS) -> tuple[Party, Party | None, list[Party]]:
    """Supplier, customer, sellers. An order that names its supplier is ours to it (seed 002, B2B)."""
    if order.supplier is not None:
        supplier = {"supplier": order.supplier}
        return supplier, {"company": mapping.company}, [supplier]
    given = getattr(order.customer, mapping.customer_id, None)
    id = mapping.guest if not given or "*" in given else given
    return {"company": mapping.company}, {"customer": id} if id else None, _sellers(order, mapping)


def _sellers(order: Order, mapping: CommerceOS) -> list[Party]:
    by_sku = [mapping.sellers_by_sku.get(_sku(line, mapping) or "") for line in order.lines]
    found = [store for store in by_sku if store] or mapping.sellers_by_shop.get(order.shop or "", mapping.sellers)
    return [{"store": store} for store in dict.fromkeys(found)]


def _item(line: Line, mapping: CommerceOS) -> Document:
    sku = _sku(line, mapping)
    if line.instances:
        return {"sku": sku, "instances": [dict(each) for each in line.instances]}
    return {"sku": sku, "quantity": format(line.quantity, "f")}


def _sku(line: Line, mapping: CommerceOS) -> str | None:
    return next((found for name in mapping.sku_from if (found := getattr(line, name))), None)


def _refers_to_a_device(line: Line) -> bool:
    """Stable: the platform's own order otherwise."""
    return any("phoneImei" in each for each in line.instances or ())
