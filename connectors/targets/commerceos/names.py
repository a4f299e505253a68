"""Our names put into CommerceOS': namespaces of identifiers, paths, payment methods (seed 002, identifier strategy)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connectors.targets.unprocessable import Unprocessable
from streams.settings.commerceos import ANY_METHOD, CommerceOS, Identifiers
from streams.settings.model import Target

Reference = dict[str, dict[str, str]]

ORDERS, SHIPMENTS, PAYMENT_ORDERS = "/v1/trade-orders", "/v1/shipment-orders", "/v1/payment-orders"
# The role of a party → its namespace in `identifiers`.
ROLES = ("company", "customer", "store", "supplier")


# Where the order lies in a command.
ORDER = "data.order."


class Names:
    """Of one target. What is not configured, or not in the command, is `Unprocessable`: the message says what to mend.

    Raises `ValueError` where the target has no `identifiers` or no `commerceos`, which the settings see to.
    """

    def __init__(self, target: Target) -> None:
        if target.identifiers is None or target.commerceos is None:
            raise ValueError(f"targets.{target.name} has no identifiers, or no commerceos")
        self.mapping: CommerceOS = target.commerceos
        self._section, self._identifiers = f"targets.{target.name}", target.identifiers

    def namespace(self, name: str) -> str:
        """That of `identifiers.<name>`."""
        found = getattr(self._identifiers, name) if name in Identifiers.model_fields else None
        if found is None:
            raise Unprocessable(f"{self._section}.identifiers.{name} is not set")
        return str(found)

    def order_path(self, order_key: str) -> str:
        return f"{ORDERS}/{self.reference('order', order_key)}"

    def reference(self, name: str, id: str) -> str:
        """`com.acme.order-id=…` in a path: nothing of the id can be read as anything but the id."""
        return f"{self.namespace(name)}={escaped(id)}"

    def identified(self, name: str, id: str) -> Reference:
        return {"identifiers": {self.namespace(name): id}}

    def order_identifiers(self, order_key: str, channel: object) -> dict[str, str]:
        found = {self.namespace("order"): order_key}
        if self._identifiers.channel is not None and isinstance(channel, str) and channel:
            found[self._identifiers.channel] = channel
        return found

    def party(self, value: object, path: str) -> Reference:
        """`{role: id}` → `{"identifiers": {namespace: id}}`."""
        if not isinstance(value, Mapping) or len(value) != 1:
            raise Unprocessable(f"{path} is missing")
        ((role, id),) = value.items()
        if role not in ROLES:
            raise Unprocessable(f"{path} is none of {', '.join(ROLES)}")
        return self.identified(role, text(id, f"{path}.{role}"))

    def customer(self, value: object, path: str) -> Reference:
        if value is None:
            why = f"the platform told none: set {self._section}.commerceos.guest, or commerceos.customer_id"
            raise Unprocessable(f"{path} is missing ({why}{_anew(path)})")
        return self.party(value, path)

    def product(self, sku: object, path: str) -> Reference:
        if not isinstance(sku, str) or not sku:
            raise Unprocessable(
                f"{path} is missing (which of a line's fields is one: {self._section}.commerceos.sku_from{_anew(path)})"
            )
        return self.identified("sku", sku)

    def currency(self, code: object, path: str) -> Reference:
        if not isinstance(code, str) or not code:
            why = f"the platform told none: set {self._section}.commerceos.currency"
            raise Unprocessable(f"{path} is missing ({why}{_anew(path)})")
        return {"identifiers": {"currencyCode": code.upper()}}

    def method(self, word: object, path: str) -> Reference:
        methods = self.mapping.payment_methods
        found = methods.get(word) if isinstance(word, str) else None
        if (id := found or methods.get(ANY_METHOD)) is None:
            raise Unprocessable(f'{path} is not in {self._section}.commerceos.payment_methods, which has no "*" either')
        return {"identifiers": {"methodId": id}}


def escaped(id: str) -> str:
    """An id as one piece of a path; `~` begins an operator there, so it is escaped though RFC 3986 lets it stand."""
    try:
        return quote(id, safe="").replace("~", "%7E")
    except UnicodeEncodeError:
        raise Unprocessable("the id cannot be written in a path: it is no Unicode") from None


def text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unprocessable(f"{path} is missing")
    return value


def mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unprocessable(f"{path} is not an object")
    return value


def sequence(value: Any, path: str) -> list[Any]:
    """At least one."""
    if not isinstance(value, list) or not value:
        raise Unprocessable(f"{path} is missing")
    return value


def _anew(path: str) -> str:
    """Of an order the command has what the settings said as it was decided: redriven, it would say so again."""
    return "; then restart the role streams, and discard this: the order is sent anew" if path.startswith(ORDER) else ""
