"""One invariant: whatever the bytes, `identify` answers, and `normalise` gives right events or `Undecodable`."""

import json
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.platforms import PLATFORMS, Undecodable
from streams.vocabulary import OrderEvent
from tests.streams.platforms.cases import CASES, Case
from tests.streams.platforms.samples import payload, webhook

pytestmark = pytest.mark.parametrize("case", CASES, ids=lambda case: case.platform)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800")
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [path for key, one in inner for path in paths(one, (*at, key))]


def check(case: Case, body: bytes) -> None:
    """The invariant."""
    platform = PLATFORMS[case.platform]
    identity = platform.identify(body, {})
    try:
        events = platform.normalise(webhook(case.platform, body))
    except Undecodable as refusal:
        assert refusal.reason.replace("-", "").isalnum()
        return
    for event in events:
        assert event.order_key == f"{case.platform}:{identity.native_id}"
        assert event.platform_event == identity.event
        assert OrderEvent.from_json(event.to_json()) == event


@settings(deadline=None)
@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_and_any_json(case: Case, body: bytes) -> None:
    """Rubbish that raises anything else would be a failure without a reason, or would stop ingest."""
    check(case, body)


@settings(deadline=None)
@given(data=st.data())
def test_payload_with_anything_in_any_place(case: Case, data: st.DataObject) -> None:
    """Nearly right is where decoders break: a list for a name, null for an object, a float for an id."""
    document = json.loads(payload(case.platform, case.sample))
    for _ in range(data.draw(st.integers(1, 3))):
        if places := paths(document):  # anew each time: what was put in may have taken places away
            *way, last = data.draw(st.sampled_from(places))
            reduce(getitem, way, document)[last] = data.draw(VALUES)
    check(case, json.dumps(document).encode())


@settings(deadline=None)
@given(data=st.data())
def test_payload_with_damaged_bytes(case: Case, data: st.DataObject) -> None:
    """A body cut short or with bytes flipped on the way."""
    body = bytearray(payload(case.platform, case.sample))
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    check(case, bytes(body[: data.draw(st.integers(0, len(body)))]))
    check(case, bytes(body))
