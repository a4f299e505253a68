"""From when on orders go where a route says: one placed before is left alone, unless the target has it. Pure."""

from datetime import datetime

from projections.clocks import heard_us, time_of
from streams.vocabulary import Order


def is_wanted(order: Order, target: str, since: datetime | None) -> bool:
    """`since`: the route's; None: every order goes.

    Where no platform said when the order was placed, its oldest event counts. What the target was told of it is never
    broken off: a date that is set later, or an older event that arrives later, changes nothing for such an order.
    """
    if since is None or target in order.targets:
        return True
    return (order.placed_at or time_of(heard_us(order.bookkeeping))) >= since
