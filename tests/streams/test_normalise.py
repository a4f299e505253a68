"""The normalise agents as pure steps: a record in, records out, or a quarantine with its reason."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from projections.fold import fold
from streams import cloudevents, normalise, topics
from streams.digest import digest_of
from streams.platforms import PLATFORMS, SourceConfig, platform_of
from streams.record import Record
from streams.runtime.agent import Quarantine
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import CommandType, EventType, Order, OrderEvent, Outcome, OutcomeResult
from tests.streams.platforms.samples import payload

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMPTY = Overlay(MemoryStore())
OPTIONS = {"event": "word", "order_id": "id", "order": {"note": "note"}}
MAPPED = platform_of(SourceConfig("acme", "mapping", "acme", frozenset({"acme"}), OPTIONS))


def raw(platform: str, body: bytes | None, headers: list[tuple[str, bytes]] | None = None, offset: int = 9) -> Record:
    """A raw record as ingest writes it (DESIGN section 7)."""
    if headers is None:
        type = f"webhook.{platform}.unknown"
        headers = cloudevents.headers(id="receipt-1", source=f"/webhooks/{platform}", type=type, time=AT)
        headers += [(cloudevents.HTTP_METHOD, b"POST"), (cloudevents.HTTP_QUERY, b"{}")]
        headers += [(cloudevents.HTTP_HEADERS, b'{"x-a":["1","2"],"x-b":"3"}')]
    return Record(topics.webhooks(platform), 4, offset, 0, b"key", body, headers)


def outcome(**change: object) -> Record:
    facts = {
        "command_id": "c-1",
        "type": CommandType.CREATE_ORDER,
        "target": "external",
        "order_key": "duda:site/o-1",
        "result": OutcomeResult.DELIVERED,
        "attempts": 2,
        "http_status": 201,
        "at": AT,
    }
    value = Outcome.model_validate({**facts, **change}).to_json()
    return Record(topics.OUTCOMES, 1, 5, 0, b"duda:site/o-1", value, [("receipt", b"receipt-1")])


def test_webhook_becomes_an_event_under_its_orders_key() -> None:
    """Under another key, an order's events would be spread over partitions and folded apart."""
    step = normalise.normalise_step(PLATFORMS["selldone"])
    (output,) = step(raw("selldone", payload("selldone", "checkout-order")), EMPTY)
    event = OrderEvent.from_json(output.value or b"")
    assert (output.topic, output.key, event.order_key) == (topics.EVENTS, b"selldone:1/1001", "selldone:1/1001")
    assert (event.received_at, event.origin.partition, event.origin.offset) == (AT, 4, 9)


def named(platform: str, body: bytes, message_id: str | None) -> Record:
    """A raw record whose sender has named the message, or has not."""
    record = raw(platform, body)
    name = [(cloudevents.MESSAGE_ID, message_id.encode())] if message_id else []
    return record._replace(headers=[*record.headers, *name])


def test_same_body_in_another_message_is_another_event() -> None:
    """Of a note that becomes x, then y, then x again the last holds: the sender says that it is no retry."""
    step = normalise.normalise_step(MAPPED)
    said = (("msg_1", b"x"), ("msg_2", b"y"), ("msg_3", b"x"), ("msg_3", b"x"))
    events: list[OrderEvent] = []
    for number, (message_id, note) in enumerate(said):
        record = named("acme", b'{"word":"said","id":"1","note":"%s"}' % note, message_id)
        (output,) = step(record, EMPTY)
        at = AT + timedelta(seconds=number)
        event = OrderEvent.from_json(output.value or b"")
        events.append(event.updated({"received_at": at, "occurred_at": at}))
    assert (3, events[2].id) == (len({event.id for event in events}), events[3].id)
    for arrived in permutations(events):
        order: Order | None = None
        for event in arrived:
            order = fold(order, event)
        assert "x" == (order and order.note)


def test_event_of_a_message_without_a_name_has_the_id_that_it_always_had() -> None:
    """What was stored before senders' ids were kept must not become other events in a replay."""
    body = b'{"word":"said","id":"1","note":"x"}'
    (output,) = normalise.normalise_step(MAPPED)(named("acme", body, None), EMPTY)
    expected = digest_of(b"orderlog.event", b"acme", b"acme:1", b"order.observed", b"0", body)
    assert expected == OrderEvent.from_json(output.value or b"").id


def test_event_carries_the_receipt_and_cloud_events_headers() -> None:
    """Without the receipt nobody can say what became of a webhook."""
    step = normalise.normalise_step(PLATFORMS["duda"])
    (output,) = step(raw("duda", payload("duda", "order-created")), EMPTY)
    event, headers = OrderEvent.from_json(output.value or b""), dict(output.headers)
    assert (headers["receipt"], event.receipt) == (b"receipt-1", "receipt-1")
    assert (headers["ce_id"].decode(), headers["ce_type"]) == (event.id, b"order.placed")
    assert headers["ce_source"] == b"/webhooks/duda"


def test_replayed_record_gives_the_same_event_but_for_its_origin() -> None:
    """Another id on replay would apply every event again."""
    step, body = normalise.normalise_step(PLATFORMS["duda"]), payload("duda", "order-created")
    one, two = (OrderEvent.from_json(next(iter(step(raw("duda", body, offset=n), EMPTY))).value or b"") for n in (1, 2))
    assert one.model_copy(update={"origin": two.origin}) == two


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (raw("duda", b"{"), "not-json"),
        (raw("duda", b'{"event_type":"ECOMM_ORDER_CREATED"}'), "no-order-id"),
        (raw("duda", None), "not-a-webhook"),
        (raw("duda", b"{}", headers=[]), "not-a-webhook"),
        (raw("duda", b"{}", headers=[("ce_id", b"r"), ("ce_time", b"noon")]), "not-a-webhook"),
        (raw("duda", b"{}", headers=[("ce_id", b"\xff"), ("ce_time", b"2026-01-02T03:04:05Z")]), "not-a-webhook"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_its_reason(record: Record, reason: str) -> None:
    """A person has to find it again, and know why."""
    with pytest.raises(Quarantine) as refusal:
        normalise.normalise_step(PLATFORMS["duda"])(record, EMPTY)
    assert refusal.value.reason == reason


def test_repeated_parameter_counts_as_ingest_counted_it() -> None:
    """Read otherwise here, the event would have another order's key than its record."""
    query = b'{"once": "a", "twice": ["b", "c"]}'
    headers = [("ce_id", b"r"), ("ce_time", b"2026-01-02T03:04:05Z"), ("http_query", query)]
    assert normalise.raw_webhook(raw("duda", b"{}", headers=headers)).query == {"once": "a", "twice": "c"}


@pytest.mark.parametrize("query", [b"{", b"[]", b"\xff", b'"order.new"'])
def test_header_that_is_not_as_ingest_writes_it_is_a_reason_and_no_failure(query: bytes) -> None:
    """It is read only by platforms that need it; what is wrong with it must still end in quarantine."""
    headers = [("ce_id", b"r"), ("ce_time", b"2026-01-02T03:04:05Z"), ("http_query", query)]
    with pytest.raises(Quarantine) as refusal:
        normalise.normalise_step(PLATFORMS["quickbutik"])(raw("quickbutik", b"", headers=headers), EMPTY)
    assert refusal.value.reason == "not-a-webhook"
    step = normalise.normalise_step(PLATFORMS["duda"])
    assert len(list(step(raw("duda", payload("duda", "order-created"), headers=headers), EMPTY))) == 1


def test_webhook_about_no_order_gives_no_event() -> None:
    """A product's webhook is kept raw; it is neither an order nor a mistake."""
    body = json.dumps({"event_type": "ECOMM_PRODUCT_CREATED", "data": {"id": "p"}}).encode()
    assert list(normalise.normalise_step(PLATFORMS["duda"])(raw("duda", body), EMPTY)) == []


@pytest.mark.parametrize(
    ("result", "type"),
    [(OutcomeResult.DELIVERED, EventType.DELIVERY_SUCCEEDED), (OutcomeResult.DEAD, EventType.DELIVERY_FAILED)],
)
def test_outcome_becomes_an_event_of_its_order(result: OutcomeResult, type: EventType) -> None:
    """An order's state could not say what its targets have."""
    (output,) = normalise.outcomes_step({"duda": "duda"})(outcome(result=result, error="500"), EMPTY)
    event = OrderEvent.from_json(output.value or b"")
    assert (output.key, event.type, event.receipt) == (b"duda:site/o-1", type, "receipt-1")
    assert event.delivery is not None
    assert (event.delivery.command_id, event.delivery.attempts, event.delivery.error) == ("c-1", 2, "500")


def test_outcome_of_one_command_has_one_id_per_result() -> None:
    """A dead letter that was redriven and delivered is news; the same outcome read again is not."""
    step = normalise.outcomes_step({})
    results = (OutcomeResult.DEAD, OutcomeResult.DEAD, OutcomeResult.DELIVERED)
    ids = [OrderEvent.from_json(next(iter(step(outcome(result=one), EMPTY))).value or b"").id for one in results]
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


def test_record_that_is_no_outcome_is_quarantined() -> None:
    """It must not stop the outcomes behind it."""
    with pytest.raises(Quarantine) as refusal:
        normalise.outcomes_step({})(Record(topics.OUTCOMES, 0, 0, 0, b"k", b"{}"), EMPTY)
    assert refusal.value.reason == "not-an-outcome"


def test_every_source_has_an_agent_and_outcomes_have_one() -> None:
    """A source without an agent would fill a topic that nobody reads."""
    auth = {"scheme": "token", "secrets": ["env:T"]}
    sources = [
        {"name": "shop-a", "platform": "duda", "auth": auth},
        {"name": "b", "platform": "selldone", "auth": auth},
    ]
    agents = normalise.agents(Settings.model_validate({"sources": sources}))
    expected = [topics.webhooks("shop-a"), topics.webhooks("b"), topics.OUTCOMES]
    assert [agent.topic for agent in agents] == expected
    assert len({agent.name for agent in agents}) == 3
