"""Routes with a date: whose orders go, whose do not, and that none is broken off half way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from projections.agents import fold_step
from projections.clocks import SEEN_MAX
from streams import topics
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, OrderEvent
from tests.projections.events import duda_event, selldone_event

AUTH = {"scheme": "token", "secrets": ["env:SECRET"]}
# Selldone's orders of these tests say nothing of when they were placed: their oldest event is at noon of this day.
DAY = datetime(2024, 9, 30, 12, tzinfo=UTC)


def settings(*routes: dict[str, Any]) -> Settings:
    target = {"base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
    return Settings.model_validate(
        {
            "sources": [{"name": name, "platform": name, "auth": AUTH} for name in ("duda", "selldone")],
            "targets": [
                {"name": name, "kind": kind, **target}
                for name, kind in (("one", "external"), ("two", "external"), ("stock", "inventory"))
            ],
            "routes": list(routes),
        }
    )


def told(made: Settings, *events: OrderEvent, orders: Overlay | None = None) -> list[tuple[str, str]]:
    """(target, type) of every command, in order."""
    step, table = fold_step(made), orders or Overlay(MemoryStore())
    records = [Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json()) for event in events]
    outputs = [output for record in records for output in step(record, table)]
    commands = [Command.from_json(each.value or b"") for each in outputs if each.topic != topics.MOVEMENTS]
    return [(command.target, str(command.type)) for command in commands]


def route(*to: str, since: datetime | None = None, source: str = "selldone") -> dict[str, Any]:
    return {"from": [source], "to": list(to), "since": since}


def placed(at_s: int = 0, price: str = "10") -> OrderEvent:
    return selldone_event("CheckoutOrder", {"price": price}, at_s)


@pytest.mark.parametrize(
    ("since", "goes"), [(None, True), (DAY, True), (DAY + timedelta(seconds=1), False), (DAY - timedelta(days=1), True)]
)
def test_an_order_goes_from_the_date_on(since: datetime | None, goes: bool) -> None:
    """One at that very moment goes."""
    assert told(settings(route("one", since=since)), placed()) == [("one", "create_order")] * goes


def test_a_late_event_of_an_old_order_does_not_pull_it_in() -> None:
    """What a new route is set with a date for."""
    since = DAY + timedelta(seconds=5)
    assert told(settings(route("one", since=since)), placed(), placed(at_s=10, price="11")) == []
    assert told(settings(route("one", since=since)), placed(at_s=10, price="11"), placed()) == [("one", "create_order")]


def test_what_the_window_has_forgotten_still_says_how_old_an_order_is() -> None:
    """A very talkative old order must not look like a new one."""
    orders, made = Overlay(MemoryStore()), settings(route("one", since=DAY + timedelta(seconds=5)))
    later = [placed(at_s=10 + number, price=str(number)) for number in range(SEEN_MAX + 8)]
    assert told(made, placed(), *later, orders=orders) == []


def test_an_order_that_is_there_is_not_broken_off_by_a_later_date() -> None:
    """Its changes still go, although it would not be sent today."""
    orders = Overlay(MemoryStore())
    assert told(settings(route("one")), placed(), orders=orders) == [("one", "create_order")]
    later = settings(route("one", "two", since=DAY + timedelta(days=1)))
    assert told(later, placed(at_s=5, price="11"), orders=orders) == [("one", "update_order")]


def test_each_target_has_its_own_date_and_the_earliest_of_its_routes_counts() -> None:
    late, early = DAY + timedelta(days=1), DAY - timedelta(days=1)
    assert told(settings(route("one", since=late), route("two")), placed()) == [("two", "create_order")]
    assert told(settings(route("one", since=late), route("one", since=early)), placed()) == [("one", "create_order")]
    assert told(settings(route("one", since=late), route("one")), placed()) == [("one", "create_order")]


def test_what_the_platform_says_of_its_placing_counts_more_than_its_events() -> None:
    """An import of old orders brings them with events of today."""
    imported = selldone_event("CheckoutOrder", {"price": "10", "created_at": "2023-01-01T00:00:00Z"})
    before = settings(route("one", since=DAY - timedelta(days=30)))
    assert told(before, imported) == []
    assert told(before, placed()) == [("one", "create_order")]


@pytest.mark.parametrize(("days", "moves"), [(-1, 1), (1, 0)])
def test_stock_moves_by_the_same_date(days: int, moves: int) -> None:
    created = duda_event("ECOMM_ORDER_CREATED", {"items": [{"product_id": "plate", "quantity": 2}]})
    since = created.occurred_at + timedelta(days=days)
    found = told(settings(route("stock", since=since, source="duda")), created)
    assert found == [("stock", "move_stock")] * moves
