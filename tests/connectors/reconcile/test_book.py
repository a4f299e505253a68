"""Our side of a comparison: `orders.state` on a real broker."""

import asyncio
from datetime import UTC, datetime, timedelta

from connectors.deadletters.log import Log
from connectors.reconcile.book import changed_since, read_book
from projections.commerceos import CREATE
from projections.spec import TargetSpec
from streams import topics
from streams.vocabulary import Order
from tests.connectors.reconcile.scene import Made
from tests.connectors.reconcile.test_compare import MAPPING
from tests.kafka import SHARED_PARTITIONS, create_topics, produce, unique_name

NOW = datetime.now(UTC)


async def test_the_book_has_the_orders_of_the_sources_as_they_are_now(kafka: str) -> None:
    """Each in its last state; those that are gone, are older, or are another source's are not compared."""
    create_topics(kafka, [topics.STATE], SHARED_PARTITIONS, cleanup_policy="compact")
    source = unique_name("shop")
    target = TargetSpec("site", "commerceos", frozenset(), MAPPING)

    def order(number: int, shop: str = source, created: str = "delivered", **changes: object) -> Order:
        return Made("site", shop, number, {CREATE: created}).order.updated(changes)

    old = {"placed_at": NOW - timedelta(days=9)}
    untold = {"placed_at": None, "updated_at": NOW}
    states = [
        *(order(1, created="pending"), order(1), order(2, **old), order(3, **untold), order(4)),
        *(order(5, f"{source}-2"), order(6, f"{source}x")),
    ]
    gone, bad = f"{source}:4".encode(), f"{source}:7".encode()
    records = [(each.key.encode(), each.to_json()) for each in states]
    await asyncio.to_thread(produce, kafka, topics.STATE, [*records, (gone, None), (bad, b"{")])
    with Log(kafka) as log:
        book = read_book(log, target, [source], NOW - timedelta(days=7))
        assert {f"{source}:1", f"{source}:3"} == set(book.orders)
        assert book.orders[f"{source}:1"].is_created, "its last state"
        assert {f"{source}:{number}" for number in (1, 2, 3, 7)} == book.known
        assert book.unreadable == 1
        assert {f"{source}:{number}" for number in (1, 2, 3)} == set(read_book(log, target, [source], None).orders)
        asked = [f"{source}:1", f"{source}:3"]
        assert frozenset() == changed_since(log, book.ends, asked)
        await asyncio.to_thread(produce, kafka, topics.STATE, [(asked[0].encode(), states[0].to_json())])
        assert {asked[0]} == changed_since(log, book.ends, asked)
