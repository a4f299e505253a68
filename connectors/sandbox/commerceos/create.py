"""The document of `PUT /v1/trade-orders/…`, as a strict API reads it (seed 002, Phase 1)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.model import Identifiers, Item
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import Refused, invalid
from connectors.sandbox.commerceos.stock import DEVICE, PLAN, Catalogue
from streams.platforms.canonical import canonical

REQUIRED = ("identifiers", "supplier", "customer", "sellers", "currency", "items")
READ_ONLY = ("deliveryAddresses", "invoiceAddresses")
ITEMS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Draft:
    """`stated`: what makes a second document the same order's."""

    identifiers: Identifiers
    supplier: Identifiers
    customer: Identifiers
    sellers: tuple[Identifiers, ...]
    currency: Identifiers
    items: tuple[Item, ...]
    reserved_until: datetime | None
    stated: bytes


def draft(found: Document, namespace: str, id: str, products: Catalogue) -> Draft:
    """Raises `Refused`."""
    for name in READ_ONLY:
        if name in found:
            raise invalid("ReadOnlyField", f"{name} is set by an action, not on create", name)
    read.only(found, (*REQUIRED, "reservedUntil"))
    read.required(found, REQUIRED)
    ids = read.named(found["identifiers"], "identifiers")
    if ids.get(namespace) != id:
        raise invalid("InvalidIdentifier", "the identifiers do not hold that of the path", f"identifiers.{namespace}")
    sellers = read.non_empty(found["sellers"], "sellers")
    until = _until(found, "reservedUntil")
    return Draft(
        ids,
        read.identifiers(found["supplier"], "supplier"),
        read.identifiers(found["customer"], "customer"),
        tuple(read.identifiers(each, f"sellers.{index}") for index, each in enumerate(sellers)),
        currency(found["currency"], "currency"),
        _items(found["items"], until, products),
        until,
        canonical({name: value for name, value in found.items() if name not in ("identifiers", "reservedUntil")}),
    )


def currency(found: Any, path: str) -> Identifiers:
    ids = read.identifiers(found, path)
    code = ids.get("currencyCode", "")
    if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise invalid("CurrencyNotFound", "currencyCode is no code of ISO 4217", path)
    return ids


def _items(found: Any, until: datetime | None, products: Catalogue) -> tuple[Item, ...]:
    documents = read.non_empty(found, "items")
    if len(documents) > ITEMS_MAX:
        raise invalid("InvalidField", f"there are more than {ITEMS_MAX} items", "items")
    items = tuple(_item(each, f"items.{index}", until, products) for index, each in enumerate(documents))
    _check_devices_first(items)
    return items


def _item(found: Any, path: str, until: datetime | None, products: Catalogue) -> Item:
    if not isinstance(found, dict):
        raise invalid("InvalidField", "is no object", path)
    read.only(found, ("product", "quantity", "instances", "reservedUntil", "unitAmountExclVat"), path)
    read.required(found, ("product",), path)
    product = products.get(found["product"], f"{path}.product")
    if ("quantity" in found) == ("instances" in found):
        raise invalid("InvalidField", "an item has either a quantity or instances", path)
    instances = _instances(found["instances"], f"{path}.instances", product.kind) if "instances" in found else None
    if instances is None and product.kind is not None:
        raise invalid("InvalidInstanceType", f"a {product.kind} is ordered by its instance", path)
    quantity = Decimal(len(instances)) if instances is not None else _positive(found["quantity"], f"{path}.quantity")
    own = _until(found, "reservedUntil", f"{path}.reservedUntil")
    return Item(product, quantity, instances, _unit_amount(found, path), own or until)


def _instances(found: Any, path: str, kind: str | None) -> tuple[dict[str, str], ...]:
    """One: the API heeds only the first, so that more would be lost."""
    instances: list[dict[str, str]] = []
    for index, each in enumerate(read.non_empty(found, path)):
        if not isinstance(each, dict) or len(each) != 1 or not set(each) <= {"imei", "phoneImei"}:
            raise invalid("InvalidField", "an instance has an imei or a phoneImei", f"{path}.{index}")
        (name,) = each
        if name != {DEVICE: "imei", PLAN: "phoneImei"}.get(kind or "", name):
            raise invalid("InvalidInstanceType", f"a {kind} has no {name}", f"{path}.{index}")
        instances.append({name: read.text(each[name], f"{path}.{index}.{name}")})
    if len(instances) > 1:
        raise invalid("TooManyInstances", "of several devices or plans each is an item of its own", path)
    return tuple(instances)


def _check_devices_first(items: tuple[Item, ...]) -> None:
    """A plan may refer only to a device of an item before it (seed 002, the instance order rule)."""
    all_devices = {each["imei"] for item in items for each in item.instances or () if "imei" in each}
    seen: set[str] = set()
    for index, item in enumerate(items):
        for each in item.instances or ():
            if "imei" in each:
                seen.add(each["imei"])
            elif "phoneImei" in each and each["phoneImei"] not in seen:
                raise _misplaced(f"items.{index}.instances", each["phoneImei"] in all_devices)


def _misplaced(path: str, is_later: bool) -> Refused:
    if is_later:
        return invalid("InvalidInstanceOrder", "the device must come before the plan", path)
    return invalid("InvalidPhoneImeiReference", "phoneImei names no device of this order", path)


def _positive(found: Any, path: str) -> Decimal:
    quantity = read.decimal(found, path)
    if quantity <= 0:
        raise invalid("InvalidField", "is not above zero", path)
    return quantity


def _unit_amount(found: Document, path: str) -> Decimal | None:
    if found.get("unitAmountExclVat") is None:
        return None
    amount = read.decimal(found["unitAmountExclVat"], f"{path}.unitAmountExclVat")
    if amount < 0:
        raise invalid("InvalidAmount", "is negative", f"{path}.unitAmountExclVat")
    return amount


def _until(found: Document, name: str, path: str | None = None) -> datetime | None:
    return None if found.get(name) is None else read.moment(found[name], path or name)
