"""All flows at once: what the platforms send, the kills meanwhile, what happens to the orders later, the pushes."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from streams import topics
from streams.supervisor import plan
from streams.vocabulary import Order
from tests.ingest.support import TOKEN as URL_TOKEN
from tests.ingest.support import duda_headers
from tests.pipeline.flows import setting
from tests.pipeline.flows.store import HOME, NAME, charge, line, webhook
from tests.pipeline.flows.world import SHIPMENT_MAP, STATUS_MAP, World
from tests.streams.platforms.samples import payload
from tests.streams.platforms.test_payloads import SITE

BASIC, FULL = "selldone:1/1001", f"duda:{SITE}/ECOM-1065"
PURCHASE, SUPPLIED = "apicbase:5f0c2a9e7b1d4c0012ab34cd", f"{NAME}:SUPPLIED"
DEVICES, SELLERS, SPLIT, REFUND = (f"{NAME}:{id}" for id in ("DEVICES", "SELLERS", "SPLIT", "REFUND"))
FULFILLED, PARTIAL = f"{NAME}:FULFILLED", f"{NAME}:PARTIAL"
CANCELLED, UNPAID, MOVED = (f"{NAME}:{id}" for id in ("CANCELLED", "UNPAID", "MOVED"))
BOTH_WAYS, SOLD_OUT, SENT_THERE = (f"quickbutik:{id}" for id in ("948102", "948103", "948104"))
APPROVED = (
    *(BASIC, FULL, SUPPLIED, DEVICES, SELLERS, SPLIT, REFUND, FULFILLED, PARTIAL, CANCELLED),
    *(BOTH_WAYS, SENT_THERE),
)
# A role, and after how many requests for a change, of some eighty, it is killed.
KILLS = ((plan.CONNECTORS, 8), (plan.STREAMS, 14), (plan.CONNECTORS, 30))
BEFORE, LATE = {"line1": "Storgatan 124"}, {"line1": "Storgatan 125"}
TRACKING_URL = "https://tracking.example.com/1Z"

TWO_WIDGETS = line("WIDGET-001", 2, "248.75")
UNITS = (
    line("PLAN-UNLIMITED", None, "399.00", units=[{"phoneImei": "359876543210123"}]),
    line("IPHONE-16-PRO", None, "12990.00", units=[{"imei": "359876543210123"}]),
    line("CASE-IPHONE-16", 1, "199.00"),
)


def play(world: World) -> None:
    """Everything, in the end at rest."""
    come_in(world)
    go_on(world)
    world.calm()
    flow_back(world)


def come_in(world: World) -> None:
    """Every webhook twice, as platforms do, all at the same time; roles are killed while they work."""
    (order,) = json.loads(payload("quickbutik", "order"))
    world.shop.orders["948102"] = order
    sold_out = [{"product_id": "1", "sku": "LAST-ONE", "title": "Last one", "qty": "2", "price": "10.00"}]
    world.shop.orders["948103"] = {**order, "order_id": "948103", "products": sold_out}
    world.shop.orders["948104"] = {**order, "order_id": "948104"}
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send) for _ in range(2) for send in sendings(world)]
        for role, goal in KILLS:
            world.until(lambda goal=goal: len(world.api.journal.entries) >= goal, f"{goal} requests for a change")
            world.kill(role)
        for each in sent:
            each.result()
    for key in APPROVED:
        world.until(lambda key=key: is_approved(world, key), f"{key} is approved")
    for key in (PURCHASE, UNPAID, MOVED):
        world.until(lambda key=key: world.is_(key, "New"), f"{key} is there")


def sendings(world: World) -> list[Callable[[], None]]:
    """One for each webhook, or for those of one order in their order."""
    apicbase, duda = payload("apicbase", "purchase-order"), payload("duda", "order-created")
    signature = hmac.new(setting.APICBASE_SECRET.encode(), apicbase, hashlib.sha256).hexdigest()
    selldone = f"selldone/{URL_TOKEN}"
    return [
        lambda: world.send(selldone, payload("selldone", "payment-order")),
        lambda: world.send(selldone, payload("selldone", "checkout-order")),
        lambda: world.send("duda", duda, duda_headers(duda)),
        lambda: world.send("apicbase", apicbase, {"X-APIC-WEBHOOK-SIGNATURE": signature}),
        lambda: world.ping("order.new", "948102"),
        lambda: world.ping("order.new", "948103"),
        lambda: world.ping("order.new", "948104"),
        lambda: world.sell(*paid("DEVICES", *UNITS, total="13588.00")),
        lambda: world.sell(*paid("SELLERS", line("BULKY-ITEM", 1, "500.00"), line("SMALL-ITEM", 5, "5.00"))),
        lambda: world.sell(*paid("SUPPLIED", line("RAW-MATERIAL-001", 1000, "1.25"), **{"from": "SUPPLIER-XYZ"})),
        lambda: world.sell(*paid("REFUND", TWO_WIDGETS)),
        lambda: world.sell(*paid("PARTIAL", line("WIDGET-001", 5, "248.75"))),
        lambda: world.sell(*paid("CANCELLED", TWO_WIDGETS)),
        lambda: world.sell(webhook("placed", "UNPAID", 0, TWO_WIDGETS)),
        lambda: world.sell(webhook("placed", "MOVED", 0, TWO_WIDGETS)),
        lambda: world.sell(*split()),
        lambda: world.sell(*fulfilled()),
    ]


def paid(id: str, *lines: Any, **more: Any) -> list[bytes]:
    charges = [charge(f"TX-{id}", more.get("total", "497.50"))]
    return [webhook("charged", id, 1, *lines, charges=charges, **more), webhook("placed", id, 0, *lines, **more)]


def split() -> list[bytes]:
    """A voucher first, the rest by card."""
    charges = [charge("GIFTCARD-GC-001", "100.00", "voucher"), charge("STRIPE-PI-def456", "397.50")]
    return [
        webhook("placed", "SPLIT", 0, TWO_WIDGETS),
        webhook("charged", "SPLIT", 1, TWO_WIDGETS, charges=charges[:1]),
        webhook("charged", "SPLIT", 2, TWO_WIDGETS, charges=charges),
    ]


def fulfilled() -> list[bytes]:
    parcels = [{"code": "PN-1", "by": "PostNord"}]
    charges = [charge("TX-FULFILLED", "497.50")]
    return [
        *paid("FULFILLED", TWO_WIDGETS),
        webhook("packed", "FULFILLED", 3, TWO_WIDGETS, charges=charges),
        webhook("sent", "FULFILLED", 4, TWO_WIDGETS, charges=charges, parcels=parcels),
    ]


def go_on(world: World) -> None:
    """What happens to orders that are there: refunds, cancellations, parcels; one more kill in the middle."""
    world.until(lambda: is_released(world, FULFILLED), "the shipment is released")
    charges = [charge("TX-REFUND", "497.50"), charge("R-1", "-248.75")]
    world.sell(webhook("refunded", "REFUND", 10, TWO_WIDGETS, charges=charges))
    world.sell(webhook("cancelled", "UNPAID", 10, TWO_WIDGETS))
    world.tell("order.cancelled", CANCELLED, reason="The buyer has changed their mind")
    world.tell("order.shipped", BOTH_WAYS, tracking_number="1Z", carrier="UPS")
    world.kill(plan.CONNECTORS)
    move(world)
    world.until(lambda: world.is_(CANCELLED, "Cancelled"), "the order is cancelled")
    world.until(lambda: len(world.record(REFUND)["payments"]) == 2, "the refund")
    world.until(lambda: is_released(world, BOTH_WAYS), "the shop's parcel is released")
    for id, number in (("948102", "2"), ("948103", "cancelled")):
        world.until(lambda id=id, number=number: world.shop.orders[id]["status"] == number, f"the shop knows of {id}")


def move(world: World) -> None:
    """The buyer moves house before the order is approved, and once more when it is too late."""
    before, late = ({**HOME, "street": there["line1"]} for there in (BEFORE, LATE))
    charges = [charge("TX-MOVED", "497.50")]
    world.sell(webhook("moved", "MOVED", 10, TWO_WIDGETS, deliver_to=before))
    world.until(lambda: world.street(MOVED) == BEFORE["line1"], "the new address is there")
    world.sell(webhook("charged", "MOVED", 11, TWO_WIDGETS, deliver_to=before, charges=charges))
    world.until(lambda: is_approved(world, MOVED), "it is approved")
    world.sell(webhook("moved", "MOVED", 12, TWO_WIDGETS, deliver_to=late, charges=charges))
    world.until(lambda: world.line.records(topics.DEADLETTERS), "a dead letter")


def flow_back(world: World) -> None:
    """The warehouse and the carrier move on, and CommerceOS pushes what it shows, the same more than once."""
    found = world.found(FULFILLED)
    assert found is not None
    theirs = world.admin("ship", {"order": reference(world, SENT_THERE)})["shipment"]
    for key, *stages in ((found.shipments[0].key, "Transiting", "Acquired"), (theirs, "Released", "Transiting")):
        for stage in stages:
            world.admin("move", {"shipment": key, "to": stage, "trackingUrl": TRACKING_URL})
    world.push("trade-orders~with(status,identifiers,timestamp)~take(50)", map=STATUS_MAP, times=2)
    world.push("shipment-orders~with(orders,status)~take(50)", map=SHIPMENT_MAP, times=2)
    for pieces, units in ((2, {"Committed": 3, "Transiting": 2}), (3, {"Transiting": 5})):
        part = {"order": reference(world, PARTIAL), "items": [{"index": 0, "quantity": pieces}]}
        shipment = world.admin("ship", part)["shipment"]
        for stage in ("Released", "Transiting"):
            world.admin("move", {"shipment": shipment, "to": stage})
        world.push("trade-orders~with(status,identifiers,timestamp,items~with(statusDetails))~take(50)", times=2)
        shown = world.line.wait_for_order(PARTIAL, lambda order, units=units: units_of(order) == units)
        world.partly.append(shown.status)


def units_of(order: Order) -> Mapping[str, Decimal]:
    """Of its one line."""
    return order.fulfilment[0].units if order.fulfilment else {}


def is_approved(world: World, key: str) -> bool:
    found = world.found(key)
    return found is not None and {"Committed"} == set(found.statuses)


def is_released(world: World, key: str) -> bool:
    found = world.found(key)
    return found is not None and ["Released"] == [shipment.status for shipment in found.shipments]


def reference(world: World, key: str) -> str:
    found = world.found(key)
    assert found is not None
    return found.key
