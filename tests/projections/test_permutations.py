"""One invariant: the same events, in whatever order and however often they come, leave the same order."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.fold import fold
from streams.vocabulary import Order, OrderEvent
from tests.projections.events import event_sets, folded, histories


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_history_of_the_same_events_leaves_the_same_order(data: st.DataObject) -> None:
    """Platforms send late, twice and out of order; what an order is must not depend on it."""
    events = data.draw(event_sets())
    expected = folded(*events)
    assert folded(*data.draw(histories(events))).to_json() == expected.to_json()
    assert expected.version == len(events)


@settings(max_examples=60, deadline=None)
@given(events=event_sets().map(lambda events: events[:4]))
def test_every_permutation_leaves_the_same_order(events: list[OrderEvent]) -> None:
    """The same, with nothing left to chance for small sets."""
    assert len({folded(*order).to_json() for order in permutations(events)}) == 1


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_history_cut_by_restarts_leaves_the_same_order(data: st.DataObject) -> None:
    """Between two events an order is JSON in a topic; what JSON loses would make a restart show."""
    history = data.draw(event_sets().flatmap(histories))
    order: Order | None = None
    for event in history:
        read = OrderEvent.from_json(event.to_json())
        order = fold(None if order is None else Order.from_json(order.to_json()), read)
    assert order == folded(*history)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_repeat_gives_back_the_very_same_order(data: st.DataObject) -> None:
    """A repeat that makes a new object would be written, counted, and decided upon again."""
    events = data.draw(event_sets())
    order = folded(*events)
    assert fold(order, data.draw(st.sampled_from(events))) is order
