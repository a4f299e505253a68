"""The join rules one by one, each by the accident that it prevents."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from projections.fold import fold
from streams.vocabulary import CommandType, OrderFacts, OrderStatus, PaymentStatus
from tests.projections.events import NOW, delivery_event, duda_event, folded, selldone_event
from tests.streams.platforms.samples import event as sample
from tests.streams.platforms.samples import payload


def test_seed_payloads_of_duda_end_deleted_with_the_updated_quantity() -> None:
    """All three have the same time: were they ordered by arrival, a late create would bring back one plate."""
    names = ("order-deleted", "order-status-updated", "order-created")
    order = folded(*(sample("duda", payload("duda", name), offset) for offset, name in enumerate(names)))
    assert (order.status, order.payment_status, order.version) == (OrderStatus.CANCELLED, PaymentStatus.PAID, 3)
    assert [line.quantity for line in order.lines] == [Decimal(3)]
    assert order.discount == Decimal(15)


def test_seed_payloads_of_selldone_keep_what_the_payment_does_not_repeat() -> None:
    """The payment webhook lacks tax, discount and delivery; absent must not erase."""
    names = ("checkout-order", "payment-order")
    order = folded(*(sample("selldone", payload("selldone", name), offset) for offset, name in enumerate(names)))
    assert (order.tax, order.discount, order.shipping_cost) == (Decimal("63.75"), Decimal("136.48"), Decimal("5.51"))
    assert (order.payment_status, order.platform_status) == (PaymentStatus.PAID, "Payed")


def test_null_of_a_later_event_takes_a_value_away_and_absent_does_not() -> None:
    """A platform that says there is no discount any more must be believed."""
    first = selldone_event("CheckoutOrder", {"discount": "5", "tax": "1"}, at_s=0)
    order = folded(first, selldone_event("OrderConfirm", {"discount": None}, at_s=1))
    assert (order.discount, order.tax) == (None, Decimal(1))


def test_null_total_takes_no_known_total_away() -> None:
    """No document can be made without it: the target would lack the order, or not, by the order of arrival."""
    first = selldone_event("CheckoutOrder", {"price": "5", "currency": "USD"}, at_s=0)
    order = folded(first, selldone_event("OrderConfirm", {"price": None, "currency": None}, at_s=1))
    assert (order.total, order.currency) == (Decimal(5), "USD")


def test_late_confirmed_does_not_take_a_shipped_order_back() -> None:
    """The customer would be told that the parcel has not left."""
    order = folded(selldone_event("SentOrder", {}, at_s=5), selldone_event("OrderConfirm", {}, at_s=9))
    assert (order.status, order.flags) == (OrderStatus.SHIPPED, ())


def test_cancelled_and_shipped_is_flagged_either_way_round() -> None:
    """Somebody has to stop the parcel or tell the shop."""
    cancel = selldone_event("CancelProduct", {"status": "Canceled"}, at_s=1)
    sent = selldone_event("SentOrder", {}, at_s=2)
    expected = (OrderStatus.CANCELLED, ("cancelled-and-shipped",))
    assert [(order.status, order.flags) for order in (folded(cancel, sent), folded(sent, cancel))] == [expected] * 2


def test_cancelled_delivery_is_flagged_and_cancels_no_order() -> None:
    """The parcel goes again; the order stands."""
    order = folded(selldone_event("SentOrder", {}), selldone_event("DeliveryCanceled", {}, at_s=1))
    assert (order.status, order.flags) == (OrderStatus.SHIPPED, ("delivery-cancelled",))


@pytest.mark.parametrize("times", [(0, 1), (1, 0)])
def test_masked_contact_never_replaces_a_known_one(times: tuple[int, int]) -> None:
    """Selldone masks emails in webhooks: a mail to user*****@mail.com reaches nobody."""
    known = selldone_event("CheckoutOrder", {}, times[0], customer={"email": "ann@mail.com", "phone": None})
    masked = selldone_event("PaymentOrder", {}, times[1], customer={"email": "a**@mail.com", "phone": "***00"})
    for order in (folded(known, masked), folded(masked, known)):
        assert order.customer is not None
        assert (order.customer.email, order.customer.phone) == ("ann@mail.com", "***00")


def test_no_line_of_an_old_address_survives_in_a_new_one() -> None:
    """Joined field by field, the parcel would go to apartment C of a house that has none."""
    old = duda_event("ECOMM_ORDER_CREATED", {"shipping_address": {"address_1": "1 Main St", "address_2": "Apt C"}})
    new = duda_event("ECOMM_ORDER_UPDATED", {"shipping_address": {"address_1": "9 Elm Rd", "address_2": None}})
    for order in (folded(old, new), folded(new, old)):
        assert order.shipping_address is not None
        assert (order.shipping_address.line1, order.shipping_address.line2) == ("9 Elm Rd", None)


def test_tracking_is_not_erased_by_an_older_or_a_silent_event() -> None:
    """Duda sends null for tracking until there is a parcel, and sends late."""
    tracked = duda_event("ECOMM_ORDER_UPDATED", {"tracking_number": "T1", "tracking_url": "https://t/1"}, at_ms=2000)
    older = duda_event("ECOMM_ORDER_UPDATED", {"tracking_number": "T0"}, at_ms=1000)
    silent = duda_event("ECOMM_ORDER_UPDATED", {"tracking_number": None, "tracking_url": None}, at_ms=3000)
    (shipment,) = folded(tracked, older, silent).shipments
    assert (shipment.tracking_number, shipment.tracking_url) == ("T1", "https://t/1")


def test_null_in_a_payment_is_told_from_absent_in_either_order() -> None:
    """Models compare null and absent as equal: compared that way, the older null was dropped, or not, by arrival."""
    silent = selldone_event("CheckoutOrder", {"payment_id": "y"}, at_s=1)
    null = selldone_event("CheckoutOrder", {"payment_id": "y", "payment_type": None}, at_s=0)
    payments = [folded(*pair).to_dict()["payments"] for pair in ((silent, null), (null, silent))]
    assert payments == [[{"id": "y", "method": None}]] * 2


def test_lines_are_one_snapshot() -> None:
    """Joined line by line, a line that was taken out of the order would stay for ever."""
    two = selldone_event("CheckoutOrder", {"items": [{"id": 1, "price": 5}, {"id": 2, "price": 6}]}, at_s=0)
    one = selldone_event("CancelProduct", {"items": [{"id": 2, "price": 6}]}, at_s=1)
    assert [[line.id for line in order.lines] for order in (folded(two, one), folded(one, two))] == [["2"], ["2"]]


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [([], "paid"), ([{}], "paid"), (["4"], "partly_refunded"), (["4", "6"], "refunded"), (["10"], "refunded")],
)
def test_refunds_add_up_against_the_total(refunds: list[object], expected: str) -> None:
    """Two partial refunds may be a whole one; the seed's empty refund is none."""
    rows = [{"id": f"r{n}", "total": row} if isinstance(row, str) else row for n, row in enumerate(refunds)]
    data = {"total": "10", "payment": {"transaction_id": "t", "status": "PAID"}, "refunds": rows}
    assert folded(duda_event("ECOMM_ORDER_UPDATED", data)).payment_status == expected


def test_refund_webhook_and_order_webhook_of_one_refund_count_it_once() -> None:
    """Both name the refund by its id; added up, half the money would look like all of it."""
    order = duda_event("ECOMM_ORDER_UPDATED", {"total": "10", "refunds": [{"id": "rf-1", "total": "5"}]})
    refund = duda_event("ECOMM_REFUND_CREATED", {"total": "5"})
    assert order.order_key == refund.order_key
    assert folded(order, refund).payment_status is PaymentStatus.PARTLY_REFUNDED


def test_unknown_event_keeps_its_facts() -> None:
    """A platform's new event must not be lost."""
    order = folded(selldone_event("NewAction", {"price": "7", "status": "OnHold"}))
    assert (order.total, order.platform_status, order.status) == (Decimal(7), "OnHold", OrderStatus.PENDING)
    assert order.flags == ("unknown-event:NewAction", "unknown-status:OnHold")


def test_unknown_words_of_every_kind_are_flagged_and_known_ones_are_not() -> None:
    """Nobody would ever add the word to its table; and a flag on every order is one that nobody reads."""
    odd = selldone_event("CheckoutOrder", {"status": "?", "delivery_state": "Teleported", "type": "DREAM"})
    assert folded(odd).flags == ("unknown-delivery-state:Teleported", "unknown-status:?", "unknown-type:DREAM")
    paying = duda_event("ECOMM_ORDER_CREATED", {"status": "SOLD", "payment": {"status": "MAYBE"}})
    assert folded(paying).flags == ("unknown-payment-status:MAYBE", "unknown-status:SOLD")
    known = duda_event("ECOMM_ORDER_CREATED", {"status": "DISPUTED", "payment": {"status": "FAILED"}})
    assert folded(known).flags == ()


def test_word_that_is_unfit_for_a_flag_is_left_out_of_it() -> None:
    """A status of a megabyte, or of a line feed, would be in every list of flags."""
    assert folded(selldone_event("CheckoutOrder", {"status": "x" * 1000})).flags == ("unknown-status:",)


def test_ping_is_no_unknown_event() -> None:
    """A thin ping has a word that we know well; it only says nothing."""
    ping = selldone_event("NewAction", {})
    ping = ping.model_copy(update={"data": OrderFacts(is_ping=True)})
    assert folded(ping).flags == ()


def test_time_far_ahead_does_not_win_for_good() -> None:
    """One webhook from a clock that is a year ahead, and no later one could change the order for a year."""
    year_s = 365 * 24 * 60 * 60
    wrong = selldone_event("CheckoutOrder", {"price": "1"}, at_s=3 * year_s, offset=0)
    assert wrong.occurred_at == wrong.received_at
    later = selldone_event("OrderConfirm", {"price": "2", "updated_at": (NOW + timedelta(hours=1)).isoformat()})
    for order in (folded(wrong, later), folded(later, wrong)):
        assert (order.total, order.flags) == (Decimal(2), ("clock-ahead",))


@pytest.mark.parametrize(("ahead_s", "is_flagged"), [(0, False), (86_400, False), (86_400.001, True)])
def test_clock_ahead_by_a_day_at_most_is_believed(ahead_s: float, is_flagged: bool) -> None:
    """Wrong time zones and drifting clocks are common; their events still come in their order."""
    at = NOW + timedelta(seconds=ahead_s)
    event = selldone_event("CheckoutOrder", {"updated_at": at.isoformat()})
    assert (event.occurred_at, folded(event).flags) == ((NOW, ("clock-ahead",)) if is_flagged else (at, ()))


def test_absurdly_old_time_is_taken_as_it_is() -> None:
    """Platforms send late; and an old event changes nothing that is newer."""
    event = selldone_event("CheckoutOrder", {"updated_at": "1970-01-02T00:00:00Z"})
    assert (event.occurred_at.year, folded(event).flags) == (1970, ())


def test_outcome_of_an_older_command_leaves_the_newer_one_pending() -> None:
    """Shown as delivered, nobody would look for the update that is still under way."""
    placed = selldone_event("CheckoutOrder", {"price": 1})
    order = folded(placed, delivery_event(placed, command_id="c-1"))
    assert order.targets["one"].status == "delivered"
    commanded = {"one": {"id": "c-2", "type": "update_order", "states": "s"}}
    book = order.bookkeeping.model_validate({**order.bookkeeping.model_dump(), "commanded": commanded})
    waiting = fold(order.model_copy(update={"bookkeeping": book}), delivery_event(placed, command_id="c-0", at_s=1))
    assert waiting.targets["one"].status == "pending"


def test_dead_target_is_alive_after_a_later_success_and_dead_before_it() -> None:
    """A redriven dead letter must not look dead for ever, nor a success overrule a later death."""
    placed = selldone_event("CheckoutOrder", {})
    dead = delivery_event(placed, ok=False, at_s=0)
    good = delivery_event(placed, ok=True, at_s=1)
    assert [folded(placed, *pair).targets["one"].status for pair in ((dead, good), (good, dead))] == ["delivered"] * 2
    assert folded(placed, dead).targets["one"].last_error == "500"


def test_name_that_the_target_gives_the_order_stays() -> None:
    """The next answer may not repeat it, and the older one may come last: the order could not be found there."""
    placed = selldone_event("CheckoutOrder", {})
    first, second, silent = (
        delivery_event(placed, command_id=f"c-{at_s}", at_s=at_s, ref=ref)
        for at_s, ref in ((0, "A"), (1, "B"), (2, None))
    )
    for history in permutations((first, second, silent)):
        assert folded(placed, *history).targets["one"].ref == "B"


def test_operators_word_on_a_dead_letter_says_nothing_of_the_target() -> None:
    """Discarding a command is not delivering it."""
    placed = selldone_event("CheckoutOrder", {})
    dead = delivery_event(placed, ok=False)
    discarded = delivery_event(placed, command_id="d-1", command_type=CommandType.DISCARD, at_s=1)
    assert folded(placed, dead, discarded).targets["one"].status == "dead"


def test_bookkeeping_stays_small_beside_the_order() -> None:
    """It is written to the changelog with every event."""
    names = ("order-created", "order-status-updated", "order-deleted")
    order = folded(*(sample("duda", payload("duda", name), offset) for offset, name in enumerate(names)))
    assert len(order.bookkeeping.to_json()) < len(order.to_json()) / 2
