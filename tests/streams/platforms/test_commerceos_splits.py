"""One invariant: however a set of CommerceOS' snapshots is spread over bodies, it leaves the same orders.

Bodies are single objects, lists, NDJSON, and NDJSON of both; items come again, and in any order.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.fold import fold
from streams.platforms import BadItem, SourceConfig, Undecodable, platform_of
from streams.vocabulary import Order
from tests.streams.platforms.samples import RECEIVED_AT, payload, webhook

PLATFORM = platform_of(SourceConfig("commerceos", "commerceos", "commerceos", frozenset({"commerceos", "duda"})))
ORDER = json.loads(payload("commerceos", "order-new"))
RUBBISH = [
    b"{",
    b"7",
    b'{"orderId":"1","status":[NaN]}',
    b'{"a":"\\ud800"}',
    b"\xff",
    b'{"orderId":null,"status":"New"}',
]

Item = dict[str, Any]
IDS = st.sampled_from(["duda:site/1", "commerceos:2", "3"])
TIMES = st.sampled_from(["2024-12-15T14:30:00Z", "2024-12-15T14:31:00Z"])
STATUSES = st.sampled_from([["New"], ["Reserved"], ["Committed"], ["Committed", "Fulfilled"], ["Cancelled"], ["Odd"]])
PARCELS = st.sampled_from(["New", "PartiallyReleased", "Released", "Transiting", "PartiallyAcquired", "Acquired"])


def _status(id: str, status: list[str], time: str) -> Item:
    return {"orderId": id, "status": status, "timestamp": time}


def _shipment(id: str, number: int, status: str, told: bool) -> Item:
    url = f"https://tracking.example.com/{number}" if told else None
    return {"shipmentId": number, "orderId": id, "status": [status], "trackingUrl": url}


def _whole(id: str, status: list[str], time: str) -> Item:
    """What is in it hangs on its time and status: nothing could order two that differ and have both the same."""
    return {
        **ORDER,
        "identifiers": {"com.acme.order-id": id, "key": "db"},
        "status": status,
        "timestamp": time,
        "totalAmount": f"{len(time)}.{len(status[0])}",
    }


ITEMS = st.lists(
    st.one_of(
        st.builds(_status, IDS, STATUSES, TIMES),
        st.builds(_shipment, IDS, st.integers(1, 2), PARCELS, st.booleans()),
        st.builds(_whole, IDS, STATUSES, TIMES),
    ),
    min_size=1,
    max_size=8,
)


@st.composite
def bodies(draw: st.DrawFn, items: Sequence[Item]) -> list[bytes]:
    """The items in this order, cut anywhere into bodies of any shape."""
    left, found = [json.dumps(item).encode() for item in items], []
    while left:
        size = draw(st.integers(1, len(left)))
        part, left = left[:size], left[size:]
        as_list, half = b"[" + b", ".join(part) + b"]", len(part) // 2
        mixed = b"\n".join([*part[:half], b"[" + b",".join(part[half:]) + b"]"])
        shapes = [as_list, b"\n".join(part) + b"\n", mixed, *([part[0]] if size == 1 else [])]
        found.append(draw(st.sampled_from(shapes)))
    return found


def orders(received: Sequence[bytes], seconds_apart: int = 0) -> dict[str, Any]:
    """The orders that the bodies leave, without what tells of their arrival."""
    held: dict[str, Order] = {}
    for offset, body in enumerate(received):
        at = RECEIVED_AT + timedelta(seconds=offset * seconds_apart)
        for event in PLATFORM.normalise(replace(webhook("commerceos", body, offset), received_at=at)):
            assert not isinstance(event, BadItem)
            held[event.order_key] = fold(held.get(event.order_key), event)
    return {key: order.model_dump(exclude={"bookkeeping", "updated_at"}) for key, order in held.items()}


@settings(max_examples=120, deadline=None)
@given(data=st.data(), items=ITEMS)
def test_any_split_of_any_permutation_with_repeats_leaves_the_same_orders(
    data: st.DataObject, items: list[Item]
) -> None:
    """CommerceOS chooses its pages and pushes what it has pushed before; what an order is must not depend on it."""
    expected = orders([json.dumps(items).encode()])
    again = data.draw(st.permutations([*items, *data.draw(st.lists(st.sampled_from(items), max_size=4))]))
    assert expected == orders(data.draw(bodies(again)))


@settings(max_examples=80, deadline=None)
@given(data=st.data(), items=ITEMS)
def test_the_same_over_time_with_old_snapshots_coming_again(data: st.DataObject, items: list[Item]) -> None:
    """A shipment has no time of its own, so that of its receipt counts: a repeat must not pass for news."""
    history: list[Item] = []
    for number, item in enumerate(items):
        history += [item, *data.draw(st.lists(st.sampled_from(items[: number + 1]), max_size=2))]
    each_once = [json.dumps(item).encode() for item in items]
    assert orders(each_once, 60) == orders([json.dumps(item).encode() for item in history], 60)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), items=ITEMS, rubbish=st.lists(st.sampled_from(RUBBISH), min_size=1, max_size=3))
def test_rubbish_between_the_items_changes_none_of_them(
    data: st.DataObject, items: list[Item], rubbish: list[bytes]
) -> None:
    """A bad item costs itself and nothing else, wherever it stands."""
    lines = data.draw(st.permutations([*[json.dumps(item).encode() for item in items], *rubbish]))
    found = PLATFORM.normalise(webhook("commerceos", b"\n".join(lines)))
    good = PLATFORM.normalise(webhook("commerceos", json.dumps(items).encode()))
    assert {event.id for event in good if not isinstance(event, BadItem)} == {
        event.id for event in found if not isinstance(event, BadItem)
    }
    bad = [lines[item.index] for item in found if isinstance(item, BadItem)]
    assert sorted(rubbish) == sorted(bad)


@settings(max_examples=80, deadline=None)
@given(lines=st.lists(st.sampled_from(RUBBISH) | st.binary(max_size=40), max_size=5))
def test_rubbish_alone_ends_in_a_refusal_or_in_bad_items(lines: list[bytes]) -> None:
    """Anything else would be a failure without a reason."""
    body = b"\n".join(lines)
    PLATFORM.identify(body, {})
    try:
        found = PLATFORM.normalise(webhook("commerceos", body))
    except Undecodable as refusal:
        assert refusal.reason
    else:
        assert all(isinstance(item, BadItem) for item in found)
