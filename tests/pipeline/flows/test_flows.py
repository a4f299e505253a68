"""Every flow of seed 002, from a webhook's bytes to CommerceOS' record. The invariant: each effect is there once.

All flows run at the same time, through the real roles, with errors, lost and slow answers, and kills (`play`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pytest

from streams import topics
from streams.vocabulary import CommandType, OrderStatus, Outcome, OutcomeResult
from tests.connectors.harness import until
from tests.pipeline.flows import play, setting
from tests.pipeline.flows.expected import in_, item, paid, record
from tests.pipeline.flows.store import HOME_THERE
from tests.pipeline.flows.world import World, named, world
from tests.projections.http.serving import serving

CREDIT = "com.heads.store-credit"
APPROVED = ("create", "createPayment", "tryApprove")
DELIVERED = (*APPROVED, "changeDeliveryAddress")
SENT = (*DELIVERED, "createShipment", "release")
JOHN = {
    **{"line1": "1 Main St", "line2": "Apt C", "postalCode": "12345", "cityName": "Boulder", "regionName": "CO"},
    **{"countryCode": "US", "attention": "John Smith"},
}
IMEI = "359876543210123"
OPERATORS = (CommandType.REDRIVE, CommandType.DISCARD)


@pytest.fixture(scope="module")
def played(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(module_broker, tmp_path_factory.mktemp("flows")) as made:
        play.play(made)
        yield made


def check(played: World, expected: Mapping[str, Any], done: Sequence[str]) -> None:
    """The whole record, and that each thing was done once: nothing else, and nothing twice."""
    key = expected["identifiers"][setting.IDENTIFIERS["order"]]
    assert expected == played.record(key)
    assert Counter(done) == played.effects(key)


def test_basic_order_whose_payment_comes_before_it(played: World) -> None:
    """Selldone's two webhooks, the later one first: created, paid and approved, in this order."""
    expected = record(
        play.BASIC,
        item("9361"),
        customer=named("customer", "74"),
        currency=in_("USD"),
        deliveryAddresses=[],
        payments=[paid(f"{play.BASIC}:paid", "451.16", "USD")],
    )
    check(played, expected, APPROVED)
    assert ["2024-09-30T10:43:44Z"] == played.paid_at(play.BASIC), "when Selldone told of it, not when we wrote it down"
    assert OrderStatus.CONFIRMED is state(played, play.BASIC, OrderStatus.CONFIRMED)


def test_full_details(played: World) -> None:
    """Duda's order: both addresses are there, set before it was approved."""
    expected = record(
        play.FULL,
        item("string"),
        customer=named("customer", "GUEST"),
        currency=in_("USD"),
        deliveryAddresses=[JOHN],
        invoiceAddresses=[JOHN],
        payments=[paid(f"{play.FULL}:paid", "62.85", "USD")],
    )
    check(played, expected, (*DELIVERED, "changeInvoiceAddress"))


def test_devices_come_before_the_plans_that_name_them(played: World) -> None:
    """The store lists the plan first: as it stands the API would refuse the order."""
    phone, case = item("IPHONE-16-PRO", {"imei": IMEI}), item("CASE-IPHONE-16")
    expected = record(
        play.DEVICES,
        *(phone, case, item("PLAN-UNLIMITED", {"phoneImei": IMEI})),
        payments=[paid("TX-DEVICES", "13588.00")],
    )
    check(played, expected, DELIVERED)


def test_several_sellers(played: World) -> None:
    """Each line's warehouse is one of the order's sellers."""
    sellers = [named("store", "WAREHOUSE-NORTH"), named("store", "WAREHOUSE-SOUTH")]
    expected = record(play.SELLERS, item("BULKY-ITEM"), item("SMALL-ITEM", Committed="5"), sellers=sellers)
    check(played, expected, DELIVERED)


def test_purchase_orders_to_us_and_from_us(played: World) -> None:
    """Apicbase's customer pays later: not approved. What we buy has its supplier, and us as the customer."""
    expected = record(
        play.PURCHASE,
        *(item("DAI-0042", New="4"), item("VEG-1100", New="30")),
        customer=named("customer", "CUST-0077"),
        currency=in_("EUR"),
        status=["New"],
        deliveryAddresses=[],
        payments=[],
    )
    check(played, expected, ("create",))
    supplier = named("supplier", "SUPPLIER-XYZ")
    parties = {"supplier": supplier, "customer": named("company", "ACME-RETAIL"), "sellers": [supplier]}
    check(played, record(play.SUPPLIED, item("RAW-MATERIAL-001", Committed="1000"), **parties), DELIVERED)


def test_split_payment(played: World) -> None:
    """Each transaction with its own method, though the second webhook has the first payment too."""
    both = [paid("GIFTCARD-GC-001", "100.00", method=CREDIT), paid("STRIPE-PI-def456", "397.50")]
    check(played, record(play.SPLIT, item("WIDGET-001", Committed="2"), payments=both), (*DELIVERED, "createPayment"))


def test_refund(played: World) -> None:
    """A payment of a negative amount, once, beside the one that it gives back a part of."""
    both = [paid("TX-REFUND"), paid(f"{play.REFUND}:R-1", "-248.75")]
    check(played, record(play.REFUND, item("WIDGET-001", Committed="2"), payments=both), (*DELIVERED, "createPayment"))


def test_fulfilment_and_its_way_back(played: World) -> None:
    """Packed and sent: one shipment, released once. What the carrier does to it comes back, with its tracking."""
    status = {"status": ["Fulfilled"], "shipments": ["Acquired"]}
    check(played, record(play.FULFILLED, item("WIDGET-001", Acquired="2"), **status), SENT)
    assert OrderStatus.DELIVERED is state(played, play.FULFILLED, OrderStatus.DELIVERED)
    parcels = played.line.orders()[play.FULFILLED].shipments
    assert [play.TRACKING_URL] == [each.tracking_url for each in parcels if each.status == "Acquired"]


def test_partial_fulfilment(played: World) -> None:
    """The warehouse sends two, then three: the order is as far as its last unit, and no shipment of ours is added."""
    shipments = ["Transiting", "Transiting"]
    check(played, record(play.PARTIAL, item("WIDGET-001", Transiting="5"), shipments=shipments), DELIVERED)
    assert [OrderStatus.PROCESSING, OrderStatus.SHIPPED] == played.partly


def test_cancelled_after_approval_and_before(played: World) -> None:
    """Cancelled where the API allows it; what was never approved is left as it is, and never approved."""
    done = (*DELIVERED, "tryCancel")
    check(played, record(play.CANCELLED, item("WIDGET-001", Cancelled="2"), status=["Cancelled"]), done)
    unpaid = record(play.UNPAID, item("WIDGET-001", New="2"), status=["New"], payments=[])
    check(played, unpaid, ("create", "changeDeliveryAddress"))
    assert OrderStatus.CANCELLED is state(played, play.UNPAID, OrderStatus.CANCELLED)


def test_out_of_stock_cancels_the_order_and_tells_its_shop(played: World) -> None:
    """409 is final: no dead letter, nothing held, the buyer's shop knows."""
    assert None is played.found(play.SOLD_OUT)
    order = played.line.orders()[play.SOLD_OUT]
    assert (OrderStatus.CANCELLED, True) == (order.status, "out-of-stock" in order.flags)
    assert [("cancelled", None)] == told_the_shop(played, "948103")
    assert 0 == next(each.held for each in played.api.store.products if "LAST-ONE" in each.identifiers.values())


def test_quickbutik_both_ways(played: World) -> None:
    """Ping, fetch, create, pay, approve; the external system sends it: shipped at both ends, one mail to the buyer."""
    home = {"line1": "Gladagatan 10", "line2": "lgh 1101", "postalCode": "12345", "cityName": "Ankeborg"}
    bill = {"line1": "Storgatan 1", "postalCode": "12346", "cityName": "Ankeborg"}
    expected = record(
        play.BOTH_WAYS,
        *(item("TSHIRT-RED-L", Released="2"), item("STICKER", Released="1")),
        customer=named("customer", "GUEST"),
        deliveryAddresses=[{**home, "countryCode": "SE", "attention": "Kalle Ankasson"}],
        invoiceAddresses=[{**bill, "countryCode": "SE", "attention": "Bolaget AB"}],
        payments=[paid(f"{play.BOTH_WAYS}:paid", "648.95")],
        shipments=["Released"],
    )
    check(played, expected, (*SENT, "changeInvoiceAddress"))
    assert [("done", {"trackingnumber": "1Z", "company": "UPS"})] == told_the_shop(played, "948102")
    assert [1] == [sum(update.mailed for update in played.shop.updates.taken if update.order_id == "948102")]
    assert OrderStatus.SHIPPED is state(played, play.BOTH_WAYS, OrderStatus.SHIPPED)


def test_what_commerceos_sends_itself_is_told_to_the_shop_and_not_to_commerceos(played: World) -> None:
    """Its own word must not come back to it as a command; the shop is who has to hear of it."""
    key, id = play.SENT_THERE, "948104"
    assert ["Transiting"] == played.record(key)["shipments"]
    assert Counter((*DELIVERED, "changeInvoiceAddress")) == played.effects(key)
    played.until(lambda: played.shop.orders[id]["status"] == "2", "the shop knows")
    assert ["done"] == [status for status, _ in told_the_shop(played, id)]
    assert OrderStatus.SHIPPED is state(played, key, OrderStatus.SHIPPED)


async def test_address_that_changes_too_late_is_an_operators_affair(played: World) -> None:
    """Before the approval it is sent again; after it a person is told what to do, and what they decide is kept."""
    expected = record(play.MOVED, item("WIDGET-001", Committed="2"), deliveryAddresses=[{**HOME_THERE, **play.BEFORE}])
    check(played, expected, (*DELIVERED, "changeDeliveryAddress"))
    async with serving(played.line.settings) as operator:
        _, body = await operator.get("/deadletters", order=play.MOVED)
        (letter,) = body["dead_letters"]
        assert "a person must change it in CommerceOS" in letter["error"]
        _, whole = await operator.get(f"/deadletters/{letter['id']}")
        assert (play.LATE["line1"], 400) == (
            orjson.loads(whole["exchange"]["request_body"])["changeDeliveryAddress"]["line1"],
            whole["exchange"]["status"],
        )
        assert 202 == (await operator.post(f"/deadletters/{letter['id']}/discard", why="changed there by hand"))[0]

        async def is_taken_up() -> bool:
            _, audit = await operator.get("/deadletters/audit")
            told = [(each["who"], each["why"], each["taken_up"]) for each in audit["decisions"]]
            return told == [("ada", "changed there by hand", True)]

        await until(is_taken_up, "the decision is taken up")
        played.line.wait_for_order(play.MOVED, lambda order: order.targets["commerceos"].status == "discarded")
        _, body = await operator.get("/deadletters")
        assert (0, []) == (body["count"], body["dead_letters"])


def test_no_command_came_at_a_wrong_time_and_nothing_was_doubled(played: World) -> None:
    """What a stand-in that enforces the guide's rules has counted, over all flows, faults and kills."""
    stats = played.stats()
    too_late = ("AddressNotChangeable", f"{play.MOVED}/actions")
    assert ({too_late}, 0) == (played.refusals("order", "invalid", "unknown", "conflict"), stats["doubled"])
    assert (0, True) == (stats["rate_refused"], stats["busiest_window"] <= setting.ARRIVALS_MAX), "in any one second"
    assert [] == [fault for fault, count in stats["faults"].items() if not count], "each fault was met"
    assert stats["tokens"] > 1, "a token has ended meanwhile"


def test_every_command_ended_once_and_nothing_was_set_aside(played: World) -> None:
    """Through three kills while the orders came in, and one later: no outcome is missing, none is told twice."""
    targets = [target.name for target in played.line.settings.targets]
    commands = [each.id for name in targets for each in played.line.commands(name) if each.type not in OPERATORS]

    def ended() -> list[Outcome]:
        """Of the one that an operator let go also its first end."""
        return [each for each in played.line.outcomes() if each.result is not OutcomeResult.DISCARDED]

    played.until(lambda: len(ended()) >= len(commands), "every outcome")
    outcomes = ended()
    assert Counter(commands) == Counter(each.command_id for each in outcomes)
    ends = Counter(each.result for each in outcomes)
    assert {OutcomeResult.DELIVERED: len(commands) - 2, OutcomeResult.REFUSED: 1, OutcomeResult.DEAD: 1} == ends
    assert ([], 1) == (played.line.quarantined(), len(played.line.records(topics.DEADLETTERS)))
    assert len(play.KILLS) + 1 == len(played.kills)
    assert max(seen for _, seen in played.kills) < len(played.api.journal.entries), "killed while there was work to do"


def state(played: World, key: str, wanted: OrderStatus) -> OrderStatus:
    return played.line.wait_for_order(key, lambda order: order.status is wanted).status


def told_the_shop(played: World, id: str) -> list[tuple[str, Any]]:
    """Every change that was made at Quickbutik: status and tracking."""
    taken = [each for each in played.shop.updates.taken if each.order_id == id and not each.repeated]
    return [(each.status, each.shipping_info) for each in taken]
