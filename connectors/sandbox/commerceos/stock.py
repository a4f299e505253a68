"""Products, and who holds how many of them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.model import ZERO, Item, Product
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid

PRODUCTS_MAX = 100_000
DEVICE, PLAN = "MobileDevice", "MobilePlan"


class Catalogue:
    """Products by each of their identifiers."""

    def __init__(self) -> None:
        self._by_identifier: dict[tuple[str, str], Product] = {}

    def put(self, document: Any) -> Product:
        """`{"identifiers", "price"?, "vatPercentage"?, "stock"?, "instanceType"?}`: new, or in the place of the known.

        A price has VAT in it; without one an order cannot be approved. Without a stock it is never short. What is held
        stays held. Raises `Refused`.
        """
        if not isinstance(document, dict):
            raise invalid("InvalidField", "a product is an object")
        read.only(document, ("identifiers", "price", "vatPercentage", "stock", "instanceType"))
        ids = read.named(document.get("identifiers"), "identifiers")
        kind = document.get("instanceType")
        if kind not in (None, DEVICE, PLAN):
            raise invalid("InvalidField", f"instanceType is {DEVICE} or {PLAN}", "instanceType")
        known = self.find(ids)
        product = Product(ids, _number(document, "price"), _number(document, "vatPercentage") or ZERO, None, kind)
        product.stock, product.held = _number(document, "stock"), known.held if known else ZERO
        if known is not None:
            known.price, known.vat_percent, known.stock, known.kind = (
                *(product.price, product.vat_percent, product.stock, product.kind),
            )
            product = known
        elif len(self._by_identifier) >= PRODUCTS_MAX:
            raise Refused(Why.FULL, "Full", "no room for another product")
        self._by_identifier.update(dict.fromkeys(ids.items(), product))
        return product

    def find(self, identifiers: Mapping[str, str]) -> Product | None:
        found = (self._by_identifier.get(each) for each in identifiers.items())
        return next((product for product in found if product is not None), None)

    def get(self, reference: Any, path: str) -> Product:
        """The product that a document names. Raises `Refused`."""
        ids = read.identifiers(reference, path)
        product = self.find(ids)
        if product is None:
            raise invalid("ProductNotFound", f"there is no product {next(iter(ids.values()))}", path)
        return product

    def __iter__(self) -> Any:
        return iter({id(product): product for product in self._by_identifier.values()}.values())


def check(items: Iterable[Item]) -> None:
    """Raises `Refused` where there is not enough for all that do not hold theirs."""
    wanted: dict[int, tuple[Product, Decimal]] = {}
    for item in items:
        if not item.is_held:
            _, before = wanted.get(id(item.product), (item.product, ZERO))
            wanted[id(item.product)] = item.product, before + item.quantity
    for product, quantity in wanted.values():
        if product.stock is not None and product.stock - product.held < quantity:
            name = next(iter(product.identifiers.values()))
            left = read.plain(max(ZERO, product.stock - product.held))
            raise Refused(Why.STOCK, "OutOfStock", f"{name}: {left} left, {read.plain(quantity)} wanted", "items")


def hold(items: Iterable[Item]) -> None:
    """Takes for each what it does not hold. Ask `check` before."""
    for item in items:
        if not item.is_held:
            item.product.held += item.quantity
            item.is_held = True


def give_back(item: Item, quantity: Decimal) -> None:
    """`quantity`: what has not left."""
    if item.is_held:
        item.product.held -= quantity
        item.is_held = False


def _number(document: Mapping[str, Any], name: str) -> Decimal | None:
    if document.get(name) is None:
        return None
    number = read.decimal(document[name], name)
    if number < 0:
        raise invalid("InvalidAmount", "is negative", name)
    return number
