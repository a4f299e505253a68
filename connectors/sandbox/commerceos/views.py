"""What can be asked of each thing. Amounts and quantities are texts, with all their digits."""

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


def order_view(order: Order) -> Resource:
    return Resource(
        {
            "identifiers": lambda: {"key": order.key, **order.identifiers},
            "status": lambda: [status.value for status in order.statuses],
            "timestamp": lambda: moment_text(order.timestamp),
            "reservedUntil": lambda: order.reserved_until and moment_text(order.reserved_until),
            "supplier": lambda: reference(order.supplier),
            "customer": lambda: reference(order.customer),
            "sellers": lambda: [reference(seller) for seller in order.sellers],
            "currency": lambda: reference(order.currency),
            "items": lambda: [_item(order, item) for item in order.items],
            "payments": lambda: [_payment(payment) for payment in order.payments],
            "shipments": lambda: [shipment_view(shipment) for shipment in order.shipments],
            "deliveryAddresses": lambda: [order.delivery_address] if order.delivery_address else [],
            "invoiceAddresses": lambda: [order.invoice_address] if order.invoice_address else [],
            "totalAmount": lambda: _money(order.total),
            "balanceAmount": lambda: None if order.total is None else money(order.total - order.paid),
        },
        thing=order,
    )


def shipment_view(shipment: Shipment) -> Resource:
    """`orders`: the one that it belongs to, if any."""
    order = shipment.order
    return Resource(
        {
            "identifiers": lambda: {"key": shipment.key, **shipment.identifiers},
            "status": lambda: [shipment.status],
            "timestamp": lambda: moment_text(shipment.timestamp),
            "items": lambda: [_shipment_item(line) for line in shipment.lines],
            "orders": lambda: [order_view(order)] if order else [],
            "records": lambda: [{"timestamp": moment_text(at), "status": status} for at, status in shipment.records],
            "shipper": lambda: reference(shipment.shipper),
            "recipient": lambda: reference(shipment.recipient),
            "sender": lambda: reference(shipment.shipper),
            "receiver": lambda: reference(shipment.recipient),
            "source": lambda: None,
            "destination": lambda: order.delivery_address if order else None,
            "carriersTrackingUrl": lambda: shipment.tracking_url,
        },
        thing=shipment,
    )


def payment_order_view(payment: PaymentOrder) -> Resource:
    fields = {
        "identifiers": lambda: {"key": payment.key, **payment.identifiers},
        "timestamp": lambda: moment_text(payment.timestamp),
        "amount": lambda: money(payment.amount),
        "currency": lambda: reference(payment.currency),
        "method": lambda: reference(payment.method),
        "payer": lambda: reference(payment.payer),
        "payee": lambda: reference(payment.payee),
    }
    return Resource(fields, tuple(fields))


def method_view(id: str, name: str) -> Resource:
    return Resource({"identifiers": lambda: {"methodId": id}, "name": lambda: name}, ("identifiers", "name"))


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
    shown: dict[str, Any] = {"product": lambda: reference(item.product.identifiers)}
    shown["quantity"] = lambda: plain(item.quantity)
    if item.instances is not None:
        shown["instances"] = lambda: [dict(each) for each in item.instances or ()]
    return Resource(
        {
            **shown,
            "status": lambda: item.status.value,
            "statusDetails": lambda: _details(order, item),
            "shipmentItems": lambda: _shipment_items(order, item),
            "reservedUntil": lambda: item.reserved_until and moment_text(item.reserved_until),
            "unitAmountInclVat": lambda: _money(item.price),
            "totalAmount": lambda: _money(item.total),
            "vatPercentage": lambda: plain(item.product.vat_percent),
        },
        tuple(shown),
    )


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
    fields = {
        "transactionId": lambda: payment.transaction_id,
        "timestamp": lambda: moment_text(payment.timestamp),
        "method": lambda: reference(payment.method),
        "currency": lambda: reference(payment.currency),
        "amount": lambda: money(payment.amount),
    }
    return Resource(fields, tuple(fields))


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
