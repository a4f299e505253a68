"""Webhook → raw record → events → state, and outcome → event: each exactly once."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from streams import cloudevents, topics
from streams.demo.check.finding import Finding, doubled, exactly_once, lost
from streams.demo.evidence import Evidence, Place, Sent, arrived, is_fetched, place_of
from streams.demo.model import read
from streams.record import Record
from streams.vocabulary import Origin

# Topic, method, query, body: what tells one request from another.
Kept = tuple[str, str, frozenset[tuple[str, str]], bytes]


def check_receipts(evidence: Evidence) -> Iterator[Finding]:
    """Each receipt that was answered lies in its source's topic once, with what was sent; nothing else does.

    An answer can get lost on its way, so a request may lie there as often as it was sent, but never more often.
    """
    received = _received(evidence)
    receipts: Counter[str] = Counter(_receipt(record) for record in received)
    values: Mapping[str, Record] = {_receipt(record): record for record in received}
    for sent in evidence.sent:
        if not sent.is_accepted:
            continue
        receipt = sent.receipt or "(no receipt)"
        if receipts[receipt] == 0:
            yield lost(receipt, "accepted, and not in Kafka")
        elif receipts[receipt] > 1:
            yield doubled(receipt, f"{receipts[receipt]} raw records for one accepted webhook")
        elif _as_kept(values[receipt]) != _as_sent(sent):
            yield lost(receipt, "its raw record is not what was sent")
    yield from _check_requests(evidence, received)


def _received(evidence: Evidence) -> list[Record]:
    """The raw records of webhooks, without a producer's own copies.

    An idempotent producer that gave up one record goes on under another epoch, and writes again what was under way,
    under the same receipt (seen with librdkafka: batches of epochs 4 and 6 with the same records). It never does so in
    a run in which every webhook was answered at once: there a copy counts.
    """
    records = [record for record in evidence.raw if not is_fetched(record)]
    if all(sent.attempts == 1 for sent in evidence.sent):
        return records
    return list({(_receipt(record), _as_kept(record)): record for record in reversed(records)}.values())[::-1]


def _check_requests(evidence: Evidence, received: list[Record]) -> Iterator[Finding]:
    allowed: Counter[Kept] = Counter()
    for sent in evidence.sent:
        allowed[_as_sent(sent)] += 0 if sent.webhook.kind.is_refused else sent.attempts
    there = Counter(_as_kept(record) for record in received)
    for record in received:
        kept = _as_kept(record)
        if there[kept] > allowed[kept]:
            there[kept] -= 1
            yield doubled(_name(place_of(record)), "a raw record beyond what was sent and may be accepted")


def check_facts(evidence: Evidence) -> Iterator[Finding]:
    """Each raw record gave an event for each thing that it tells of an order, once, and no other.

    What cannot be read, or has an item that cannot, gave one quarantine record.
    """
    events = Counter((_place(event.origin), event.order_key, event.id) for event in evidence.events)
    for (origin, _, id), times in events.items():
        if times > 1:
            yield doubled(_name(origin), f"event {id} was written {times} times")
    found: dict[Place, Counter[str]] = defaultdict(Counter)
    for origin, key, _ in events:
        found[origin][key] += 1
    aside = Counter(_origin(record) for record in evidence.quarantine)
    for record in evidence.raw:
        origin, reading = place_of(record), read(arrived(record))
        yield from _check_told(origin, Counter(one.order_key for one in reading.told), found[origin])
        if reading.is_bad and aside[origin] == 0:
            yield lost(_name(origin), "cannot be read, and was not set aside")
        elif aside[origin] > reading.is_bad:
            yield doubled(_name(origin), f"quarantined {aside[origin]} times, for {int(reading.is_bad)}")


def _check_told(origin: Place, wanted: Counter[str], found: Counter[str]) -> Iterator[Finding]:
    for key, count in (wanted - found).items():
        yield lost(_name(origin), f"tells of {key}, and {count} of its events are not there")
    for key, count in (found - wanted).items():
        yield doubled(_name(origin), f"gave {count} events of {key} beyond what it tells")


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


def _as_sent(sent: Sent) -> Kept:
    request = sent.webhook.request
    return topics.webhooks(sent.webhook.source), request.method, frozenset(request.query), request.body


def _as_kept(record: Record) -> Kept:
    method = (record.header(cloudevents.HTTP_METHOD) or b"").decode()
    return record.topic, method, frozenset(arrived(record).query.items()), record.value or b""


def _receipt(record: Record) -> str:
    return (record.header("ce_id") or b"").decode("utf-8", "replace")


def _place(origin: Origin) -> Place:
    return origin.topic, origin.partition, origin.offset


def _origin(record: Record) -> Place:
    topic, partition, offset = (record.header(f"origin_{part}") or b"" for part in ("topic", "partition", "offset"))
    return topic.decode(), int(partition or -1), int(offset or -1)


def _name(place: Place) -> str:
    return "{}[{}]@{}".format(*place)
