"""What can be asked of each thing. Amounts and quantities are texts, with all their digits."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.commerceos.model import (
    STAGES,
    Identifiers,
    Item,
    Order,
    Payment,
    PaymentOrder,
    Product,
    Shipment,
    ShipmentLine,
)
from connectors.sandbox.commerceos.query import Resource
from connectors.sandbox.commerceos.read import moment_text, money, plain

# By name, each from the thing that it is a field of.
Fields = Mapping[str, Callable[[Any], Any]]


def order_view(order: Order) -> Resource:
    return Resource(order, _ORDER)


def shipment_view(shipment: Shipment) -> Resource:
    return Resource(shipment, _SHIPMENT)


def payment_order_view(payment: PaymentOrder) -> Resource:
    return Resource(payment, _PAYMENT_ORDER, tuple(_PAYMENT_ORDER))


def method_view(id: str, name: str) -> Resource:
    fields: Fields = {"identifiers": lambda it: {"methodId": it[0]}, "name": lambda it: it[1]}
    return Resource((id, name), fields, tuple(fields))


def product(product: Product) -> dict[str, Any]:
    """For whoever watches the stock."""
    return {
        "identifiers": dict(product.identifiers),
        "price": _money(product.price),
        "stock": None if product.stock is None else plain(product.stock),
        "held": plain(product.held),
    }


def reference(ids: Identifiers) -> dict[str, Identifiers]:
    return {"identifiers": dict(ids)}


def _item(order: Order, item: Item) -> Resource:
    counted = ("product", "quantity")
    return Resource((order, item), _ITEM, counted if item.instances is None else (*counted, "instances"))


def _details(order: Order, item: Item) -> list[dict[str, str]]:
    """How many units are where: in which stage of a shipment, or in none yet."""
    shipped = order.shipped(item)
    counts = [(item.status.value, order.unshipped(item)), *((stage.value, shipped[stage]) for stage in STAGES)]
    return [{"status": name, "quantity": plain(count)} for name, count in counts if count]


def _shipment_items(order: Order, item: Item) -> list[dict[str, Any]]:
    return [
        {"shipment": {"identifiers": {"key": shipment.key}}, "quantity": plain(line.quantity)}
        for shipment in order.shipments
        for line in shipment.lines
        if line.item is item
    ]


def _payment(payment: Payment) -> Resource:
    return Resource(payment, _PAYMENT, tuple(_PAYMENT))


def _shipment_item(line: ShipmentLine) -> dict[str, Any]:
    stages = [
        {"status": stage.value, "quantity": plain(line.units[stage])} for stage in STAGES if line.units.get(stage)
    ]
    return {
        "product": reference(line.product.identifiers),
        "quantity": plain(line.quantity),
        "statusDetails": stages,
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)


_ORDER: Fields = {
    "identifiers": lambda it: {"key": it.key, **it.identifiers},
    "status": lambda it: [status.value for status in it.statuses],
    "timestamp": lambda it: moment_text(it.timestamp),
    "reservedUntil": lambda it: it.reserved_until and moment_text(it.reserved_until),
    "supplier": lambda it: reference(it.supplier),
    "customer": lambda it: reference(it.customer),
    "sellers": lambda it: [reference(seller) for seller in it.sellers],
    "currency": lambda it: reference(it.currency),
    "items": lambda it: [_item(it, item) for item in it.items],
    "payments": lambda it: [_payment(payment) for payment in it.payments],
    "shipments": lambda it: [shipment_view(shipment) for shipment in it.shipments],
    "deliveryAddresses": lambda it: [it.delivery_address] if it.delivery_address else [],
    "invoiceAddresses": lambda it: [it.invoice_address] if it.invoice_address else [],
    "totalAmount": lambda it: _money(it.total),
    "balanceAmount": lambda it: None if it.total is None else money(it.total - it.paid),
}
# Of an order and one of its items.
_ITEM: Fields = {
    "product": lambda it: reference(it[1].product.identifiers),
    "quantity": lambda it: plain(it[1].quantity),
    "instances": lambda it: [dict(each) for each in it[1].instances or ()],
    "status": lambda it: it[1].status.value,
    "statusDetails": lambda it: _details(*it),
    "shipmentItems": lambda it: _shipment_items(*it),
    "reservedUntil": lambda it: it[1].reserved_until and moment_text(it[1].reserved_until),
    "unitAmountInclVat": lambda it: _money(it[1].price),
    "totalAmount": lambda it: _money(it[1].total),
    "vatPercentage": lambda it: plain(it[1].product.vat_percent),
}
_PAYMENT: Fields = {
    "transactionId": lambda it: it.transaction_id,
    "timestamp": lambda it: moment_text(it.timestamp),
    "method": lambda it: reference(it.method),
    "currency": lambda it: reference(it.currency),
    "amount": lambda it: money(it.amount),
}
_PAYMENT_ORDER: Fields = {
    "identifiers": lambda it: {"key": it.key, **it.identifiers},
    "timestamp": lambda it: moment_text(it.timestamp),
    "amount": lambda it: money(it.amount),
    "currency": lambda it: reference(it.currency),
    "method": lambda it: reference(it.method),
    "payer": lambda it: reference(it.payer),
    "payee": lambda it: reference(it.payee),
}
_SHIPMENT: Fields = {
    "identifiers": lambda it: {"key": it.key, **it.identifiers},
    "status": lambda it: [it.status],
    "timestamp": lambda it: moment_text(it.timestamp),
    "items": lambda it: [_shipment_item(line) for line in it.lines],
    "orders": lambda it: [order_view(it.order)] if it.order else [],
    "records": lambda it: [{"timestamp": moment_text(at), "status": status} for at, status in it.records],
    "shipper": lambda it: reference(it.shipper),
    "recipient": lambda it: reference(it.recipient),
    "sender": lambda it: reference(it.shipper),
    "receiver": lambda it: reference(it.recipient),
    "destination": lambda it: it.order.delivery_address if it.order else None,
    "carriersTrackingUrl": lambda it: it.tracking_url,
}
