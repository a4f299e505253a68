"""What a platform can say about an order: the `data` of an `OrderEvent`, each field optional, absent ≠ null."""

from pydantic import Field

from streams.vocabulary.base import (
    PII_ADDRESS,
    PII_CONTACT,
    PII_IDENTITY,
    PII_NAME,
    PII_TEXT,
    Model,
    Money,
    Time,
)
from streams.vocabulary.status import OrderStatus, PaymentStatus


class Person(Model):
    """The buyer. Platforms may mask parts with `*`; a masked value is kept as given but never replaces a known one."""

    id: str | None = Field(default=None, json_schema_extra=PII_IDENTITY)
    name: str | None = Field(default=None, json_schema_extra=PII_NAME)
    email: str | None = Field(default=None, json_schema_extra=PII_CONTACT)
    phone: str | None = Field(default=None, json_schema_extra=PII_CONTACT)


class Address(Model):
    """A postal address, in the widest form the platforms send."""

    name: str | None = Field(default=None, json_schema_extra=PII_NAME)
    first_name: str | None = Field(default=None, json_schema_extra=PII_NAME)
    last_name: str | None = Field(default=None, json_schema_extra=PII_NAME)
    company: str | None = Field(default=None, json_schema_extra=PII_NAME)
    line1: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    line2: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    city: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    region: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    postal_code: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    country: str | None = Field(default=None, json_schema_extra=PII_ADDRESS)
    phone: str | None = Field(default=None, json_schema_extra=PII_CONTACT)


class Line(Model):
    """One order line. `id` identifies it within its order; quantities are decimals since some shops sell by weight."""

    id: str
    product_id: str | None = None
    variation_id: str | None = None
    external_product_id: str | None = None
    external_variation_id: str | None = None
    sku: str | None = None
    name: str | None = None
    quantity: Money
    unit_price: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    # Serialised units, each with what tells it apart: an IMEI, or the IMEI of the phone that a plan is for.
    instances: tuple[dict[str, str], ...] | None = Field(default=None, json_schema_extra=PII_IDENTITY)


class Payment(Model):
    """One payment, identified by the transaction id of whoever took it. A refund has a negative amount."""

    id: str
    status: str | None = None
    method: str | None = None
    amount: Money | None = None
    currency: str | None = None


class Shipment(Model):
    """One shipment of (a part of) the order."""

    id: str
    status: str | None = None
    carrier: str | None = None
    tracking_number: str | None = Field(default=None, json_schema_extra=PII_IDENTITY)
    tracking_url: str | None = Field(default=None, json_schema_extra=PII_IDENTITY)


class Fulfilment(Model):
    """How far the units of one line are, as whoever fulfils the order counts them, in their words.

    `id`: of the line there, which need not be that of `Line`: the shop has its own. `units`: word → how many.
    """

    id: str
    sku: str | None = None
    units: dict[str, Money]


class OrderFacts(Model):
    """What one event says about its order. Only the fields that the platform sent are set; null means it said null."""

    order_id: str | None = None
    order_number: str | None = None
    shop: str | None = None
    # Who provides the goods, where that is not the shop: orders between companies name it.
    supplier: str | None = None
    currency: str | None = None
    total: Money | None = None
    subtotal: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    shipping_cost: Money | None = None
    lines: tuple[Line, ...] | None = None
    customer: Person | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    # What the platform's words assert, in ours; an unknown word asserts nothing and is kept in `platform_status`.
    status: OrderStatus | None = None
    payment_status: PaymentStatus | None = None
    payments: tuple[Payment, ...] | None = None
    shipments: tuple[Shipment, ...] | None = None
    fulfilment: tuple[Fulfilment, ...] | None = None
    placed_at: Time | None = None
    # When the buyer wants to have it.
    expected_at: Time | None = None
    cancel_reason: str | None = Field(default=None, json_schema_extra=PII_TEXT)
    # What the platform called it, kept for people: `Reserved`, `CheckQueue`, `PROCESSED`, …
    platform_status: str | None = None
    platform_delivery_state: str | None = None
    platform_type: str | None = None
    note: str | None = Field(default=None, json_schema_extra=PII_TEXT)
    # What a person should know of this webhook: `clock-ahead`, `unknown-status:OnHold`. The order keeps them all.
    flags: tuple[str, ...] | None = None
    # The platform shows the order as placed, whatever brought this webhook about.
    is_placed: bool | None = None
    # It is about the shipments in it alone: the order is as far as all of its shipments together.
    is_parcel: bool | None = None
    # A thin ping: it says that something happened, and the platform's API has to be asked what.
    is_ping: bool | None = None
