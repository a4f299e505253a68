"""`PATCH /v1/trade-orders/…/actions`: one action, at the right time (seed 002, status and actions reference)."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.commerceos import read, shipments
from connectors.sandbox.commerceos.model import Order, Stage, Status
from connectors.sandbox.commerceos.payments import create_payment
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.stock import check, give_back, hold
from connectors.sandbox.commerceos.store import Store

OPEN = (Status.NEW, Status.RESERVED)
ADDRESS = ("line1", "line2", "postalCode", "cityName", "regionName", "countryCode", "attention")
ADDRESS_REQUIRED = ("line1", "postalCode", "cityName", "countryCode")


def name_of(found: Document) -> str:
    """The one action of a document. Raises `Refused`."""
    if len(found) != 1:
        raise invalid("OneAction", "send one action")
    (name,) = found
    if name not in ACTIONS:
        raise invalid("UnknownAction", f"there is no action {name}")
    return name


def act(store: Store, order: Order, found: Document) -> bool:
    """Whether anything changed. Raises `Refused`."""
    name = name_of(found)
    return ACTIONS[name](store, order, found[name])


def _try_approve(store: Store, order: Order, payload: Any) -> bool:
    _true(payload, "tryApprove")
    if not order.is_all(*OPEN):
        raise _at_wrong_time("OrderNotApprovable", order, is_done=order.is_all(Status.COMMITTED, Status.FULFILLED))
    for index, item in enumerate(order.items):
        if item.price is None:
            raise invalid("MissingPrice", f"item {index} has no price", f"items.{index}")
    check(order.items)
    hold(order.items)
    for item in order.items:
        item.status = Status.COMMITTED
    return True


def _try_cancel(store: Store, order: Order, payload: Any) -> bool:
    _true(payload, "tryCancel")
    if not order.is_all(Status.COMMITTED):
        raise _at_wrong_time("OrderNotCancellable", order, is_done=order.is_all(Status.CANCELLED))
    for item in order.items:
        give_back(item, order.unshipped(item) + order.shipped(item)[Stage.NEW])
        item.status = Status.CANCELLED
    return True


def _create_shipment(store: Store, order: Order, payload: Any) -> bool:
    _true(payload, "createShipment")
    if not order.is_all(Status.COMMITTED, Status.FULFILLED):
        raise _at_wrong_time("OrderNotShippable", order, is_done=False)
    if any(shipment.is_untouched for shipment in order.shipments):
        return False
    left = {id(item): order.unshipped(item) for item in order.items}
    if not any(left.values()):
        raise Refused(Why.REPEAT, "NothingToShip", "every item is in a shipment already")
    shipments.of_order(store, order, [(item, left[id(item)]) for item in order.items if left[id(item)]])
    return True


def _change_delivery_address(store: Store, order: Order, payload: Any) -> bool:
    address = _address(order, payload, "changeDeliveryAddress", order.delivery_address)
    is_changed, order.delivery_address = address != order.delivery_address, address
    return is_changed


def _change_invoice_address(store: Store, order: Order, payload: Any) -> bool:
    address = _address(order, payload, "changeInvoiceAddress", order.invoice_address)
    is_changed, order.invoice_address = address != order.invoice_address, address
    return is_changed


ACTIONS: Mapping[str, Callable[[Store, Order, Any], bool]] = {
    "tryApprove": _try_approve,
    "tryCancel": _try_cancel,
    "createPayment": create_payment,
    "createShipment": _create_shipment,
    "changeDeliveryAddress": _change_delivery_address,
    "changeInvoiceAddress": _change_invoice_address,
}


def _address(order: Order, found: Any, name: str, known: Mapping[str, str] | None) -> dict[str, str]:
    if not isinstance(found, dict):
        raise invalid("InvalidField", "is no object", name)
    read.only(found, ADDRESS, name)
    read.required(found, ADDRESS_REQUIRED, name)
    address = {field: read.text(value, f"{name}.{field}") for field, value in found.items()}
    if len(address["countryCode"]) != 2 or not address["countryCode"].isupper():
        raise invalid("InvalidField", "is no code of ISO 3166", f"{name}.countryCode")
    if not order.is_all(*OPEN):
        raise _at_wrong_time("AddressNotChangeable", order, is_done=address == known)
    return address


def _at_wrong_time(code: str, order: Order, *, is_done: bool) -> Refused:
    return Refused(Why.REPEAT if is_done else Why.ORDER, code, f"the order is {', '.join(order.statuses)}")


def _true(payload: Any, name: str) -> None:
    if payload is not True:
        raise invalid("InvalidField", "is not true", name)
