"""Of two events at one time of their platform, the one that arrived later counts, wherever its webhook lies."""

import json
from datetime import timedelta
from typing import Any

import pytest

from projections.fold import fold
from streams import topics
from streams.platforms import RawWebhook, SourceConfig, platform_of
from streams.vocabulary import Order, OrderEvent, Origin
from tests.projections.events import NOW

MAPPED = {"items": "all", "event": "e", "order_id": "o", "order": {"note": "n"}}


def events(platform: str, document: Any, *, partition: int = 0, offset: int = 0, after_s: int = 0) -> list[OrderEvent]:
    """Of one webhook that came `after_s` after `NOW`."""
    options = MAPPED if platform == "mapping" else {}
    reader = platform_of(SourceConfig("erp", platform, "erp", frozenset({"erp"}), options))
    origin = Origin(topic=topics.webhooks("erp"), partition=partition, offset=offset)
    body, received_at = json.dumps(document).encode(), NOW + timedelta(seconds=after_s)
    found = reader.normalise(RawWebhook("erp", body, origin, f"r{partition}-{offset}", received_at))
    return [event for event in found if isinstance(event, OrderEvent)]


def order_of(*said: OrderEvent, key: str) -> Order:
    order: Order | None = None
    for event in said:
        if event.order_key == key:
            order = fold(order, event)
    assert order is not None
    return order


def snapshot(quantity: int, id: str = "1") -> dict[str, Any]:
    """CommerceOS stamps every snapshot of an order with the time when the order was made."""
    items = [{"product": {"identifiers": {"com.example.sku": "A"}}, "quantity": quantity}]
    return {"identifiers": {"key": id}, "status": ["Reserved"], "timestamp": "2026-01-01T00:00:00Z", "items": items}


@pytest.mark.parametrize("is_reversed", [False, True])
def test_later_batch_counts_though_its_partition_is_shorter(is_reversed: bool) -> None:
    """A batch about several orders lies in any partition, and offsets of two partitions say nothing of time."""
    first = events("commerceos", [snapshot(1), snapshot(1, "2")], partition=3, offset=1000)
    second = events("commerceos", [snapshot(5), snapshot(5, "2")], partition=7, offset=2, after_s=60)
    said = [*second, *first] if is_reversed else [*first, *second]
    assert [5, 5] == [int(order_of(*said, key=f"erp:{id}").lines[0].quantity) for id in ("1", "2")]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("last", [2, 3, 4, 5])
def test_later_item_of_one_batch_counts(last: int, is_reversed: bool) -> None:
    """They have one time and lie in one record: which of them won was left to their ids."""
    snapshots = events("commerceos", [snapshot(number) for number in range(1, last + 1)])
    notes = events("mapping", {"all": [{"e": "changed", "o": "1", "n": f"{number}"} for number in range(1, last + 1)]})
    if is_reversed:
        snapshots.reverse()
        notes.reverse()
    assert last == int(order_of(*snapshots, key="erp:1").lines[0].quantity)
    assert f"{last}" == order_of(*notes, key="erp:1").note
