"""The words of CommerceOS for where an order or a shipment is (seed 002), as far as what we do hangs on them."""

NEW, RESERVED, UNRESERVED, COMMITTED, CANCELLED = "New", "Reserved", "Unreserved", "Committed", "Cancelled"
# Of an order that is not approved.
UNAPPROVED = frozenset({NEW, RESERVED, UNRESERVED})
# Of a shipment some or all of whose units are still to be released.
UNRELEASED = frozenset({NEW, "PartiallyReleased"})
