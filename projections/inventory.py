"""The stock agent: `inventory.movements` → the table `inventory.state`."""

from collections.abc import Iterable

from pydantic import ValidationError

from projections import stock
from streams import cloudevents, topics
from streams.receipt import with_receipt
from streams.record import Output, Record
from streams.runtime.agent import Agent, Quarantine, stepwise
from streams.runtime.state import Overlay
from streams.settings.model import Settings, Source
from streams.vocabulary import Movement, Stock

NAME = "stock"
ORIGIN = "/projections/stock"
# The `ce_type` of a movement.
MOVED = "stock.moved"


def agent() -> Agent:
    """For `orderlog streams`."""
    return stepwise(NAME, topics.MOVEMENTS, step, table=topics.STOCK)


def step(record: Record, products: Overlay) -> Iterable[Output]:
    """One movement into its product's stock; one that is in it already (an offset was reset) changes nothing.

    Quarantines what is not a movement (`not-a-movement`) or lies under another key than its product's (`misplaced`).
    """
    try:
        movement = Movement.from_json(record.value or b"")
    except ValidationError as error:
        raise Quarantine("not-a-movement", f"{error.error_count()} fields are not as a movement's") from None
    key = movement.product_key.encode()
    if record.key != key:
        raise Quarantine("misplaced", "the record's key is not the movement's product_key")
    held = products.get(key)
    before = None if held is None else Stock.from_json(held)
    after = stock.add(before, movement, record.offset)
    if after is not before:
        products.set(key, after.to_json())
    return ()


def tracked(settings: Settings) -> frozenset[str]:
    """The sources whose orders move the stock."""
    return frozenset(source.name for source in settings.sources if _is_tracked(source))


def output(movement: Movement) -> Output:
    """The record of a movement."""
    headers = cloudevents.headers(id=movement.id, source=ORIGIN, type=MOVED, time=movement.at)
    return Output(
        topics.MOVEMENTS,
        movement.product_key.encode(),
        movement.to_json(),
        with_receipt(headers, movement.receipt),
    )


def _is_tracked(source: Source) -> bool:
    return source.platform in stock.TRACKED_PLATFORMS if source.tracks_stock is None else source.tracks_stock
