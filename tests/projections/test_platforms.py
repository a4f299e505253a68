"""One invariant, for every platform: its webhooks in whatever order and however often leave the same order.

The events are made from the contract suite's samples and changes, so a platform that has a case is in here too.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.agents import fold_step
from streams import topics
from streams.platforms import RawWebhook, Undecodable
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Order, OrderEvent
from tests.projections.events import folded, histories
from tests.streams.platforms.case import Case
from tests.streams.platforms.cases import CASES

AUTH = {"scheme": "token", "secrets": ["env:T"]}


def webhooks(case: Case) -> Iterator[RawWebhook]:
    """The sample, changed in every way of which its platform has one."""
    changes = (
        *(case.unknown_event, case.odd_descriptions, case.without_time, case.null_total, case.without_total),
        *(case.exact_total, *case.bad_amounts),
    )
    yield case.webhook()
    if not case.has_ids:  # the same again is another event
        yield from (case.webhook(), case.webhook())
    for change in changes:
        if change is not None:
            yield case.webhook(case.body(change))
    if case.saying is not None:
        for word in case.module.EVENTS:
            yield case.saying(case, word)


def events(case: Case) -> tuple[OrderEvent, ...]:
    return _read(str(case))


@cache
def _read(name: str) -> tuple[OrderEvent, ...]:
    """Those of them that can be read and are of the sample's order, each once, in the order of their offsets."""
    (case,) = (case for case in CASES if str(case) == name)
    key, found = case.event().order_key, dict[str, OrderEvent]()
    for offset, raw in enumerate(webhooks(case)):
        lying = replace(raw, origin=raw.origin.model_copy(update={"offset": offset}), receipt=f"r{offset}")
        try:
            read = case.module.normalise(lying)
        except Undecodable:
            continue
        found.update((each.id, each) for each in read if isinstance(each, OrderEvent) and each.order_key == key)
    return tuple(found.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_has_events_that_meet(case: Case) -> None:
    """A single event has one order of arrival only: the property below would hold of nothing."""
    assert len(events(case)) >= 2


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_history_of_a_platforms_events_leaves_the_same_order(case: Case, data: st.DataObject) -> None:
    """Late, twice and out of order is how every one of them sends."""
    some = data.draw(st.lists(st.sampled_from(events(case)), min_size=1, max_size=7, unique_by=lambda one: one.id))
    first, second = (folded(*data.draw(histories(some))) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert first.version == len(some)


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_history_leaves_the_stock_where_it_ends(case: Case, data: st.DataObject) -> None:
    """Any source may be told to move the stock: what its orders hold at the end is what was moved for them."""
    made = Settings.model_validate(
        {"sources": [{"name": case.platform, "platform": case.platform, "auth": AUTH, "tracks_stock": True}]}
    )
    some = data.draw(st.lists(st.sampled_from(events(case)), min_size=1, max_size=6, unique_by=lambda one: one.id))
    ends = []
    for _ in range(2):
        step, orders = fold_step(made), Overlay(MemoryStore())
        for event in data.draw(histories(some)):
            list(step(Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json()), orders))
        order = Order.from_json(orders.get(some[0].order_key.encode()) or b"")
        ends.append((order.bookkeeping.taken, order.flags, order.status))
    assert ends[0] == ends[1]
