"""The figures: what the contract's object has, and how the latencies are taken."""

import json
from dataclasses import replace

import pytest

from streams.demo.check import check
from streams.demo.collect import effect_of
from streams.demo.options import kill_points
from streams.demo.summary import latencies_ms, percentile, summarise
from streams.demo.webhook import SOURCES
from tests.demo.ideal import ideal

CONTRACT = [
    "accepted",
    "rejected",
    "events",
    "orders",
    "commands",
    "delivered",
    "dead_lettered",
    "duplicates_suppressed",
    "quarantined",
    "lost",
    "doubled",
    "seconds",
]


def test_the_json_object_is_the_contracts() -> None:
    """Exactly these keys, in this order, as numbers (DESIGN 5)."""
    document = json.loads(summarise(ideal(), [], 1.25).to_json())
    assert CONTRACT == list(document)
    assert {int, float} >= {type(value) for value in document.values()}


def test_lost_and_doubled_are_counts_of_findings() -> None:
    """Computed, not asserted."""
    evidence = ideal()
    spoilt = replace(evidence, effects=[*evidence.effects[2:], evidence.effects[-1]])
    findings = check(spoilt)
    summary = summarise(spoilt, findings, 1)
    assert (summary.lost, summary.doubled) == (
        sum(finding.verdict == "lost" for finding in findings),
        sum(finding.verdict == "doubled" for finding in findings),
    )
    assert summary.lost >= 2
    assert summary.doubled >= 1


def test_figures_add_up() -> None:
    """Every webhook is accepted or rejected, and repeats are those facts that were written more than once."""
    evidence = ideal()
    summary = summarise(evidence, [], 1)
    assert len(evidence.sent) == summary.accepted + summary.rejected + summary.unanswered
    assert len({event.id for event in evidence.events}) == summary.events - summary.duplicates_suppressed
    assert summary.duplicates_suppressed > 0
    assert len(evidence.commands) == summary.commands == summary.delivered


def test_latency_runs_from_the_answer_to_the_creation() -> None:
    """One figure per order that was created, none for updates."""
    evidence = ideal()
    created = [command for command in evidence.commands if command.type == "create_order"]
    fetched = sum(command.order_key.startswith("quickbutik:") for command in created)
    assert len(created) > len(latencies_ms(evidence)) >= len(created) - fetched - len(evidence.puts)
    # The perfect run answers webhook n at n s and has effect n at 1000 + n s.
    assert all(500_000 < latency <= 1_100_000 for latency in latencies_ms(evidence))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)], ids=lambda value: f"{value}"
)
def test_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    """A value that was measured, not one in between."""
    assert expected == percentile([float(value) for value in range(1, 101)], share)


def test_percentile_of_nothing() -> None:
    """A run without an order has no latency."""
    assert percentile([], 0.5) is None


def test_kills_are_spread_over_the_traffic() -> None:
    """Each falls into running traffic."""
    assert [25, 50, 75] == kill_points(100, 3)
    assert [] == kill_points(100, 0)


def test_amounts_of_an_effect_keep_their_digits() -> None:
    """Through a float 0.1 + 0.2 would be found lost."""
    line = (
        b'{"seq":1,"at":"2025-01-01T00:00:00+00:00","idempotency_key":"k","external_order_id":"o",'
        b'"body":{"total_amount":9007199254740993.10}}'
    )
    assert "9007199254740993.10" == str(effect_of(line).body["total_amount"])


def test_the_sources_shares_add_up() -> None:
    """What is shown by source is what is shown in all."""
    evidence = ideal()
    summary = summarise(evidence, [], 1)
    assert list(SOURCES) == [share.source for share in summary.shares]
    for name in ("accepted", "rejected", "quarantined", "orders"):
        assert getattr(summary, name) == sum(getattr(share, name) for share in summary.shares)
    assert len(evidence.raw) == summary.accepted + sum(share.fetched for share in summary.shares)
