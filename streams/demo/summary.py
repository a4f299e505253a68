"""The figures of one run, computed from the evidence. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil

from streams.demo.check import Finding, Verdict
from streams.demo.evidence import Evidence
from streams.demo.model import read
from streams.vocabulary import CommandType, OutcomeResult

CONTRACT = (
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
)


@dataclass(frozen=True, slots=True)
class Summary:
    """`seconds`: from the first webhook to the last part at rest. Latencies: None where nothing was created."""

    accepted: int
    rejected: int
    unanswered: int
    events: int
    orders: int
    commands: int
    delivered: int
    dead_lettered: int
    duplicates_suppressed: int
    repeats_at_target: int
    quarantined: int
    lost: int
    doubled: int
    seconds: float
    latency_ms_p50: float | None
    latency_ms_p99: float | None

    def to_json(self) -> str:
        """The object of the contract (DESIGN 5), on one line."""
        figures = asdict(self)
        return json.dumps({name: figures[name] for name in CONTRACT})


def summarise(evidence: Evidence, findings: Sequence[Finding], seconds: float) -> Summary:
    """All figures. A duplicate was suppressed where an event was written again and its order took it only once."""
    results = [outcome.result for _, outcome in evidence.outcomes]
    latencies = sorted(latencies_ms(evidence))
    return Summary(
        accepted=sum(sent.is_accepted for sent in evidence.sent),
        rejected=sum(sent.is_rejected for sent in evidence.sent),
        unanswered=sum(not sent.is_accepted and not sent.is_rejected for sent in evidence.sent),
        events=len(evidence.events),
        orders=len(evidence.states),
        commands=len(evidence.commands),
        delivered=results.count(OutcomeResult.DELIVERED),
        dead_lettered=len(evidence.deadletters),
        duplicates_suppressed=len(evidence.events) - len({event.id for event in evidence.events}),
        repeats_at_target=evidence.repeats_at_target,
        quarantined=len(evidence.quarantine),
        lost=sum(finding.verdict is Verdict.LOST for finding in findings),
        doubled=sum(finding.verdict is Verdict.DOUBLED for finding in findings),
        seconds=round(seconds, 1),
        latency_ms_p50=percentile(latencies, 0.50),
        latency_ms_p99=percentile(latencies, 0.99),
    )


def latencies_ms(evidence: Evidence) -> list[float]:
    """Per order: from ingest's answer to the webhook that placed it to the moment at which the target created it."""
    answered = _placed_at_s(evidence)
    created = {
        command.id: command.order_key for command in evidence.commands if command.type is CommandType.CREATE_ORDER
    }
    return [
        max(0.0, (effect.at_s - answered[created[effect.idempotency_key]]) * 1000)
        for effect in evidence.effects
        if effect.idempotency_key in created and created[effect.idempotency_key] in answered
    ]


def _placed_at_s(evidence: Evidence) -> Mapping[str, float]:
    placed: dict[str, float] = {}
    for sent in evidence.sent:
        told = read(sent.webhook.source, sent.webhook.body) if sent.is_accepted else None
        if told is not None and told.is_placing:
            placed[told.order_key] = min(sent.answered_at_s, placed.get(told.order_key, sent.answered_at_s))
    return placed


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of all values do not exceed (nearest rank). `ordered` ascends."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None
