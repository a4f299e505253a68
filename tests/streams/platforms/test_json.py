"""The one JSON reader: exact, deterministic, and with a stable reason for whatever it refuses."""

from decimal import Decimal

import pytest

from streams.platforms import Undecodable
from streams.platforms.json import DEPTH_MAX, decode


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


REFUSED = [
    (b'{"a":"\xff"}', "not-utf-8"),
    (b"", "not-json"),
    (b"{", "not-json"),
    (b"{'a':1}", "not-json"),
    (b"[]", "not-an-object"),
    (b"17", "not-an-object"),
    (b'{"a":NaN}', "not-finite"),
    (b'{"a":-Infinity}', "not-finite"),
    (b'{"a":' + b"9" * 5000 + b"}", "number-too-long"),
    (b'{"a":0.' + b"9" * 5000 + b"}", "number-too-long"),
    (b'{"a":1e99999999999999999999}', "number-too-long"),
    (b'{"a":1e900000}', "number-too-long"),
    (b'{"a":-1E-900000}', "number-too-long"),
    (b'{"a":0e900000}', "number-too-long"),
    (b'{"a":"\\ud800"}', "lone-surrogate"),
    (b'{"\\uDC00":1}', "lone-surrogate"),
    (nested(DEPTH_MAX + 1), "too-deep"),
    (nested(100_000), "too-deep"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=lambda value: str(value)[:24])
def test_rubbish_is_refused_for_a_stable_reason(body: bytes, reason: str) -> None:
    """Anything but `Undecodable` would be an unknown failure, and its record quarantined without a reason."""
    with pytest.raises(Undecodable) as refusal:
        decode(body)
    assert refusal.value.reason == reason


def test_depth_up_to_the_bound_is_read() -> None:
    """A bound that is off by one refuses what it promises to take."""
    assert isinstance(decode(nested(DEPTH_MAX)), dict)


def test_depth_does_not_depend_on_the_stack_of_the_caller() -> None:
    """Python's own limit counts the caller's frames: the same record would pass today and fail on replay."""

    def deep(frames: int) -> str:
        if frames:
            return deep(frames - 1)
        with pytest.raises(Undecodable) as refusal:
            decode(nested(DEPTH_MAX + 1))
        decode(nested(DEPTH_MAX))
        return refusal.value.reason

    assert {deep(0), deep(600)} == {"too-deep"}


def test_numbers_are_exact() -> None:
    """A float turns 19.99 into 19.989999999999998 and 2^63 + 1 into another order."""
    assert decode(b'{"a":19.99,"b":9223372036854775809}') == {"a": Decimal("19.99"), "b": 9223372036854775809}
    assert type(decode(b'{"a":1.0}')["a"]) is Decimal


def test_last_of_duplicate_keys_wins_and_pairs_of_surrogates_pass() -> None:
    """Both are in real payloads: the seed's invoice number, and every emoji."""
    assert decode(b'{"a":1,"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_byte_order_mark_is_let_pass() -> None:
    """Some senders put one in front; it is not part of the document."""
    assert decode(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
