"""`[targets.commerceos]`: how our orders become CommerceOS' (seed 002): what is named how, and when what is done.

Namespaces and ids are of an installation, so none has a default that could be wrong unseen.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from streams.settings.section import Name, Section

# `com.acme.order-id`; what CommerceOS takes before the `=` of `/v1/trade-orders/{namespace}={id}`.
Namespace = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$", max_length=200)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
MethodId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
# Each has `reads_per_second`: the poller and the reconciliation.
READERS = 2
# The fallback among `payment_methods`.
ANY_METHOD = "*"


class Identifiers(Section):
    """The namespaces of identifiers: of orders, products, ourselves, our customers, stores and suppliers.

    `channel` (the source's name is written there), `payment_order` and `shipment_order` are needed only by what uses
    them.
    """

    order: Namespace
    sku: Namespace
    company: Namespace
    customer: Namespace
    store: Namespace
    supplier: Namespace | None = None
    channel: Namespace | None = None
    payment_order: Namespace | None = None
    shipment_order: Namespace | None = None


class StatusPoll(Section):
    """Asks for the status of orders in batches, as what sync webhooks did not bring.

    `source`: the source of platform commerceos under whose name the answers are kept. `since_s`: how young an order is
    that is asked for whatever its status; older ones while a line is `Committed`. `page_size`: the guide's 50 to
    100. `pages_max`: of the list of one source's orders; more of them are not read, and that is told.
    """

    source: Name
    interval_s: float = Field(default=60, gt=0, le=24 * 60 * 60)
    since_s: float = Field(default=30 * 24 * 60 * 60, ge=60)
    page_size: int = Field(default=100, ge=1, le=1000)
    pages_max: int = Field(default=100, ge=1, le=10_000)


class Reconciliation(Section):
    """Compares both sides every `interval_s`, over orders placed in the last `since_s`."""

    interval_s: float = Field(default=24 * 60 * 60, ge=60, le=30 * 24 * 60 * 60)
    since_s: float = Field(default=7 * 24 * 60 * 60, ge=60)


class CommerceOS(Section):
    """`company`: we, as the supplier of what we sell and the customer of what we buy.

    `sellers`: the stores that fulfil. `sellers_by_sku`: each line of an order whose SKU is listed adds its own; lines
    that are not listed add those of `sellers_by_shop`, or else `sellers`.
    `customer_id`: what of the buyer is the customer's id; `guest` where the platform tells none.
    `sku_from`: the first of these that a line has is its SKU.
    `payment_methods`: the platform's word → `methodId` of `GET /v1/payment-methods`; "*" for any other word.
    `approve_when`: `paid` also counts authorised and paid on delivery; `placed`: as soon as it is created; `confirmed`:
    once somebody has said so.
    `reserve_s`: stock is reserved for so long from the creation on, or not at all.
    `payment_orders`: a payment becomes an action on the order, or a payment order of its own. `several_sellers`: of
    orders with several, and of those that are cancelled there, which take no action any more.
    `shipments`: once others say that the order is being prepared, and was sent, a shipment is made and released: by
    `action` on the order, or as a `shipment_order` of its own; `theirs`: their own people do that.
    `reads_per_second`: of `rate_per_second`, for the poller and the reconciliation, each.
    """

    company: Id
    sellers: tuple[Id, ...] = Field(min_length=1)
    sellers_by_shop: dict[str, tuple[Id, ...]] = Field(default_factory=dict)
    sellers_by_sku: dict[str, Id] = Field(default_factory=dict)
    customer_id: Literal["id", "email"] = "id"
    guest: Id | None = None
    sku_from: tuple[
        Literal["sku", "external_variation_id", "external_product_id", "variation_id", "product_id"], ...
    ] = Field(default=("sku",), min_length=1)
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = None
    payment_methods: dict[str, MethodId] = Field(min_length=1)
    approve_when: Literal["paid", "placed", "confirmed"] = "paid"
    reserve_s: float | None = Field(default=None, gt=0, le=30 * 24 * 60 * 60)
    payment_orders: Literal["never", "several_sellers", "always"] = "never"
    shipments: Literal["action", "shipment_order", "theirs"] = "action"
    reads_per_second: float = Field(default=5, gt=0, le=1000)
    poll: StatusPoll | None = None
    reconcile: Reconciliation | None = None

    @property
    def set_aside_per_second(self) -> float:
        """Of the target's rate, for whoever reads."""
        return READERS * self.reads_per_second
