"""The words for where an order and its money are. How they join is `projections.lattice`."""

from enum import StrEnum

# The flag of an order that a target refused, for it has too little of something in stock.
OUT_OF_STOCK = "out-of-stock"


class OrderStatus(StrEnum):
    """Where the order is, as one word."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    RELEASED = "released"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """What is known of the money."""

    UNPAID = "unpaid"
    AUTHORISED = "authorised"
    ON_DELIVERY = "on_delivery"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
