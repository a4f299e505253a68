"""The documents of commands for CommerceOS: what of an order it is to have, in names of ours. Pure.

The connector puts them into CommerceOS' own (`connectors.targets.commerceos`): namespaces and payment methods are
looked up there, so that a mapping that was missing can be added and the dead letter be redriven.

A party is `{role: id}`; its role names the namespace of `identifiers`: company, customer, store, supplier.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from projections.digests import digest
from projections.payments import told_at, transaction_id
from streams.settings.commerceos import CommerceOS
from streams.vocabulary import Address, Line, Order, Payment
from streams.vocabulary.base import EXACT

Document = dict[str, Any]
Party = dict[str, str]

ADDRESS = ("line1", "line2", "postal_code", "city", "region", "country")
ACTION, PAYMENT_ORDER, SHIPMENT_ORDER = "action", "payment_order", "shipment_order"


def order_document(order: Order, mapping: CommerceOS) -> Document:
    """`items` has devices before the plans that refer to them (seed 002, the instance order rule)."""
    supplier, customer, sellers = _parties(order, mapping)
    items = [item for line in order.lines for item in _items(line, mapping)]
    return {
        "order_id": order.key,
        "channel": order.source,
        "supplier": supplier,
        "customer": customer,
        "sellers": sellers,
        "currency": order.currency or mapping.currency,
        "items": sorted(items, key=_refers_to_a_device),
    }


def states(document: Document) -> str:
    """What an order's document states: its items and currency, and then all of it."""
    return digest({name: document[name] for name in ("items", "currency")}) + digest(document)


def has_same_items(one: str, other: str) -> bool:
    """Of two such statements: who buys and who sells is for ever (the vendor's field reference)."""
    return one[: len(one) // 2] == other[: len(other) // 2]


def address_document(address: Address | None) -> Document | None:
    """None where there is nothing to deliver to: no address, or one that the platform masked."""
    if address is None or not (address.line1 or address.postal_code or address.city):
        return None
    document = {name: value for name in ADDRESS if (value := getattr(address, name))}
    if any("*" in value for value in document.values()):
        return None
    attention = _attention(address)
    return {**document, "attention": attention} if attention else document


def payment_document(order: Order, payment: Payment, mapping: CommerceOS, at: datetime, *, is_late: bool) -> Document:
    """`as`: `action` or `payment_order`; `at`: where no platform told when.

    `is_late`: the order is cancelled there and takes no payment any more, so that an action is marked `after_cancel`;
    a payment order is none of the order's.
    """
    supplier, customer, sellers = _parties(order, mapping)
    is_own = mapping.payment_orders == "always" or (
        mapping.payment_orders == "several_sellers" and (is_late or len(sellers) > 1)
    )
    document: Document = {
        "as": PAYMENT_ORDER if is_own else ACTION,
        "transaction_id": transaction_id(order, payment),
        "timestamp": _text(told_at(order, payment) or at),
        "method": payment.method,
        "currency": payment.currency or order.currency or mapping.currency,
        "amount": format(payment.amount or 0, "f"),
    }
    if is_own:
        return {**document, "payer": customer, "payee": sellers[0] if sellers else supplier}
    return {**document, "after_cancel": True} if is_late else document


def shipment_document(order: Order, mapping: CommerceOS) -> Document:
    """`as`: `action`, for all that is eligible, or `shipment_order`, with what it needs."""
    if mapping.shipments != SHIPMENT_ORDER:
        return {"as": ACTION}
    supplier, customer, _ = _parties(order, mapping)
    lines = (line for line in order.lines if line.quantity)
    items = [{"sku": _sku(line, mapping), "quantity": format(line.quantity, "f")} for line in lines]
    return {"as": SHIPMENT_ORDER, "shipper": supplier, "recipient": customer, "items": items}


def after(time: datetime, seconds: float) -> str:
    return _text(time + timedelta(seconds=seconds))


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
    found = [store for store in by_sku if store]
    if not all(by_sku) or not found:
        found += mapping.sellers_by_shop.get(order.shop or "", mapping.sellers)
    return [{"store": store} for store in dict.fromkeys(found)]


def _items(line: Line, mapping: CommerceOS) -> Iterator[Document]:
    """Each serialised unit is an item of its own; units that are not told of stay a number. None of what is none."""
    sku, counted = _sku(line, mapping), line.quantity
    for unit in line.instances or ():
        yield {"sku": sku, "instances": [dict(unit)]}
        counted = EXACT.subtract(counted, 1)
    if counted and not (line.instances and counted < 0):
        yield {"sku": sku, "quantity": format(counted, "f")}


def _sku(line: Line, mapping: CommerceOS) -> str | None:
    return next((found for name in mapping.sku_from if (found := getattr(line, name))), None)


def _refers_to_a_device(item: Document) -> bool:
    """Stable: the platform's own order otherwise."""
    return any("phoneImei" in each for each in item.get("instances", ()))


def _attention(address: Address) -> str | None:
    """Who takes it in; a masked name says nothing."""
    name = address.name or " ".join(part for part in (address.first_name, address.last_name) if part)
    return next((each for each in (name, address.company) if each and "*" not in each), None)


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
