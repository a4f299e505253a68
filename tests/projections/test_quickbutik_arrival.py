"""One invariant: a Quickbutik shop ends with what others say of its order, whatever comes first, its own echoes too.

Allowed difference: where the shop itself says that it sent or cancelled the order, it may have heard of it before.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.decide import TargetSpec, decide
from projections.fold import fold
from streams.vocabulary import EventType, Order, OrderEvent
from tests.projections.commerceos_world import said
from tests.projections.events import histories

API = TargetSpec("api", "quickbutik", frozenset({"shop"}))
PLACED = said(EventType.PLACED, total="10", currency="SEK")
PAID = said(EventType.PAID, 1, "warehouse")
SENT = said(EventType.SHIPPED, 2, "warehouse")
TRACKED = said(EventType.SHIPPED, 3, "erp", shipments=[{"id": "T1", "tracking_number": "T1", "carrier": "UPS"}])
CANCELLED = said(EventType.CANCELLED, 4, "erp")
OTHERS = [PAID, SENT, TRACKED, CANCELLED]
# What the shop pings of its own accord, or because it was told so.
OWN = {
    "paid": said(EventType.CHANGED, 10, payment_status="paid"),
    "done": said(EventType.SHIPPED, 11),
    "cancelled": said(EventType.CANCELLED, 12),
}


class Shop:
    """Keeps the last status, and echoes what it was told some time later."""

    def __init__(self) -> None:
        self.order: Order | None = None
        self.updates: list[dict[str, Any]] = []
        self.echoes: list[OrderEvent] = []

    def take(self, event: OrderEvent) -> None:
        before = self.order
        self.order = fold(before, event)
        if self.order is not before:
            self.order, commands = decide(self.order, (API,), event)
            self.updates += [command.data for command in commands]
            self.echoes += [OWN[command.data["status"]] for command in commands]

    def run(self, data: st.DataObject, events: list[OrderEvent]) -> "Shop":
        for event in data.draw(histories(events)):
            self.take(event)
            while self.echoes and data.draw(st.booleans()):
                self.take(self.echoes.pop(0))
        while self.echoes:
            self.take(self.echoes.pop(0))
        return self

    @property
    def statuses(self) -> list[str]:
        return [each["status"] for each in self.updates]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_shop_ends_with_what_others_say_and_its_buyer_hears_of_it_once(data: st.DataObject) -> None:
    """An echo that is taken for news never ends; a repeat writes to the buyer again."""
    events = [PLACED, *data.draw(st.lists(st.sampled_from(OTHERS), unique_by=id))]
    shop = Shop().run(data, events)
    wanted = "cancelled" if CANCELLED in events else "done" if {SENT.id, TRACKED.id} & {e.id for e in events} else None
    assert (shop.statuses or [None])[-1] == (wanted or ("paid" if PAID in events else None))
    assert shop.statuses == sorted(shop.statuses, key=["paid", "done", "cancelled"].index)
    assert shop.statuses.count("paid") <= 1 and shop.statuses.count("cancelled") <= 1
    assert sum(each["notify"] for each in shop.updates if each["status"] == "done") <= 1
    if wanted == "done" and TRACKED in events:
        assert shop.updates[-1]["shipping"] == {"tracking_number": "T1", "carrier": "UPS"}


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_the_shop_did_of_its_own_accord_leads_to_nothing_that_takes_it_back(data: st.DataObject) -> None:
    """`paid` after its own `done`, or anything after its own `cancelled`, would undo what a merchant did."""
    own = data.draw(st.sampled_from(["done", "cancelled"]))
    events = data.draw(st.lists(st.sampled_from([PAID, SENT, TRACKED]), unique_by=id))
    shop = Shop()
    shop.take(PLACED)
    shop.take(OWN[own])
    shop.run(data, [PLACED, *events])
    assert shop.updates == []
