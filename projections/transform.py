"""`transformOrder` of seed 000, part 2: the document that `POST /api/orders` of the external system takes.

Amounts are decimal strings here (`total_amount`, `items[].price`, `items[].quantity`); the connector writes them as
exact JSON numbers. The document is a contract: docs/targets/external.md has it field by field. Differences from the
seed, which has one shop only, and passes through what that gives:

- `external_order_id` is our order key: unique over all sources, and it leads back here.
- `currency` falls back to SEK for Quickbutik alone; for other platforms an unknown currency is null.
- `sku` falls back to the ids that the platform gives of the product: first the shop owner's, then its own.
- `shipping_address` and `billing_address` have the names of `Address`, not the shop's (`shipping_details`,
  `billing_details`), and only the fields that the platform gave.
- `created_at` is in UTC and says so, where the shop's `date_created` names no zone.

As in the seed the document has no status: the API knows no cancelling, so an order cancelled after it was created there
stays, and `Order.targets` and `Order.status` tell a person of it.
"""

from typing import Any

from streams.vocabulary import Address, Line, Order

Document = dict[str, Any]

DEFAULT_CURRENCY = {"quickbutik": "SEK"}


def transform_order(order: Order) -> Document:
    """Requires `order.total`, which once known is never null again.

    An email that is masked is sent masked, as the platform gave it.
    """
    assert order.total is not None
    return {
        "external_order_id": order.key,
        "customer_email": order.customer.email if order.customer else None,
        "total_amount": format(order.total, "f"),
        "currency": order.currency or DEFAULT_CURRENCY.get(order.platform),
        "items": [_item(line) for line in order.lines],
        "shipping_address": _address(order.shipping_address),
        "billing_address": _address(order.billing_address),
        "created_at": order.placed_at.isoformat().replace("+00:00", "Z") if order.placed_at else None,
    }


def _item(line: Line) -> Document:
    return {
        "sku": _sku(line),
        "quantity": format(line.quantity, "f"),
        "price": "0" if line.unit_price is None else format(line.unit_price, "f"),
    }


def _sku(line: Line) -> str | None:
    return (
        line.sku
        or line.external_variation_id
        or line.external_product_id
        or line.variation_id
        or line.product_id
        or None
    )


def _address(address: Address | None) -> Document | None:
    return None if address is None else {name: getattr(address, name) for name in sorted(address.model_fields_set)}
