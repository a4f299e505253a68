"""The checker: what was lost, what was doubled. Pure, and written without the code that it checks."""

from collections.abc import Iterator, Mapping

from streams.demo.check.effects import check_commands, check_effects
from streams.demo.check.fetched import check_fetched, check_polled
from streams.demo.check.finding import Finding, Verdict
from streams.demo.check.fulfilled import check_fulfilled
from streams.demo.check.kafka import check_facts, check_outcomes, check_receipts, check_versions
from streams.demo.check.state import check_states
from streams.demo.check.stock import check_stock
from streams.demo.check.target import check_records
from streams.demo.evidence import Evidence

__all__ = ["Finding", "Verdict", "check"]


def check(evidence: Evidence) -> list[Finding]:
    """Every loss and every doubling that the evidence shows, in the order of the path from webhook to effect."""
    return list(_findings(evidence))


def _findings(evidence: Evidence) -> Iterator[Finding]:
    yield from check_receipts(evidence)
    yield from check_polled(evidence)
    yield from check_fetched(evidence)
    yield from check_facts(evidence)
    yield from check_versions(evidence)
    yield from check_states(evidence)
    yield from check_commands(evidence)
    yield from check_effects(evidence)
    yield from check_outcomes(evidence)
    yield from check_records(evidence)
    yield from check_stock(evidence)
    yield from check_fulfilled(evidence)


def count(findings: list[Finding]) -> Mapping[Verdict, int]:
    """How many of each."""
    return {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
