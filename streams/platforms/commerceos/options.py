"""What a CommerceOS source lets be set, and which of a thing's namespaced identifiers is the one that counts."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from streams.platforms.config import InvalidOptions
from streams.platforms.fields import ID_CHARS_MAX, Object, identifier, reference
from streams.platforms.webhook import Undecodable

# The database key that CommerceOS itself gives everything.
KEY = "key"


@dataclass(frozen=True, slots=True)
class Options:
    """`[sources.options]`: names of identifiers, as `com.acme.order-id`.

    `order_identifier` holds our id of an order, `sku_identifier` and `product_identifier` a product's, and
    `customer_identifier` a customer's. Where one is not set, the identifier whose name ends in `order-id` or `order`
    (`sku`, `product-id`, `customer-id`) is taken, if there is just one such.
    """

    order_identifier: str | None = None
    sku_identifier: str | None = None
    product_identifier: str | None = None
    customer_identifier: str | None = None

    def order_id(self, identifiers: Object) -> str | None:
        """Our id of an order; None where it has none of ours, so is CommerceOS' own.

        Raises `Undecodable` (`no-order-id`) where several could be it.
        """
        if self.order_identifier is not None:
            return reference(identifiers.get(self.order_identifier))
        found = _ending(identifiers, "orderid") or _ending(identifiers, "order")
        if len(found) > 1:
            raise Undecodable("no-order-id", "several identifiers could be the order's: set options.order_identifier")
        return found[0] if found else None

    def sku(self, identifiers: Object) -> str | None:
        return _chosen(identifiers, self.sku_identifier, "sku")

    def product(self, identifiers: Object) -> str | None:
        return _chosen(identifiers, self.product_identifier, "productid")

    def customer(self, identifiers: Object) -> str | None:
        return _chosen(identifiers, self.customer_identifier, "customerid") or first_id(identifiers)


NAMES = tuple(field.name for field in fields(Options))


def options_of(given: Mapping[str, Any]) -> Options:
    """Raises `InvalidOptions` with every mistake."""
    problems: list[tuple[tuple[str | int, ...], str, str]] = []
    for name, value in given.items():
        if name not in NAMES:
            problems.append(((name,), "no such setting", f"one of {', '.join(NAMES)}"))
        elif not isinstance(value, str) or not 0 < len(value.strip()) <= ID_CHARS_MAX:
            problems.append(((name,), "is not the name of an identifier", 'write it as "com.acme.order-id"'))
    if problems:
        raise InvalidOptions(problems)
    return Options(**given)


def first_id(identifiers: Object) -> str | None:
    """The first namespaced identifier by name, else the database key: the same whatever their order."""
    for name in sorted(name for name in identifiers if name != KEY):
        if (found := identifier(identifiers[name])) is not None:
            return found
    return identifier(identifiers.get(KEY))


def _chosen(identifiers: Object, name: str | None, ending: str) -> str | None:
    if name is not None:
        return identifier(identifiers.get(name))
    found = _ending(identifiers, ending)
    return found[0] if len(found) == 1 else None


def _ending(identifiers: Object, ending: str) -> list[str]:
    """The values of the identifiers whose name ends so: `com.acme.order-id` and `com.acme.orderId` in `orderid`."""
    found = ((name, identifier(value)) for name, value in identifiers.items() if name != KEY)
    return [value for name, value in found if value is not None and _tail(name).endswith(ending)]


def _tail(name: str) -> str:
    return name.rpartition(".")[2].lower().replace("-", "").replace("_", "")
