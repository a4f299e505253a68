"""One invariant: whatever the bytes, `identify` and `validate` answer, `normalise` gives right events or refuses."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.platforms import BadItem, Undecodable
from streams.vocabulary import OrderEvent
from tests.streams.platforms.case import Case
from tests.streams.platforms.cases import CASES

every_case = pytest.mark.parametrize("case", CASES, ids=str)
with_a_body = pytest.mark.parametrize("case", [case for case in CASES if case.sample], ids=str)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800")
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
# As HTTP hands it over: the text of a query string is UTF-8.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=210)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [path for key, one in inner for path in paths(one, (*at, key))]


def check(case: Case, body: bytes, query: Mapping[str, str] | None = None) -> None:
    """The invariant."""
    query = case.query if query is None else query
    identity = case.module.identify(body, query)
    for problem in case.module.validate(body, query):
        assert problem.message
    try:
        events = case.module.normalise(replace(case.webhook(body), query=query))
    except Undecodable as refusal:
        assert refusal.reason.replace("-", "").isalnum()
        return
    for event in events:
        if isinstance(event, BadItem):
            assert event.reason.replace("-", "").isalnum()
            continue
        assert OrderEvent.from_json(event.to_json()) == event
        if len(events) == 1:
            assert event.order_key == (identity.order_key or f"{case.platform}:{identity.native_id}")
            assert event.platform_event == identity.event


@every_case
@settings(deadline=None)
@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_and_any_json(case: Case, body: bytes) -> None:
    """Rubbish that raises anything else would be a failure without a reason, or would stop ingest."""
    check(case, body)


@every_case
@settings(deadline=None)
@given(data=st.data())
def test_any_query(case: Case, data: st.DataObject) -> None:
    """A query string is as little to be trusted as a body."""
    known = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(case.query, TEXTS)))
    check(case, case.body(), {**known, **data.draw(st.dictionaries(TEXTS, TEXTS, max_size=2))})


@with_a_body
@settings(deadline=None)
@given(data=st.data())
def test_payload_with_anything_in_any_place(case: Case, data: st.DataObject) -> None:
    """Nearly right is where decoders break: a list for a name, null for an object, a float for an id."""
    document = json.loads(case.body())
    for _ in range(data.draw(st.integers(1, 3))):
        if places := paths(document):  # anew each time: what was put in may have taken places away
            *way, last = data.draw(st.sampled_from(places))
            reduce(getitem, way, document)[last] = data.draw(VALUES)
    check(case, json.dumps(document).encode())


@with_a_body
@settings(deadline=None)
@given(data=st.data())
def test_payload_with_damaged_bytes(case: Case, data: st.DataObject) -> None:
    """A body cut short or with bytes flipped on the way."""
    body = bytearray(case.body())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    check(case, bytes(body[: data.draw(st.integers(0, len(body)))]))
    check(case, bytes(body))
