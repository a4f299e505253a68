"""`Movement` (an order takes pieces of a product, or gives them back) and `Stock` (what all movements come to)."""

from streams.vocabulary.base import Money, Time, Whole


class Product(Whole):
    """One product, or one variation of it, with every id that the platform gives it."""

    product_id: str | None = None
    variation_id: str | None = None
    external_product_id: str | None = None
    external_variation_id: str | None = None
    sku: str | None = None
    name: str | None = None


class Movement(Whole):
    """What one event of one order did to the stock of one product.

    `delta` is negative where pieces were taken; `held` is how many the order holds after it. `taken_as`: the SKU by
    which the order took the first of them, where it is another than the product has now. `id` is derived from order,
    product and the number of the movement, so a replay gives the same id.
    """

    id: str
    product_key: str
    product: Product
    order_key: str
    source: str
    delta: Money
    held: Money
    taken_as: str | None = None
    caused_by: str
    receipt: str | None = None
    at: Time


class Stock(Whole):
    """`level` is the sum of all movements: what orders have taken since Orderlog began, as a negative number.

    The shop's own count, before any order, is not known here. `offset`: the last movement that is in the sum.
    """

    product_key: str
    product: Product
    source: str
    level: Money
    movements: int = 0
    offset: int = -1
    updated_at: Time
