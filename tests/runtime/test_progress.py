"""A long restore says how far it is: in the log, for whoever waits, and as a metric."""

import pytest
import structlog
from prometheus_client import REGISTRY

from streams.runtime import partition
from streams.runtime.changelog import Progress


def test_rate_and_remaining_time_follow_from_what_was_read() -> None:
    """A restore that has read nothing yet knows no end, and must not divide by nothing."""
    half = Progress(records=1000, remaining=500, seconds=2.0)
    assert (500.0, 1.0) == (half.per_second, half.eta_s)
    none = Progress(records=0, remaining=500, seconds=0.0)
    assert (0.0, float("inf")) == (none.per_second, none.eta_s)


def test_restore_tells_records_rate_and_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of silence after a start look like a worker that hangs."""
    monkeypatch.setattr(partition, "PROGRESS_EVERY_S", 0.0)
    report = partition._RestoreReport("some-table", 3, ("progress-input", "3"))
    with structlog.testing.capture_logs() as lines:
        report(Progress(records=1000, remaining=500, seconds=2.0))
    (line,) = lines
    told = {"topic": "some-table", "partition": 3, "records": 1000, "records_per_s": 500, "eta_s": 1.0}
    assert told == {name: line[name] for name in told}
    labels = {"topic": "progress-input", "partition": "3"}
    assert 1000.0 == REGISTRY.get_sample_value("orderlog_restored_records", labels)
    assert 500.0 == REGISTRY.get_sample_value("orderlog_restore_remaining_offsets", labels)
