"""The documents that CommerceOS takes (seed 002, phases 1 to 3), from those of our commands. Raises `Unprocessable`."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.targets.commerceos.countries import alpha_2
from connectors.targets.commerceos.names import Names, mapping, sequence, text
from connectors.targets.exact import number, number_text
from connectors.targets.unprocessable import Unprocessable
from streams.vocabulary import Command

Document = dict[str, Any]

INSTANCE_FIELDS = frozenset({"imei", "phoneImei"})
# What of an address becomes what, and whether the API demands it.
ADDRESS = (
    ("line1", "line1", True),
    ("line2", "line2", False),
    ("postal_code", "postalCode", True),
    ("city", "cityName", True),
    ("region", "regionName", False),
    ("country", "countryCode", True),
    ("attention", "attention", False),
)


def order(command: Command, names: Names) -> Document:
    """Of `PUT /v1/trade-orders/…`."""
    given = mapping(command.data.get("order"), "data.order")
    items = sequence(given.get("items"), "data.order.items")
    sellers = sequence(given.get("sellers"), "data.order.sellers")
    document: Document = {
        "identifiers": names.order_identifiers(command.order_key, given.get("channel")),
        "supplier": names.party(given.get("supplier"), "data.order.supplier"),
        "customer": names.customer(given.get("customer"), "data.order.customer"),
        "sellers": [names.party(each, f"data.order.sellers[{at}]") for at, each in enumerate(sellers)],
        "currency": names.currency(given.get("currency"), "data.order.currency"),
        "items": sorted(_items(items, "data.order.items", names), key=_refers_to_a_device),
    }
    if given.get("reserved_until") is not None:
        document["reservedUntil"] = text(given["reserved_until"], "data.order.reserved_until")
    return document


def address(command: Command) -> Document:
    """Of `changeDeliveryAddress` and `changeInvoiceAddress`."""
    given = mapping(command.data.get("address"), "data.address")
    document: Document = {}
    for name, field, is_required in ADDRESS:
        value, path = given.get(name), f"data.address.{name}"
        if value is None or value == "":
            if is_required:
                raise Unprocessable(f"{path} is missing, and CommerceOS takes no address without")
            continue
        document[field] = alpha_2(text(value, path), path) if name == "country" else text(value, path)
    return document


def is_same_address(shown: object, sent: Document) -> bool:
    """In all that we ever send of one: a line that is there no more must not be there any more."""
    return isinstance(shown, Mapping) and all((shown.get(field) or None) == sent.get(field) for _, field, _ in ADDRESS)


def payment(command: Command, names: Names) -> Document:
    """Of `createPayment`: a transaction of the order."""
    given = mapping(command.data.get("payment"), "data.payment")
    return {
        "transactionId": text(given.get("transaction_id"), "data.payment.transaction_id"),
        "timestamp": text(given.get("timestamp"), "data.payment.timestamp"),
        "method": names.method(given.get("method"), "data.payment.method"),
        "currency": names.currency(given.get("currency"), "data.payment.currency"),
        "amount": number(given.get("amount"), "data.payment.amount"),
    }


def payment_order(command: Command, names: Names) -> Document:
    """Of `POST /v1/payment-orders`. The guide writes this amount in quotes."""
    given = mapping(command.data.get("payment"), "data.payment")
    id = text(given.get("transaction_id"), "data.payment.transaction_id")
    return {
        **names.identified("payment_order", id),
        "amount": number_text(given.get("amount"), "data.payment.amount"),
        "currency": names.currency(given.get("currency"), "data.payment.currency"),
        "method": names.method(given.get("method"), "data.payment.method"),
        "payer": names.customer(given.get("payer"), "data.payment.payer"),
        "payee": names.party(given.get("payee"), "data.payment.payee"),
    }


def shipment_order(command: Command, names: Names) -> Document:
    """Of `POST /v1/shipment-orders`: one for an order, under the order's id."""
    given = mapping(command.data.get("shipment"), "data.shipment")
    items = sequence(given.get("items"), "data.shipment.items")
    return {
        **names.identified("shipment_order", command.order_key),
        "shipper": names.party(given.get("shipper"), "data.shipment.shipper"),
        "recipient": names.customer(given.get("recipient"), "data.shipment.recipient"),
        "items": _items(items, "data.shipment.items", names),
    }


def _items(values: Sequence[Any], path: str, names: Names) -> list[Document]:
    return [item for at, each in enumerate(values) for item in _item(each, f"{path}[{at}]", names)]


def _item(value: Any, path: str, names: Names) -> list[Document]:
    """Each device and each plan is an item of its own: of several instances in one, the API heeds the first alone."""
    given = mapping(value, path)
    product = names.product(given.get("sku"), f"{path}.sku")
    if given.get("instances") is None:
        return [{"product": product, "quantity": number(_plain(given.get("quantity")), f"{path}.quantity")}]
    instances = sequence(given["instances"], f"{path}.instances")
    return [
        {"product": product, "instances": [_instance(each, f"{path}.instances[{at}]")]}
        for at, each in enumerate(instances)
    ]


def _refers_to_a_device(item: Document) -> bool:
    """A plan comes after the device that it names (seed 002, the instance order rule); otherwise all stay in place."""
    return any("phoneImei" in each for each in item.get("instances", ()))


def _instance(value: Any, path: str) -> dict[str, str]:
    given = mapping(value, path)
    found = {name: text(given[name], f"{path}.{name}") for name in given if name in INSTANCE_FIELDS}
    if not found:
        raise Unprocessable(f"{path} has none of {', '.join(sorted(INSTANCE_FIELDS))}")
    return found


def _plain(quantity: object) -> object:
    """`2.000` of something is 2 of it."""
    if isinstance(quantity, str) and "." in quantity:
        return quantity.rstrip("0").rstrip(".")
    return quantity
