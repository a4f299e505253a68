"""Paths that read orders in batches, in the words of seed 002 (Phase 4, "Verification Queries"). Pure.

Pages are numbered from one end of the list in the order of time: what is placed while they are read shifts those that
come newest first away from the beginning, so that an order is met twice and none is passed over.
"""

from dataclasses import dataclass
from urllib.parse import quote

ORDERS = "/v1/trade-orders"
PAYMENT_METHODS = "/v1/payment-methods"
# What tells where an order is: itself, its shipments, each of its units ("Partial Fulfillment").
STATUS_FIELDS = "status,identifiers,timestamp,shipments~with(status,carriersTrackingUrl),items~with(statusDetails)"
# What tells whether both sides have the same ("Verify Payment Status").
BOOK_FIELDS = "status,identifiers,timestamp,totalAmount,payments,shipments~with(status),items~with(statusDetails)"


@dataclass(frozen=True, slots=True)
class Listing:
    """The orders of one source (`channel`: the namespace of its name); with `status`, those that have such a line."""

    channel: str
    source: str
    status: str | None = None
    is_newest_first: bool = True

    def path(self, fields: str, skip: int, take: int) -> str:
        """Of one page."""
        where = f"~where(identifiers/{escaped(self.channel)}={escaped(self.source)})"
        if self.status is not None:
            where += f"~where(status=~{escaped(self.status)})"  # `=` would be: all of its lines
        order = "timestamp:desc" if self.is_newest_first else "timestamp:asc"
        return f"{ORDERS}{where}~with({fields})~orderBy({order}){f'~skip({skip})' if skip else ''}~take({take})"


def order_path(namespace: str, id: str, fields: str) -> str:
    """Of the one order that has this id."""
    return f"{ORDERS}/{escaped(namespace)}={escaped(id)}~with({fields})"


def escaped(text: str) -> str:
    """One piece of a path, in which nothing can be taken for an operator or a separator."""
    return quote(text, safe="").replace("~", "%7E")
