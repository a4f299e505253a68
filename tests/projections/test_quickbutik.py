"""What Quickbutik is told: what others say of its orders, each status once, and nothing of what it said itself."""

from itertools import permutations
from typing import Any

import pytest

from projections.decide import TargetSpec, decide
from projections.fold import fold
from projections.spec import spec_of
from streams.settings.model import Settings
from streams.vocabulary import Command, CommandType, EventType, Order, OrderEvent
from tests.projections.commerceos_world import AUTH, said

AWAY = {"base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
API = TargetSpec("api", "quickbutik", frozenset({"shop"}))

PLACED = said(EventType.PLACED, total="10", currency="SEK")
PAID = said(EventType.PAID, 1, "warehouse")
SENT = said(EventType.SHIPPED, 2, "warehouse", shipments=[{"id": "T1", "tracking_number": "T1", "carrier": "UPS"}])
CANCELLED = said(EventType.CANCELLED, 3, "warehouse")
DONE_THERE = said(EventType.SHIPPED, 4)
PAID_THERE = said(EventType.CHANGED, 4, payment_status="paid")
CANCELLED_THERE = said(EventType.CANCELLED, 4)
DONE = {"status": "done", "shipping": {"tracking_number": "T1", "carrier": "UPS"}, "notify": True}


def told(*events: OrderEvent, target: TargetSpec = API) -> list[dict[str, Any]]:
    """The updates, in their order."""
    order: Order | None = None
    commands: list[Command] = []
    for event in events:
        order, decided = decide(fold(order, event), (target,), event)
        commands += decided
    assert {command.type for command in commands} <= {CommandType.UPDATE_STATUS}
    assert len({command.id for command in commands}) == len(commands)
    return [command.data for command in commands]


def test_paid_and_shipped_are_told_each_once() -> None:
    """The seed's two messages back; a repeat would write to the buyer again."""
    assert told(PLACED, PAID, SENT, PAID, SENT) == [{"status": "paid", "notify": True}, DONE]


def test_what_is_known_before_the_order_is_told_all_the_same() -> None:
    """A warehouse's message may overtake the shop's ping."""
    assert told(SENT, PLACED) == [DONE]


@pytest.mark.parametrize("own", [DONE_THERE, PAID_THERE, CANCELLED_THERE])
def test_what_the_shop_says_itself_does_not_go_back(own: OrderEvent) -> None:
    """Its own news as an update would come back as a ping, and never end."""
    assert told(PLACED, own) == []


def test_what_the_shop_said_before_others_is_not_told_to_it() -> None:
    """It knows; and a merchant's own tracking must not be overwritten."""
    assert told(PLACED, DONE_THERE, SENT) == []
    assert told(PLACED, PAID_THERE, PAID) == []
    assert told(PLACED, CANCELLED_THERE, CANCELLED, SENT) == []


def test_tracking_that_comes_later_is_told_without_another_letter_also_after_the_echo() -> None:
    """The buyer wants the number, and one letter; our own update came back as the shop's word in between."""
    without = said(EventType.SHIPPED, 2, "warehouse")
    assert told(PLACED, without, DONE_THERE, SENT, SENT) == [
        {"status": "done", "shipping": None, "notify": True},
        {**DONE, "notify": False},
    ]


@pytest.mark.parametrize("numbers", [("Z9", "A1"), ("A1", "Z9")])
def test_second_parcel_s_number_is_told_whatever_it_is(numbers: tuple[str, str]) -> None:
    """The API takes one number: the first in place of the second would be told for good."""
    parcels = [
        said(EventType.SHIPPED, 2 + at_s, "warehouse", shipments=[{"id": number, "tracking_number": number}])
        for at_s, number in enumerate(numbers)
    ]
    for order in permutations([PLACED, *parcels]):
        updates = told(*order)
        assert {"tracking_number": numbers[1], "carrier": ""} == updates[-1]["shipping"]
        assert [True, *[False] * (len(updates) - 1)] == [each["notify"] for each in updates]


def test_number_that_is_said_again_is_the_newest() -> None:
    """Not the parcel that was first heard of last, but the number."""
    first, second, third = (
        said(EventType.SHIPPED, at_s, "warehouse", shipments=[{"id": id, "tracking_number": number}])
        for at_s, id, number in ((2, "a", "N1"), (3, "b", "N2"), (4, "a", "N3"))
    )
    assert ["N3"] == [each["shipping"]["tracking_number"] for each in told(PLACED, third, second, first)]


def test_parcel_without_a_number_hides_no_other_parcel_s() -> None:
    """It has none to tell."""
    parcels = said(EventType.SHIPPED, 2, "warehouse", shipments=[{"id": "a", "tracking_number": "N"}, {"id": "b"}])
    assert told(PLACED, parcels)[0]["shipping"] == {"tracking_number": "N", "carrier": ""}


def test_paid_is_never_told_after_done() -> None:
    """One status says where both the order and its money are: `paid` would take `done` back."""
    assert told(PLACED, SENT, PAID) == [DONE]
    assert told(PLACED, DONE_THERE, PAID) == []


@pytest.mark.parametrize("type", [EventType.CANCELLED, EventType.DELETED, EventType.REJECTED])
def test_cancelling_is_told_and_ends_it(type: EventType) -> None:
    """Also where a target refused the order for want of stock."""
    assert told(PLACED, said(type, 3, "warehouse"), SENT, PAID) == [{"status": "cancelled", "notify": True}]


def test_target_that_is_out_of_stock_takes_no_parcel_back() -> None:
    """It had the order again, by a redrive or late: the parcel is on its way, and the flag has a person look."""
    refused = said(EventType.REJECTED, 5, "warehouse", flags=["out-of-stock"])
    assert told(PLACED, SENT, refused) == [DONE]
    assert told(PLACED, DONE_THERE, refused) == []
    assert told(PLACED, refused) == [{"status": "cancelled", "notify": True}]


def test_order_of_another_shop_is_not_told() -> None:
    """Its number is some other order's there."""
    other = TargetSpec("api", "quickbutik", frozenset({"other"}))
    assert told(PLACED, PAID, SENT, target=other) == []


def test_shop_ends_with_the_same_status_whatever_the_order_of_arrival() -> None:
    """Messages of several systems overtake each other."""
    ends = {tuple(each["status"] for each in told(*order))[-1] for order in permutations([PLACED, PAID, SENT])}
    assert ends == {"done"}
    ends = {told(*order)[-1]["status"] for order in permutations([PLACED, PAID, SENT, CANCELLED])}
    assert ends == {"cancelled"}


def test_shop_s_api_speaks_for_its_own_shop_only() -> None:
    """Of two shops each has an API: what the one says is news to the other, and its orders are not there."""
    shops = [
        {"name": name, "platform": "quickbutik", "auth": AUTH, "fetch_from": f"{name}-api"} for name in ("one", "two")
    ]
    apis = [{"name": f"{shop['name']}-api", "kind": "quickbutik", **AWAY} for shop in shops]
    settings = Settings.model_validate({"sources": shops, "targets": apis})
    assert [spec_of(settings, each).own for each in settings.targets] == [{"one"}, {"two"}]
