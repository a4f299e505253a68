"""A trade order as CommerceOS shows it (seed 002, "Data Model Overview"): its facts in our words.

From the vendor's field reference, where the seed only names the thing: the amounts of an item (`unitAmountInclVat`,
`totalAmount`), `balanceAmount`, `requestedArrivalTime`, `customersExternalNotes`, the two numbers `suppliersId` and
`customersId`, and that `timestamp` is when the order was made.
"""

from decimal import Decimal
from typing import Any

from streams.platforms.commerceos.options import KEY, Options, first_id
from streams.platforms.commerceos.shipment import shipments_of
from streams.platforms.facts import number_lines, total_of
from streams.platforms.fields import Object, Table, amount, child, children, identifier, members, moment, pick, text
from streams.platforms.webhook import Undecodable
from streams.vocabulary import PaymentStatus

_ORDER: Table = {
    "total": ("totalAmount", amount),
    "placed_at": ("timestamp", moment),
    "expected_at": ("requestedArrivalTime", moment),
    "note": ("customersExternalNotes", text),
}
_ADDRESS: Table = {
    "name": ("attention", text),
    "line1": ("line1", text),
    "line2": ("line2", text),
    "city": ("cityName", text),
    "region": ("regionName", text),
    "postal_code": ("postalCode", text),
    "country": ("countryCode", text),
}
_LINE: Table = {"unit_price": ("unitAmountInclVat", amount), "total": ("totalAmount", amount)}


def own_facts(order: Object, options: Options, order_id: str) -> dict[str, Any]:
    """All that CommerceOS says of an order that it is itself the source of. Raises `Undecodable`."""
    facts = pick(order, _ORDER) | {"order_id": order_id, "order_number": _number(order, order_id)}
    if (currency := currency_of(order)) is not None:
        facts["currency"] = currency
    if sellers := [id for seller in children(order, "sellers") or [] if (id := first_id(child(seller, "identifiers")))]:
        facts["shop"] = ", ".join(sellers)
    if (supplier := first_id(child(child(order, "supplier"), "identifiers"))) is not None:
        facts["supplier"] = supplier
    facts["lines"] = number_lines([_line(item, options) for item in _items(order)])
    for field, key in (("shipping_address", "deliveryAddresses"), ("billing_address", "invoiceAddresses")):
        if addresses := children(order, key):
            facts[field] = pick(addresses[0], _ADDRESS)
    if customer := _customer(child(order, "customer"), options):
        facts["customer"] = customer
    return facts | paid_facts(order, is_own=True) | shipped_facts(order)


def paid_facts(order: Object, *, is_own: bool) -> dict[str, Any]:
    """The payments, and whether they come to the total.

    Of another source's order only payments that have an id, and not how they were made: the shop knows better.
    """
    given = members(order, "payments") or []
    facts: dict[str, Any] = {}
    if payments := [found for payment in given for found in _payment(payment, is_own=is_own)]:
        facts["payments"] = _unique(payments)
    if _is_paid(order, given):
        facts["payment_status"] = PaymentStatus.PAID
    return facts


def shipped_facts(order: Object) -> dict[str, Any]:
    """The order's shipments, where it shows them."""
    shipments = shipments_of(children(order, "shipments") or [])
    return {"shipments": shipments} if shipments else {}


def currency_of(thing: Object) -> str | None:
    """`{"identifiers": {"currencyCode": "SEK"}}`, or the code itself."""
    currency = thing.get("currency")
    code = (
        child(child(thing, "currency"), "identifiers").get("currencyCode") if isinstance(currency, dict) else currency
    )
    return code if isinstance(code, str) and code.strip() else None


def _number(order: Object, order_id: str) -> str:
    """What people quote: the supplier's number for the order, or the customer's."""
    identifiers = child(order, "identifiers")
    return identifier(identifiers.get("suppliersId")) or identifier(identifiers.get("customersId")) or order_id


def _items(order: Object) -> list[Object]:
    items = order.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Undecodable("invalid-field", "items: is not a list of objects")
    return items


def _line(item: Object, options: Options) -> dict[str, Any]:
    """One line. Serialised units (`instances`, each with an IMEI) are counted where there is no quantity."""
    product = child(item, "product")
    identifiers = child(product, "identifiers")
    ids = {
        "product_id": identifier(identifiers.get(KEY)),
        "external_product_id": options.product(identifiers),
        "sku": options.sku(identifiers),
    }
    line: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
    line["id"] = identifier(child(item, "identifiers").get(KEY)) or line.get("sku") or first_id(identifiers)
    units, quantity = members(item, "instances"), item.get("quantity")
    if units is not None:
        line["instances"] = [_texts(unit) for unit in units]
    line["quantity"] = (1 if units is None else len(units)) if quantity is None else quantity
    return line | pick(product, {"name": ("name", text)}) | pick(item, _LINE)


def _texts(unit: Object) -> dict[str, str]:
    return {name: known for name, value in unit.items() if isinstance(known := text(value), str)}


def _customer(customer: Object, options: Options) -> dict[str, Any]:
    facts: dict[str, Any] = pick(customer, {"name": ("name", text)})
    names = [name for key in ("givenName", "familyName") if isinstance(name := customer.get(key), str)]
    if "name" not in facts and names:
        facts["name"] = " ".join(names)
    if (id := options.customer(child(customer, "identifiers"))) is not None:
        facts["id"] = id
    return facts


def _payment(payment: Object, *, is_own: bool) -> list[dict[str, Any]]:
    """`transactionId` names a payment. One without (the seed's `~with(payments)`) is named by how it was made."""
    identifiers = child(payment, "identifiers")
    ids = (payment.get("transactionId"), identifiers.get("transactionId"), identifiers.get(KEY))
    id = next((found for one in ids if (found := identifier(one)) is not None), None)
    if id is None and not is_own:
        return []
    method = _method(payment)
    facts = {"id": id or method or "payment", **pick(payment, {"amount": ("amount", amount)})}
    if (currency := currency_of(payment)) is not None:
        facts["currency"] = currency
    return [facts | {"method": method}] if is_own and method else [facts]


def _method(payment: Object) -> str | None:
    method = payment.get("method")
    named = child(child(payment, "method"), "identifiers").get("methodId") if isinstance(method, dict) else method
    return identifier(named) if isinstance(named, str) else None


def _unique(payments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """CommerceOS tells payments apart by method and transaction id; the second of one id is numbered."""
    seen: dict[str, int] = {}
    for payment in payments:
        base = payment["id"]
        seen[base] = seen.get(base, 0) + 1
        payment["id"] = base if seen[base] == 1 else f"{base}#{seen[base]}"
    return payments


def _is_paid(order: Object, payments: list[Object]) -> bool:
    """Nothing is left to pay: by its own word, or as the payments come to the total (seed, "Verify Payment Status")."""
    amounts = [payment["amount"] for payment in payments if payment.get("amount") is not None]
    if not amounts:
        return False
    paid = total_of(amounts, "payments.amount")
    if order.get("balanceAmount") is not None:
        return total_of([order["balanceAmount"]], "balanceAmount") <= 0 < paid
    return order.get("totalAmount") is not None and Decimal(0) < total_of([order["totalAmount"]], "totalAmount") <= paid
