"""The dedupe window: longer than any sender's retries, and harmless where it ends."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import clocks
from projections.agents import fold_step
from projections.clocks import SEEN_MAX
from projections.fold import fold
from streams import topics
from streams.platforms import selldone
from streams.record import Output, Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Order, OrderEvent
from tests.projections.events import event_sets, histories, selldone_event
from tests.streams.platforms.samples import event as sample
from tests.streams.platforms.samples import payload, webhook

# How long after the first delivery a sender may send the same again, and where that is said.
SPANS = {
    "duda: at most 4 retries, the last after 300 to 520 s (vendor's page on webhooks)": timedelta(seconds=520),
    "standard-webhooks: the specification's example schedule, ten attempts": timedelta(hours=75, minutes=35, seconds=5),
    "selldone: 'several times' (seed 004); no span is told": timedelta(days=30),
    "quickbutik: not told; pings are alike for ever, and are no repeats of each other": timedelta(days=30),
    "apicbase: no retry of an error (seed 001); polled again from its position": timedelta(days=30),
    "commerceos: the same snapshot with each run, for as long as it is told to": timedelta(days=365),
    "an operator who resends by hand, or a replay of the raw topic": timedelta(days=10 * 365),
}
SETTINGS = Settings.model_validate(
    {
        "sources": [
            {
                "name": name,
                "platform": name,
                "tracks_stock": True,
                "auth": {"scheme": "token", "secrets": ["env:T"]},
            }
            for name in ("selldone", "duda")
        ],
        "targets": [
            {"name": "one", "kind": "external", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}},
        ],
        "routes": [{"from": ["selldone", "duda"], "to": ["one"]}],
    }
)


def news(count: int) -> list[OrderEvent]:
    return [selldone_event("OrderConfirm", {"price": n}, at_s=n, offset=n) for n in range(count)]


def folded(events: list[OrderEvent]) -> Order:
    order: Order | None = None
    for event in events:
        order = fold(order, event)
    assert order is not None
    return order


class Agent:
    """The fold agent as a pure step."""

    def __init__(self) -> None:
        self.step, self.orders = fold_step(SETTINGS), Overlay(MemoryStore())

    def take(self, *events: OrderEvent) -> list[Output]:
        records = [Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json()) for event in events]
        return [output for record in records for output in self.step(record, self.orders)]


@pytest.mark.parametrize("sender", SPANS)
def test_repeat_after_the_senders_longest_span_is_suppressed(sender: str) -> None:
    """The window is by count: however late the same bytes come again, the event is the same, and known."""
    body = payload("selldone", "checkout-order")
    first = sample("selldone", body)
    raw = webhook("selldone", body, offset=999)
    (repeat,) = selldone.normalise(replace(raw, received_at=raw.received_at + SPANS[sender], receipt="another"))
    assert repeat.received_at - first.received_at == SPANS[sender]
    order = folded([first])
    assert fold(order, repeat) is order


def test_repeat_with_511_other_events_in_between_is_suppressed() -> None:
    """Busier than any order is."""
    events = news(SEEN_MAX)
    order = folded(events)
    assert all(fold(order, event) is order for event in (events[0], events[1], events[-1]))
    assert order.version == SEEN_MAX


def test_window_of_seen_events_is_bounded() -> None:
    """A busy order must not grow without end."""
    order = folded(news(SEEN_MAX + 3))
    assert (len(order.bookkeeping.seen), order.version) == (SEEN_MAX, SEEN_MAX + 3)


def test_repeat_of_what_the_window_forgot_changes_nothing_at_all() -> None:
    """Neither the state nor the version: nothing is written, commanded or moved."""
    events = news(SEEN_MAX + 3)
    order = folded(events)
    assert events[0].id not in {clock[3] for clock in order.bookkeeping.seen}
    assert fold(order, events[0]) is order


def test_old_event_with_news_is_taken_when_the_window_is_full() -> None:
    """Too old to be remembered is not too old to be told: only it knows the address."""
    order = folded(news(SEEN_MAX))
    late = selldone_event("CheckoutOrder", {"receiver_info": {"address": "1 Main St"}}, at_s=-9, offset=9999)
    after = fold(order, late)
    assert after.shipping_address is not None
    assert (after.shipping_address.line1, after.version) == ("1 Main St", SEEN_MAX + 1)
    assert fold(after, late) is after


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whole_history_again_changes_nothing_however_small_the_window(data: st.DataObject) -> None:
    """What the window forgot is harmless: the fold is idempotent without it. Shown with a window of one to three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "SEEN_MAX", data.draw(st.integers(1, 3)))
        events = data.draw(event_sets(deliveries=False))
        agent = Agent()
        agent.take(*data.draw(histories(events)))
        before = dict(agent.orders.changes)
        outputs = agent.take(*data.draw(st.permutations(events)))
        assert (outputs, agent.orders.changes) == ([], before)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_small_window_leaves_the_same_order_but_for_its_count(data: st.DataObject) -> None:
    """With the window out of the way the joins alone must make the order of arrival not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "SEEN_MAX", 1)
        events = data.draw(event_sets())
        ends = [folded(list(data.draw(histories(events)))) for _ in range(2)]
        same = [end.model_copy(update={"version": 0}) for end in ends]
        assert [] == [pair for pair in pairwise(same) if pair[0].to_json() != pair[1].to_json()]
