"""The checker must be able to fail: each way of losing or doubling something, in an otherwise perfect run, is found."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar, cast

import orjson
import pytest

from streams import topics
from streams.demo.check import Verdict, check
from streams.demo.evidence import Effect, Evidence, arrived, place_of
from streams.demo.model import read
from streams.demo.webhook import QUICKBUTIK, Kind
from streams.record import Record
from streams.vocabulary import CommandType, DeadLetter, OrderStatus, OutcomeResult, PaymentStatus, Shipment
from tests.demo.ideal import NOW, first, ideal

T = TypeVar("T")
Spoil = Callable[[Evidence], Evidence]


def without(items: Sequence[T], at: int = 3) -> list[T]:
    return [*items[:at], *items[at + 1 :]]


def twice(items: Sequence[T], at: int = 3) -> list[T]:
    return [*items, items[at]]


def at_other_offset(record: Record) -> Record:
    return record._replace(offset=record.offset + 10_000)


def under_other_receipt(record: Record) -> Record:
    return record._replace(headers=[("ce_id", b"other"), *(one for one in record.headers if one[0] != "ce_id")])


def versioned(evidence: Evidence, by: int) -> Evidence:
    key, state = next(iter(evidence.states.items()))
    return replace(evidence, states={**evidence.states, key: state.model_copy(update={"version": state.version + by})})


def stated(evidence: Evidence, was: str, **changes: Any) -> Evidence:
    """The first order with that status, and with a parcel where it is delivered, is in another state."""
    known = [
        key
        for key, state in evidence.states.items()
        if state.status == was and (was == "pending" or (state.shipments and state.payment_status == "paid"))
    ]
    changed = evidence.states[known[0]].model_copy(update=changes)
    return replace(evidence, states={**evidence.states, known[0]: changed})


def last_effect(evidence: Evidence, **body: Any) -> Evidence:
    """The last effect says something else than its order."""
    effect = evidence.effects[-1]
    return replace(evidence, effects=[*evidence.effects[:-1], replace(effect, body={**effect.body, **body})])


def again(effect: Effect, **changes: Any) -> Effect:
    return replace(effect, seq=effect.seq + 10_000, **changes)


def kept_anyway(evidence: Evidence, kind: Kind) -> Evidence:
    """A webhook that was refused lies in Kafka all the same."""
    webhook = evidence.sent[first(evidence, kind)].webhook
    request = webhook.request
    headers = [
        ("ce_id", b"other"),
        ("http_method", request.method.encode()),
        ("http_query", orjson.dumps(dict(request.query))),
    ]
    record = Record(topics.webhooks(webhook.source), 1, 99, 0, None, request.body, headers)
    return replace(evidence, raw=[*evidence.raw, record])


def raw_at(evidence: Evidence, wanted: Callable[[Record], bool]) -> int:
    return next(at for at, record in enumerate(evidence.raw) if wanted(record))


def of_target(evidence: Evidence) -> int:
    """The place of a command that the target has done."""
    return next(at for at, command in enumerate(evidence.commands) if command.target == "external")


def is_polled(record: Record) -> bool:
    return (record.header("ce_source") or b"").startswith(b"/pollers/")


def is_answer(record: Record) -> bool:
    return (record.header("ce_source") or b"").startswith(b"/targets/")


def is_batch(record: Record) -> bool:
    return len(read(arrived(record)).told) > 2


def without_raw(evidence: Evidence, wanted: Callable[[Record], bool]) -> Evidence:
    return replace(evidence, raw=without(evidence.raw, raw_at(evidence, wanted)))


def raw_twice(evidence: Evidence, wanted: Callable[[Record], bool]) -> Evidence:
    return replace(evidence, raw=[*evidence.raw, at_other_offset(evidence.raw[raw_at(evidence, wanted)])])


def one_event_less(evidence: Evidence) -> Evidence:
    """Of a batch, one item gave nothing."""
    place = place_of(evidence.raw[raw_at(evidence, is_batch)])
    at = next(at for at, event in enumerate(evidence.events) if tuple(event.origin.model_dump().values()) == place)
    return replace(evidence, events=without(evidence.events, at))


def partly_bad(evidence: Evidence) -> int:
    """The place in the quarantine of a batch that has good items too."""
    both = {place_of(record) for record in evidence.raw if read(arrived(record)).is_bad and read(arrived(record)).told}
    for at, record in enumerate(evidence.quarantine):
        place = [(record.header(f"origin_{part}") or b"").decode() for part in ("topic", "partition", "offset")]
        if (place[0], int(place[1]), int(place[2])) in both:
            return at
    raise AssertionError("no batch of the run has a bad item")


def older_answer(evidence: Evidence) -> Evidence:
    """What was fetched last is not what the shop shows by now."""
    put = next(put for put in reversed(evidence.puts) if put.source == QUICKBUTIK)
    document = {**orjson.loads(put.document), "status": "other"}
    return replace(evidence, puts=[*evidence.puts, replace(put, document=orjson.dumps(document))])


def fetched_again(evidence: Evidence) -> Evidence:
    """A command of its own, with an outcome and a document of its own: nothing else is wrong with it."""
    at = next(at for at, command in enumerate(evidence.commands) if command.type is CommandType.FETCH_ORDER)
    command, (place, outcome) = evidence.commands[at], evidence.outcomes[at]
    more = 10
    numbers = range(more)
    answer = evidence.raw[raw_at(evidence, lambda record: record.header("ce_id") == command.id.encode())]
    return replace(
        evidence,
        commands=[*evidence.commands, *(command.model_copy(update={"id": f"other-{n}"}) for n in numbers)],
        outcomes=[
            *evidence.outcomes,
            *((place, outcome.model_copy(update={"command_id": f"other-{n}"})) for n in numbers),
        ],
        raw=[*evidence.raw, *(answer._replace(offset=20_000 + n) for n in numbers)],
    )


def stocked(evidence: Evidence, by: int) -> Evidence:
    key, one = next(iter(evidence.stock.items()))
    return replace(evidence, stock={**evidence.stock, key: one.model_copy(update={"level": one.level + by})})


def second_creation(evidence: Evidence) -> Evidence:
    """Another command creates the same order again, with an effect and an outcome of its own."""
    command, effect = evidence.commands[of_target(evidence)], evidence.effects[0]
    other = command.model_copy(update={"id": "other"})
    place, outcome = evidence.outcomes[0]
    return replace(
        evidence,
        commands=[*evidence.commands, other],
        effects=[*evidence.effects, again(effect, idempotency_key="other", body={**effect.body, "note": "x"})],
        outcomes=[*evidence.outcomes, (place, outcome.model_copy(update={"command_id": "other"}))],
    )


def stolen_record(evidence: Evidence) -> Evidence:
    """Two orders write over one another at the target."""
    one, *others = evidence.effects
    return replace(
        evidence,
        effects=[one, *(replace(effect, external_order_id=one.external_order_id) for effect in others)],
    )


def quarantined_too(evidence: Evidence) -> Evidence:
    origin = evidence.events[0].origin
    headers = [(f"origin_{name}", f"{value}".encode()) for name, value in origin.model_dump().items()]
    return replace(evidence, quarantine=[*evidence.quarantine, Record(topics.QUARANTINE, 0, 99, 0, None, b"", headers)])


def fulfilled(evidence: Evidence, change: Callable[[dict[str, Any]], None]) -> Evidence:
    """The first order that CommerceOS has released is another there."""
    orders = deepcopy(list(evidence.fulfilment.orders))
    order = next(order for order in orders if order["shipments"] and order["payments"])
    change(cast(dict[str, Any], order))
    return replace(evidence, fulfilment=replace(evidence.fulfilment, orders=orders))


def without_first_order(evidence: Evidence) -> Evidence:
    """The first that must be there."""
    orders = list(evidence.fulfilment.orders)
    orders.remove(next(order for order in orders if order["shipments"]))
    return replace(evidence, fulfilment=replace(evidence.fulfilment, orders=orders))


def served(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, fulfilment=replace(evidence.fulfilment, **changes))


LOST: dict[str, Spoil] = {
    "an order is not at CommerceOS": without_first_order,
    "CommerceOS has other pieces": lambda e: fulfilled(e, lambda o: o.update(items=[])),
    "a payment is not at CommerceOS": lambda e: fulfilled(e, lambda o: o.update(payments=[])),
    "an order was not approved": lambda e: fulfilled(e, lambda o: o.update(status=["New"])),
    "an order goes to another street": lambda e: fulfilled(e, lambda o: o.update(deliveryAddresses=[])),
    "a shipment was not released": lambda e: fulfilled(e, lambda o: o.update(shipments=[{"status": "New"}])),
    "a command came at the wrong time": lambda e: served(e, refused={"order": 1}),
    "an accepted webhook is not in Kafka": lambda e: replace(e, raw=without(e.raw)),
    "an accepted webhook was altered": lambda e: replace(e, raw=[e.raw[0]._replace(value=b"{}"), *e.raw[1:]]),
    "an answer carries no receipt": lambda e: replace(e, sent=[replace(e.sent[0], receipt=None), *e.sent[1:]]),
    "a raw record gave no event": lambda e: replace(e, events=without(e.events, 0)),
    "rubbish was not set aside": lambda e: replace(e, quarantine=without(e.quarantine, 0)),
    "an event was not applied": lambda e: versioned(e, -1),
    "an item of a batch gave no event": one_event_less,
    "a bad item was not set aside": lambda e: replace(e, quarantine=without(e.quarantine, partly_bad(e))),
    "a listed order was not polled": lambda e: without_raw(e, is_polled),
    "a fetched document is not in Kafka": lambda e: without_raw(e, is_answer),
    "what was fetched last is out of date": older_answer,
    "a product's stock is too high": lambda e: stocked(e, 1),
    "a movement is not there": lambda e: replace(e, movements=without(e.movements, 0)),
    "an order has not come as far as was said": lambda e: stated(e, "delivered", status=OrderStatus.PENDING),
    "an order is not paid": lambda e: stated(e, "delivered", payment_status=PaymentStatus.UNPAID),
    "a parcel is not known": lambda e: stated(e, "delivered", shipments=()),
    "an order has no state": lambda e: replace(e, states=dict(list(e.states.items())[1:])),
    "a command had no effect": lambda e: replace(e, effects=without(e.effects)),
    "a command has no outcome": lambda e: replace(e, outcomes=without(e.outcomes)),
    "an outcome did not come back": lambda e: replace(e, events=[x for x in e.events if x.id != "delivery-2"]),
    "a dead command has no dead letter": lambda e: replace(
        e,
        outcomes=[
            (e.outcomes[0][0], e.outcomes[0][1].model_copy(update={"result": OutcomeResult.DEAD})),
            *e.outcomes[1:],
        ],
    ),
    "the target has another total": lambda e: last_effect(e, total_amount=Decimal("0.01")),
    "the target has other lines": lambda e: last_effect(e, items=[]),
    "the target has a record that cannot be read": lambda e: last_effect(e, total_amount=None),
    "two orders share a record": stolen_record,
    "nothing was commanded at all": lambda e: replace(e, commands=[], effects=[], outcomes=[]),
}

DOUBLED: dict[str, Spoil] = {
    "an order is at CommerceOS twice": lambda e: served(e, orders=[*e.fulfilment.orders, e.fulfilment.orders[0]]),
    "CommerceOS has an order that nobody placed": lambda e: fulfilled(
        e, lambda o: o.update(identifiers={"com.acme.order-id": "store:other"})
    ),
    "a payment was recorded twice": lambda e: fulfilled(e, lambda o: o["payments"].append(o["payments"][0])),
    "a payment that nobody made": lambda e: fulfilled(
        e, lambda o: o["payments"].append({"transactionId": "other", "amount": "1"})
    ),
    "there are two shipments": lambda e: fulfilled(e, lambda o: o["shipments"].append({"status": "New"})),
    "an order was cancelled by nobody": lambda e: fulfilled(e, lambda o: o.update(status=["Cancelled"])),
    "a thing was made twice": lambda e: served(e, doubled=1),
    "the rate was exceeded": lambda e: served(e, busiest=101),
    "a receipt is in Kafka twice": lambda e: replace(e, raw=[*e.raw, at_other_offset(e.raw[3])]),
    "a body is in Kafka more often than it was sent": lambda e: replace(
        e, raw=[*e.raw, under_other_receipt(at_other_offset(e.raw[3]))]
    ),
    "something is in Kafka that nobody sent": lambda e: replace(
        e, raw=[*e.raw, Record(e.raw[0].topic, 0, 99_999, 0, None, b"{}", (("ce_id", b"other"),))]
    ),
    "an unsigned webhook is in Kafka": lambda e: kept_anyway(e, Kind.UNSIGNED),
    "a forged webhook is in Kafka": lambda e: kept_anyway(e, Kind.FORGED),
    "a webhook that its customer must mend is in Kafka": lambda e: kept_anyway(e, Kind.INVALID),
    "a listed order was polled twice": lambda e: raw_twice(e, is_polled),
    "a fetch left two documents": lambda e: raw_twice(e, is_answer),
    "an order is fetched more often than pinged": fetched_again,
    "a product's stock is too low": lambda e: stocked(e, -1),
    "a movement was written twice": lambda e: replace(e, movements=twice(e.movements)),
    "an event was written twice": lambda e: replace(e, events=twice(e.events)),
    "a raw record was set aside twice": lambda e: replace(e, quarantine=twice(e.quarantine, 0)),
    "a raw record was both taken and set aside": quarantined_too,
    "an order has come further than was said": lambda e: stated(e, "pending", status=OrderStatus.CONFIRMED),
    "a parcel comes from nowhere": lambda e: stated(e, "pending", shipments=(Shipment(id="s", tracking_number="T"),)),
    "an event was applied twice": lambda e: versioned(e, 1),
    "a command was written twice": lambda e: replace(e, commands=twice(e.commands)),
    "an effect happened twice": lambda e: replace(e, effects=[*e.effects, again(e.effects[3])]),
    "an effect has no command": lambda e: replace(
        e, effects=[*e.effects, again(e.effects[3], idempotency_key="other", external_order_id="other")]
    ),
    "an order was created twice": second_creation,
    "an outcome was written twice": lambda e: replace(e, outcomes=twice(e.outcomes)),
    "a dead letter has no command": lambda e: replace(
        e, deadletters=[DeadLetter(id="d", command=e.commands[3], attempts=1, reason="rejected", at=NOW)]
    ),
}


def test_a_perfect_run_is_not_accused() -> None:
    """A checker that cries wolf would be switched off."""
    assert [] == check(ideal())


@pytest.mark.parametrize("spoil", LOST.values(), ids=LOST.keys())
def test_a_loss_is_found(spoil: Spoil) -> None:
    """Each spoilt run has a finding `lost`."""
    assert Verdict.LOST in {finding.verdict for finding in check(spoil(ideal()))}


@pytest.mark.parametrize("spoil", DOUBLED.values(), ids=DOUBLED.keys())
def test_a_doubling_is_found(spoil: Spoil) -> None:
    """Each spoilt run has a finding `doubled`."""
    assert Verdict.DOUBLED in {finding.verdict for finding in check(spoil(ideal()))}


def test_the_same_body_twice_running_is_a_doubling() -> None:
    """Two commands with ids of their own that make the target do the same thing twice are one effect too many."""
    evidence = ideal()
    command, effect = evidence.commands[of_target(evidence)], evidence.effects[0]
    update = command.model_copy(update={"id": "other", "type": CommandType.UPDATE_ORDER})
    place, outcome = evidence.outcomes[0]
    spoilt = replace(
        evidence,
        commands=[update, *evidence.commands],
        effects=[effect, again(effect, idempotency_key="other"), *evidence.effects[1:]],
        outcomes=[*evidence.outcomes, (place, outcome.model_copy(update={"command_id": "other"}))],
    )
    assert "the same body twice running" in " ".join(finding.detail for finding in check(spoilt))


def test_an_answer_that_got_lost_is_no_doubling() -> None:
    """Sent twice since the first answer never came: two records with receipts of their own are right."""
    evidence = ideal()
    at = first(evidence, Kind.ORDER)
    sent = replace(evidence.sent[at], attempts=2)
    copy = next(record for record in evidence.raw if record.header("ce_id") == (sent.receipt or "").encode())
    events = [event for event in evidence.events if event.origin.topic == copy.topic]
    events = [event for event in events if event.origin.offset == copy.offset]
    moved = events[0].origin.model_copy(update={"offset": copy.offset + 10_000})
    spoilt = replace(
        evidence,
        sent=[*evidence.sent[:at], sent, *evidence.sent[at + 1 :]],
        raw=[*evidence.raw, under_other_receipt(at_other_offset(copy))],
        events=[*evidence.events, *(event.model_copy(update={"origin": moved}) for event in events)],
    )
    assert [] == check(spoilt)


def test_a_producers_own_copy_is_no_doubling_where_it_had_trouble() -> None:
    """After a record that it gave up it writes again what was under way; the receipt tells that it is the same one."""
    evidence = ideal()
    at = first(evidence, Kind.ORDER)
    record = evidence.raw[at]
    events = [event for event in evidence.events if event.origin.offset == record.offset]
    events = [event for event in events if event.origin.topic == record.topic]
    moved = events[0].origin.model_copy(update={"offset": record.offset + 10_000})
    spoilt = replace(
        evidence,
        raw=[*evidence.raw, at_other_offset(record)],
        events=[*evidence.events, *(event.model_copy(update={"origin": moved}) for event in events)],
    )
    assert Verdict.DOUBLED in {finding.verdict for finding in check(spoilt)}
    troubled = replace(evidence.sent[-1], attempts=2)
    assert [] == check(replace(spoilt, sent=[*evidence.sent[:-1], troubled]))


def test_a_dead_lettered_order_is_not_lost() -> None:
    """Its command has an outcome and a dead letter: a person has it in hand, and it is counted as such."""
    evidence = ideal()
    by_order = {command.order_key: command for command in evidence.commands if command.type is CommandType.CREATE_ORDER}
    updated = {command.order_key for command in evidence.commands if command.type is CommandType.UPDATE_ORDER}
    command = next(command for key, command in by_order.items() if key not in updated)
    spoilt = replace(
        evidence,
        effects=[effect for effect in evidence.effects if effect.idempotency_key != command.id],
        outcomes=[
            (place, outcome.model_copy(update={"result": OutcomeResult.DEAD}))
            if outcome.command_id == command.id
            else (place, outcome)
            for place, outcome in evidence.outcomes
        ],
        deadletters=[DeadLetter(id="d", command=command, attempts=6, reason="retries-exhausted", at=NOW)],
    )
    assert [] == check(spoilt)
