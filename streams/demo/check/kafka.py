"""Webhook → raw record → events → state, and outcome → event: each exactly once."""

from collections import Counter
from collections.abc import Iterator, Mapping

from streams import topics
from streams.demo.check.finding import Finding, doubled, exactly_once, lost
from streams.demo.evidence import Evidence, Place, Sent, place_of
from streams.record import Record
from streams.vocabulary import Origin


def check_receipts(evidence: Evidence) -> Iterator[Finding]:
    """Each receipt that was answered lies in its source's topic once, with the bytes that were sent; nothing else does.

    An answer can get lost on its way, so a body may lie there as often as it was sent, but never more often.
    """
    receipts: Counter[str] = Counter(_receipt(record) for record in evidence.raw)
    values: Mapping[str, Record] = {_receipt(record): record for record in evidence.raw}
    for sent in evidence.sent:
        if not sent.is_accepted:
            continue
        receipt = sent.receipt or "(no receipt)"
        if receipts[receipt] == 0:
            yield lost(receipt, "accepted, and not in Kafka")
        elif receipts[receipt] > 1:
            yield doubled(receipt, f"{receipts[receipt]} raw records for one accepted webhook")
        elif (values[receipt].topic, values[receipt].value) != _as_sent(sent):
            yield lost(receipt, "its raw record is not what was sent")
    yield from _check_bodies(evidence)


def _check_bodies(evidence: Evidence) -> Iterator[Finding]:
    allowed: Counter[tuple[str, bytes | None]] = Counter()
    for sent in evidence.sent:
        allowed[_as_sent(sent)] += 0 if sent.webhook.kind.is_hostile else sent.attempts
    there = Counter((record.topic, record.value) for record in evidence.raw)
    for record in evidence.raw:
        body = (record.topic, record.value)
        if there[body] > allowed[body]:
            there[body] -= 1
            yield doubled(_name(place_of(record)), "a raw record beyond what was sent and may be accepted")


def check_facts(evidence: Evidence) -> Iterator[Finding]:
    """Each raw record gave its events once, or one quarantine record; never both, never neither."""
    events = Counter((_place(event.origin), event.id) for event in evidence.events)
    origins = {origin for origin, _ in events}
    aside = Counter(_origin(record) for record in evidence.quarantine)
    for (origin, id), times in events.items():
        if times > 1:
            yield doubled(_name(origin), f"event {id} was written {times} times")
    for record in evidence.raw:
        origin = place_of(record)
        if origin not in origins and aside[origin] == 0:
            yield lost(_name(origin), "a raw record that gave neither events nor a quarantine record")
        elif origin in origins and aside[origin] > 0:
            yield doubled(_name(origin), "a raw record that gave events and a quarantine record")
        elif aside[origin] > 1:
            yield doubled(_name(origin), f"quarantined {aside[origin]} times")


def check_versions(evidence: Evidence) -> Iterator[Finding]:
    """An order's `version` counts the distinct events that were applied to it: no more, no fewer than there are."""
    distinct: dict[str, set[str]] = {}
    for event in evidence.events:
        distinct.setdefault(event.order_key, set()).add(event.id)
    for key, ids in distinct.items():
        state = evidence.states.get(key)
        if state is None:
            yield lost(key, f"{len(ids)} events and no state")
        elif state.version < len(ids):
            yield lost(key, f"{len(ids)} distinct events, and its version is {state.version}")
        elif state.version > len(ids):
            yield doubled(key, f"{len(ids)} distinct events, and its version is {state.version}")
    for key in evidence.states.keys() - distinct.keys():
        yield doubled(key, "a state without an event")


def check_outcomes(evidence: Evidence) -> Iterator[Finding]:
    """Each outcome came back as one event of its order."""
    wanted = [_name(place) for place, _ in evidence.outcomes]
    events = {
        (event.id, _name(_place(event.origin))) for event in evidence.events if event.origin.topic == topics.OUTCOMES
    }
    yield from exactly_once(wanted, [origin for _, origin in events], "the event of an outcome")


def _as_sent(sent: Sent) -> tuple[str, bytes]:
    return topics.webhooks(sent.webhook.source), sent.webhook.body


def _receipt(record: Record) -> str:
    return (record.header("ce_id") or b"").decode("utf-8", "replace")


def _place(origin: Origin) -> Place:
    return origin.topic, origin.partition, origin.offset


def _origin(record: Record) -> Place:
    topic, partition, offset = (record.header(f"origin_{part}") or b"" for part in ("topic", "partition", "offset"))
    return topic.decode(), int(partition or -1), int(offset or -1)


def _name(place: Place) -> str:
    return "{}[{}]@{}".format(*place)
