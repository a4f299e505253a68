"""Shipment orders: made by an order, by `POST` or by the warehouse; released by the API, moved on by the warehouse."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.model import (
    ZERO,
    Identifiers,
    Item,
    Order,
    Shipment,
    ShipmentLine,
    Stage,
    Status,
)
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.store import Store

POSTED = ("identifiers", "shipper", "recipient", "items")


def of_order(store: Store, order: Order, wanted: Sequence[tuple[Item, Decimal]]) -> Shipment:
    """A new shipment of so many units of each item. Raises `Refused`."""
    lines = [ShipmentLine(item.product, {Stage.NEW: quantity}, item) for item, quantity in wanted]
    shipment = _new(store, {}, lines, order.supplier, order.customer)
    shipment.order = order
    order.shipments.append(shipment)
    store.shipments.add(shipment, ())
    return shipment


def post_shipment_order(store: Store, found: Document) -> tuple[Shipment, bool]:
    """The record, and whether it is the first with its identifiers: `POST` makes another one each time.

    Raises `Refused`.
    """
    read.only(found, POSTED)
    read.required(found, POSTED)
    shipment = _new(
        store,
        read.named(found["identifiers"], "identifiers"),
        [_line(store, each, f"items.{index}") for index, each in enumerate(read.non_empty(found["items"], "items"))],
        read.identifiers(found["shipper"], "shipper"),
        read.identifiers(found["recipient"], "recipient"),
    )
    return shipment, store.shipments.add(shipment, shipment.identifiers.items())


def act(store: Store, shipment: Shipment, found: Document) -> bool:
    """`{"release": true}`, the one action that there is. Raises `Refused`."""
    if found != {"release": True}:
        raise invalid("UnknownAction", "the one action of a shipment is release: true")
    if not _has_new(shipment):
        raise Refused(Why.REPEAT, "ShipmentNotReleasable", f"the shipment is {shipment.status}")
    move(store, shipment, Stage.RELEASED, None)
    return True


def move(store: Store, shipment: Shipment, to: Stage, wanted: Sequence[tuple[int, Decimal]] | None) -> None:
    """On to a stage, as the warehouse or the carrier does: all units, or so many of each line. Raises `Refused`."""
    if shipment.order is not None and shipment.order.is_all(Status.CANCELLED) and _has_new(shipment):
        raise Refused(Why.ORDER, "ShipmentNotReleasable", "the order is Cancelled")
    lines = shipment.lines
    for index, quantity in wanted or ():
        if not 0 <= index < len(lines) or not ZERO < quantity <= lines[index].before(to):
            raise invalid("InvalidField", f"item {index} has not so many units before {to}", "items")
    for index, quantity in [(at, line.quantity) for at, line in enumerate(lines)] if wanted is None else wanted:
        lines[index].advance(to, quantity)
    shipment.records.append((store.now(), shipment.status))
    if shipment.order is not None:
        _fulfil(shipment.order)


def _has_new(shipment: Shipment) -> bool:
    return any(line.units.get(Stage.NEW) for line in shipment.lines)


def _fulfil(order: Order) -> None:
    """An item is fulfilled when all of its units have arrived."""
    for item in order.items:
        if item.status is Status.COMMITTED and order.shipped(item)[Stage.ACQUIRED] == item.quantity:
            item.status = Status.FULFILLED


def _new(
    store: Store, ids: Identifiers, lines: list[ShipmentLine], shipper: Identifiers, recipient: Identifiers
) -> Shipment:
    now = store.now()
    return Shipment(store.shipments.new_key(), ids, now, lines, shipper, recipient, records=[(now, Stage.NEW.value)])


def _line(store: Store, found: Any, path: str) -> ShipmentLine:
    if not isinstance(found, dict):
        raise invalid("InvalidField", "is no object", path)
    read.only(found, ("product", "quantity"), path)
    read.required(found, ("product", "quantity"), path)
    product = store.products.get(found["product"], f"{path}.product")
    quantity = read.decimal(found["quantity"], f"{path}.quantity")
    if quantity <= ZERO:
        raise invalid("InvalidField", "is not above zero", f"{path}.quantity")
    return ShipmentLine(product, {Stage.NEW: quantity})
