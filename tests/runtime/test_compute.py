"""The pure part of a transaction."""

from collections.abc import Iterable

import pytest

from streams import topics
from streams.record import Output, Record
from streams.runtime.agent import Quarantine
from streams.runtime.compute import compute
from streams.runtime.state import MemoryStore, Overlay

SOURCE, OUT = "in", "out"


def _record(offset: int, value: bytes) -> Record:
    return Record(SOURCE, 3, offset, 0, b"key", value, (("ce_id", b"receipt"),))


def _step(record: Record, state: Overlay) -> Iterable[Output]:
    state.set(b"last", record.value or b"")
    yield Output(OUT, record.key, b"before")
    if record.value == b"refused":
        raise Quarantine("refused", "it says so")
    if record.value == b"broken":
        raise KeyError("secret content")
    if record.value == b"bloated":
        state.set(b"last", b"x" * 10_000)
    yield Output(OUT, record.key, b"after")


def _headers(output: Output) -> dict[str, bytes]:
    return dict(output.headers)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"refused", b"refused"), (b"broken", b"unprocessable"), (b"bloated", b"output-too-large")],
)
def test_failed_record_leaves_nothing_but_its_quarantine(value: bytes, reason: bytes) -> None:
    """Neither outputs made before the failure nor state changes of the failed record may survive."""
    records = [_record(7, b"good"), _record(8, value), _record(9, b"fine")]
    computed = compute(_step, records, MemoryStore(), record_bytes_max=5000)
    assert [OUT, OUT, topics.QUARANTINE, OUT, OUT] == [output.topic for output in computed.outputs]
    assert {b"last": b"fine"} == computed.changes
    assert 1 == computed.quarantined
    quarantined = computed.outputs[2]
    assert (b"key", value) == (quarantined.key, quarantined.value)
    headers = _headers(quarantined)
    assert (reason, b"in", b"3", b"8", b"receipt") == tuple(
        headers[name] for name in ("reason", "origin_topic", "origin_partition", "origin_offset", "ce_id")
    )


def test_error_text_of_an_unexpected_error_is_not_kept() -> None:
    """Exception texts quote what they choked on; customer data must not travel in headers."""
    computed = compute(_step, [_record(1, b"broken")], MemoryStore(), record_bytes_max=5000)
    assert b"KeyError" == _headers(computed.outputs[0])["message"]


def test_a_transaction_ends_before_it_outgrows_its_time_out() -> None:
    """One of gigabytes never commits in time, and would be made again after every restart."""
    records = [_record(offset, b"good") for offset in range(10)]
    computed = compute(_step, records, MemoryStore(), record_bytes_max=5000, bytes_max=50)
    assert (2, 4) == (computed.records, len(computed.outputs))
    rest = compute(_step, records[2:], MemoryStore(), record_bytes_max=5000)
    assert (8, 16) == (rest.records, len(rest.outputs))


def test_output_that_is_too_large_for_the_topic_is_caught_before_the_broker_does() -> None:
    """Sent, it would abort the same transaction after every restart."""
    computed = compute(
        lambda record, state: [Output(OUT, b"k", b"x" * 6000)], [_record(1, b"a")], MemoryStore(), record_bytes_max=5000
    )
    assert [topics.QUARANTINE] == [output.topic for output in computed.outputs]
