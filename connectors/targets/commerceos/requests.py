"""The requests that a command takes at CommerceOS. Pure; raises `Unprocessable`.

create, update             PUT the order: the same document again is the same order
addresses, payment,        PATCH its actions
approve, cancel
shipment                   GET the order's, PATCH its actions where there is none
payment or shipment order  GET it by its identifier, POST it where there is none: a second POST would make another
release                    GET the shipments, PATCH each that has units which are New

What needs a reservation that has lapsed is refused: the order is PUT with a new one, and PATCHed again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from connectors.exchange import Request
from connectors.targets.commerceos import documents
from connectors.targets.commerceos.documents import Document
from connectors.targets.commerceos.names import PAYMENT_ORDERS, SHIPMENTS, Names, escaped, mapping, text
from connectors.targets.exact import to_json
from connectors.targets.unprocessable import Unprocessable
from streams.vocabulary import Command, CommandType

JSON = "application/json"
READING: Mapping[str, str] = {"Accept": JSON}
WRITING: Mapping[str, str] = {"Content-Type": JSON, "Accept": JSON}


class Purpose(StrEnum):
    """What a request is for. `find`: whether there is one already; `look`: whether what was refused had been done;
    `stock`: the same of what was refused for want of stock, and what the products are called of which such an answer
    may speak; `renew`: reserves it anew; `again`: what was refused for want of that."""

    PUT = "put"
    ACT = "act"
    FIND = "find"
    POST = "post"
    LOOK = "look"
    STOCK = "stock"
    RENEW = "renew"
    AGAIN = "again"
    LIST = "list"
    RELEASE = "release"


# What a look asks for of the order, by the command whose request was refused.
LOOKS: Mapping[CommandType, str] = {
    CommandType.APPROVE_ORDER: "status",
    CommandType.CANCEL_ORDER: "status",
    CommandType.CREATE_SHIPMENT: "status,shipments",
    CommandType.CHANGE_DELIVERY_ADDRESS: "status,deliveryAddresses",
    CommandType.CHANGE_INVOICE_ADDRESS: "status,invoiceAddresses",
}


def first(command: Command, names: Names) -> Request:
    """The first request towards the command's effect."""
    if command.type not in _FIRST:
        raise Unprocessable(f"commerceos knows no command {command.type}")
    return _FIRST[command.type](command, names)


def make(command: Command, names: Names) -> Request:
    """What was not found: the payment order, the shipment order, or the order's shipment, which its action makes."""
    if command.type is CommandType.CREATE_SHIPMENT and is_of_order(command):
        return _act(command, names, {"createShipment": True})
    if command.type is CommandType.CREATE_PAYMENT:
        path, document = PAYMENT_ORDERS, documents.payment_order(command, names)
    else:
        path, document = SHIPMENTS, documents.shipment_order(command, names)
    return Request("POST", path, WRITING, to_json(document, "data"), Purpose.POST)


def release(keys: Sequence[str]) -> Request:
    """Releases the first of these shipments; the rest are remembered."""
    path = f"{SHIPMENTS}/{escaped(keys[0])}/actions"
    return Request("PATCH", path, WRITING, to_json({"release": True}, "data"), Purpose.RELEASE, tuple(keys))


def look(command: Command, refused: Request, why: str, names: Names) -> Request:
    """Whether what `refused` asked for is so already; `why` is remembered."""
    if refused.purpose is Purpose.RELEASE:
        path = f"{SHIPMENTS}/{escaped(refused.memo[0])}~with(status)"
    else:
        path = f"{names.order_path(command.order_key)}~with({LOOKS[command.type]})"
    return Request("GET", path, READING, b"", Purpose.LOOK, (why, *refused.memo))


def stock(command: Command, problem: str, told: str, names: Names) -> Request:
    """Whether the order is there, or approved, where that was refused for want of a product; an approval does not hold
    what the products are called of which `told` may speak."""
    fields = "status,items" if command.type is CommandType.APPROVE_ORDER else "status"
    path = f"{names.order_path(command.order_key)}~with({fields})"
    return Request("GET", path, READING, b"", Purpose.STOCK, (problem, told))


def renew(command: Command, until: str | None, names: Names) -> Request:
    """The order as the command has it, reserved anew: `until`, or as it was decided. Raises `Unprocessable`."""
    document = documents.order(command, names)
    if until is not None:
        document["reservedUntil"] = until
    path = names.order_path(command.order_key)
    return Request("PUT", path, WRITING, to_json(document, "data.order"), Purpose.RENEW)


def again(command: Command, names: Names) -> Request:
    """The first request, once the order is reserved. It is not looked at a second time."""
    return replace(first(command, names), purpose=Purpose.AGAIN)


def _put(command: Command, names: Names) -> Request:
    body = to_json(documents.order(command, names), "data.order")
    return Request("PUT", names.order_path(command.order_key), WRITING, body, Purpose.PUT)


def _act(command: Command, names: Names, action: Document) -> Request:
    path = f"{names.order_path(command.order_key)}/actions"
    return Request("PATCH", path, WRITING, to_json(action, "data"), Purpose.ACT)


def _plain(action: str) -> Callable[[Command, Names], Request]:
    return lambda command, names: _act(command, names, {action: True})


def _address(action: str) -> Callable[[Command, Names], Request]:
    return lambda command, names: _act(command, names, {action: documents.address(command)})


def _payment(command: Command, names: Names) -> Request:
    given = mapping(command.data.get("payment"), "data.payment")
    if _is_own(given, "payment_order", "data.payment"):
        make(command, names)  # what is missing is missed now, not after a request
        return _find(PAYMENT_ORDERS, names.reference("payment_order", str(given["transaction_id"])))
    return _act(command, names, {"createPayment": documents.payment(command, names)})


def _shipment(command: Command, names: Names) -> Request:
    if not is_of_order(command):
        make(command, names)
        return _find(SHIPMENTS, names.reference("shipment_order", command.order_key))
    path = f"{names.order_path(command.order_key)}~with({LOOKS[command.type]})"
    return Request("GET", path, READING, b"", Purpose.FIND)


def is_of_order(command: Command) -> bool:
    """Whether a shipment is to be made by its order, or as a shipment order of its own. Raises `Unprocessable`."""
    return not _is_own(mapping(command.data.get("shipment"), "data.shipment"), "shipment_order", "data.shipment")


def _release(command: Command, names: Names) -> Request:
    """Of an order's own shipments, or of the shipment order that was made under its id."""
    if names.mapping.shipments == "shipment_order":
        path = f"{SHIPMENTS}/{names.reference('shipment_order', command.order_key)}~with(status)"
    else:
        path = f"{names.order_path(command.order_key)}/shipments~with(status)"
    return Request("GET", path, READING, b"", Purpose.LIST)


def _find(collection: str, reference: str) -> Request:
    return Request("GET", f"{collection}/{reference}", READING, b"", Purpose.FIND)


def _is_own(given: Mapping[str, object], own: str, path: str) -> bool:
    kind = text(given.get("as"), f"{path}.as")
    if kind not in ("action", own):
        raise Unprocessable(f"{path}.as is neither action nor {own}")
    return kind == own


_FIRST: Mapping[CommandType, Callable[[Command, Names], Request]] = {
    CommandType.CREATE_ORDER: _put,
    CommandType.UPDATE_ORDER: _put,
    CommandType.CHANGE_DELIVERY_ADDRESS: _address("changeDeliveryAddress"),
    CommandType.CHANGE_INVOICE_ADDRESS: _address("changeInvoiceAddress"),
    CommandType.CREATE_PAYMENT: _payment,
    CommandType.APPROVE_ORDER: _plain("tryApprove"),
    CommandType.CANCEL_ORDER: _plain("tryCancel"),
    CommandType.CREATE_SHIPMENT: _shipment,
    CommandType.RELEASE_SHIPMENT: _release,
}
