"""The figures of one run, computed from the evidence. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from streams import topics
from streams.demo.check import Finding, Verdict
from streams.demo.evidence import Evidence, Fulfilment, as_received, is_fetched
from streams.demo.model import read
from streams.demo.webhook import SOURCES
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
class Share:
    """One source's part of a run. `fetched`: documents that we asked for; `orders`: those that are its own."""

    source: str
    accepted: int
    rejected: int
    quarantined: int
    fetched: int
    orders: int


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What CommerceOS has by now. `approved`: of the orders; `released`: of the shipments."""

    orders: int
    approved: int
    cancelled: int
    payments: int
    shipments: int
    released: int
    busiest_second: int


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
    shares: tuple[Share, ...]
    fulfilled: Fulfilled | None = None

    def to_json(self) -> str:
        """The object of the contract (DESIGN 5), on one line."""
        return json.dumps({name: getattr(self, name) for name in CONTRACT})


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
        shares=tuple(share(evidence, source) for source in SOURCES if source in _present(evidence)),
        fulfilled=fulfilled(evidence.fulfilment) if evidence.fulfilment.orders else None,
    )


def fulfilled(fulfilment: Fulfilment) -> Fulfilled:
    """The figures of CommerceOS."""
    orders = fulfilment.orders
    shipments = [shipment for order in orders for shipment in order["shipments"]]
    return Fulfilled(
        orders=len(orders),
        approved=sum("Committed" in order["status"] for order in orders),
        cancelled=sum("Cancelled" in order["status"] for order in orders),
        payments=sum(len(order["payments"]) for order in orders),
        shipments=len(shipments),
        released=sum(shipment["status"] != "New" for shipment in shipments),
        busiest_second=fulfilment.busiest,
    )


def share(evidence: Evidence, source: str) -> Share:
    """The figures of one source."""
    sent = [one for one in evidence.sent if one.webhook.source == source]
    topic = topics.webhooks(source)
    return Share(
        source=source,
        accepted=sum(one.is_accepted for one in sent),
        rejected=sum(one.is_rejected for one in sent),
        quarantined=sum((record.header("origin_topic") or b"").decode() == topic for record in evidence.quarantine),
        fetched=sum(record.topic == topic and is_fetched(record) for record in evidence.raw),
        orders=sum(key.startswith(f"{source}:") for key in evidence.states),
    )


def _present(evidence: Evidence) -> set[str]:
    return {one.webhook.source for one in evidence.sent} | {topics.source_of(record.topic) for record in evidence.raw}


def latencies_ms(evidence: Evidence) -> list[float]:
    """Per order: from ingest's answer to the webhook that placed it to the moment at which the target created it.

    Orders that had to be fetched or polled are not among them: no webhook says that they were placed.
    """
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
        for told in read(as_received(sent)).told if sent.is_accepted else ():
            if told.is_placing:
                placed[told.order_key] = min(sent.answered_at_s, placed.get(told.order_key, sent.answered_at_s))
    return placed


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of all values do not exceed (nearest rank). `ordered` ascends."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None
