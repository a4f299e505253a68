"""Events for the tests of the fold, made as in life: webhooks through the platform modules, and outcomes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from projections.fold import fold
from streams.platforms import PLATFORMS, RawWebhook, duda, selldone
from streams.topics import OUTCOMES, webhooks
from streams.vocabulary import CommandType, EventType, Order, OrderEvent, OrderFacts, Origin
from streams.vocabulary.event import DeliveryFacts

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TARGETS = ("one", "two")


def folded(*events: OrderEvent) -> Order:
    order: Order | None = None
    for event in events:
        order = fold(order, event)
    assert order is not None
    return order


def from_webhook(platform: str, document: Mapping[str, Any], offset: int = 0) -> OrderEvent:
    """The one event of a webhook that lies at `offset`."""
    origin = Origin(topic=webhooks(platform), partition=0, offset=offset)
    body = json.dumps(document).encode()
    (event,) = PLATFORMS[platform].normalise(
        RawWebhook(platform, body, origin, f"r{offset}", NOW + timedelta(microseconds=offset))
    )
    assert isinstance(event, OrderEvent)
    return event


def selldone_event(action: str, basket: Mapping[str, Any], at_s: int = 0, offset: int = 0, **more: Any) -> OrderEvent:
    """A Selldone webhook of basket 1001 of shop 1, `at_s` seconds after noon."""
    updated_at = (datetime(2024, 9, 30, 12, tzinfo=UTC) + timedelta(seconds=at_s)).isoformat()
    basket = {"id": 1001, "updated_at": updated_at, **basket}
    return from_webhook(
        "selldone", {"event": "OnlineOrder", "action": action, "shop": {"id": 1}, "basket": basket, **more}, offset
    )


def duda_event(type: str, data: Mapping[str, Any], at_ms: int = 1673547263361, offset: int = 0) -> OrderEvent:
    """A Duda webhook of order `o-1` of site `site`."""
    id = {"order_id": "o-1", "id": "rf-1"} if type.startswith("ECOMM_REFUND") else {"id": "o-1"}
    document = {"data": {**id, **data}, "resource_data": {"site_name": "site"}}
    return from_webhook("duda", {**document, "event_timestamp": at_ms, "event_type": type}, offset)


def delivery_event(
    like: OrderEvent,
    target: str = "one",
    *,
    ok: bool = True,
    is_discarded: bool = False,
    command_id: str = "c-1",
    command_type: str = CommandType.CREATE_ORDER,
    at_s: int = 0,
    offset: int = 0,
    ref: str | None = None,
) -> OrderEvent:
    """What became of a command for the order of `like`."""
    type = EventType.DELIVERY_SUCCEEDED if ok else EventType.DELIVERY_FAILED
    if is_discarded:
        type, ok = EventType.DELIVERY_DISCARDED, False
    at = NOW + timedelta(seconds=at_s)
    return OrderEvent(
        id=f"{command_id}:{type}:{target}",
        type=type,
        order_key=like.order_key,
        source=like.source,
        platform=like.platform,
        occurred_at=at,
        received_at=at,
        origin=Origin(topic=OUTCOMES, partition=0, offset=offset),
        data=OrderFacts(),
        delivery=DeliveryFacts(
            command_id=command_id,
            command_type=command_type,
            target=target,
            attempts=1,
            error=None if ok else "500",
            ref=ref,
        ),
    )


# Few values and few times, so that events meet: equal times, equal ranks, fields that are here and not there, or null.
_AMOUNTS = st.sampled_from(["0", "1.10", "19.99", "100"])
_TEXTS = st.sampled_from(["Ann", "An***", "Bob", "", None])
_IDS = st.sampled_from(["x", "y"])


def _some(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in fields.items()})


_PERSON = st.fixed_dictionaries({}, optional={"id": _IDS, "name": _TEXTS, "email": _TEXTS, "phone": _TEXTS})
_SELLDONE_ITEM = st.fixed_dictionaries({"id": _IDS, "price": _AMOUNTS}, optional={"count": _AMOUNTS})
_DUDA_ITEM = st.fixed_dictionaries({"id": _IDS, "quantity": _AMOUNTS, "unit_price": _AMOUNTS})
_BASKET = _some(
    {
        "label": _TEXTS,
        "status": st.sampled_from([*selldone.PAYMENT_STATUSES, selldone.CANCELLED, "Odd"]),
        "delivery_state": st.sampled_from([*selldone.DELIVERY_STATES, "Odd"]),
        "price": _AMOUNTS,
        "tax": _AMOUNTS,
        "type": st.sampled_from([*selldone.TYPES, "Odd"]),
        "currency": st.sampled_from(["USD", "SEK"]),
        "payment_id": _IDS,
        "payment_type": _TEXTS,
        "receiver_info": st.fixed_dictionaries({}, optional={"name": _TEXTS, "address": _TEXTS, "unit": _TEXTS}),
        "items": st.lists(
            st.fixed_dictionaries({"id": _IDS, "price": _AMOUNTS}, optional={"count": _AMOUNTS}), max_size=2
        ),
    }
)
_DUDA_DATA = _some(
    {
        "invoice_number": _TEXTS,
        "status": st.sampled_from([*duda.STATUSES, "DISPUTED", "ODD"]),
        "email": _TEXTS,
        "total": _AMOUNTS,
        "currency": st.sampled_from(["USD", "SEK"]),
        "items": st.lists(
            st.fixed_dictionaries({"id": _IDS, "quantity": _AMOUNTS, "unit_price": _AMOUNTS}), max_size=2
        ),
        "billing_address": st.fixed_dictionaries({}, optional={"name": _TEXTS, "address_1": _TEXTS, "phone": _TEXTS}),
        "payment": st.fixed_dictionaries(
            {}, optional={"transaction_id": _IDS, "status": st.sampled_from([*duda.PAYMENT_STATUSES]), "method": _TEXTS}
        ),
        "refunds": st.lists(st.fixed_dictionaries({}, optional={"id": _IDS, "total": _AMOUNTS}), max_size=2),
        "tracking_number": _TEXTS,
        "tracking_url": _TEXTS,
        "created": st.sampled_from(["2023-01-12T18:12:58Z", "2023-01-13T18:12:58+02:00"]),
    }
)
_DUDA_ORDERS = [word for word in duda.EVENTS if not word.startswith("ECOMM_REFUND")]


def _of_selldone(offset: int) -> st.SearchStrategy[OrderEvent]:
    people = st.fixed_dictionaries({}, optional={"user": st.none() | _PERSON, "customer": st.none() | _PERSON})
    return st.builds(
        lambda action, basket, at_s, more: selldone_event(action, basket, at_s, offset, **more),
        st.sampled_from([*selldone.EVENTS, "NewAction"]),
        _BASKET,
        st.sampled_from([0, 1, 2, 10**9]),  # the last: in 2056, by a clock that is ahead
        people,
    )


def _of_duda(offset: int) -> st.SearchStrategy[OrderEvent]:
    order = st.builds(
        lambda type, data, at_ms: duda_event(type, data, at_ms, offset),
        st.sampled_from([*_DUDA_ORDERS, "ECOMM_ORDER_ARCHIVED"]),
        _DUDA_DATA,
        st.integers(1673547263361, 1673547263363),
    )
    refund = st.builds(lambda total: duda_event("ECOMM_REFUND_CREATED", {"total": total}, offset=offset), _AMOUNTS)
    return st.one_of(order, order, order, refund)


def _of_delivery(like: OrderEvent, offset: int) -> st.SearchStrategy[OrderEvent]:
    return st.builds(
        lambda target, ok, is_discarded, command, type, at_s, ref: delivery_event(
            like,
            target,
            ok=ok,
            is_discarded=is_discarded,
            command_id=command,
            command_type=type,
            at_s=at_s,
            offset=offset,
            ref=ref,
        ),
        st.sampled_from(TARGETS),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["c-1", "c-2"]),
        st.sampled_from(list(CommandType)),
        st.integers(0, 1),
        st.sampled_from(["A", "B", None]),
    )


@st.composite
def event_sets(draw: st.DrawFn, *, deliveries: bool = True) -> list[OrderEvent]:
    """Different events of one order of one platform, in the order of their offsets."""
    of_platform = draw(st.sampled_from([_of_selldone, _of_duda]))
    events = [draw(of_platform(offset)) for offset in range(draw(st.integers(1, 6)))]
    if deliveries:
        events += [draw(_of_delivery(events[0], offset)) for offset in range(draw(st.integers(0, 3)))]
    return list({event.id: event for event in reversed(events)}.values())[::-1]


@st.composite
def histories(draw: st.DrawFn, events: list[OrderEvent]) -> list[OrderEvent]:
    """The events in any order, each once or more often."""
    repeats = draw(st.lists(st.sampled_from(events), max_size=4))
    return draw(st.permutations([*events, *repeats]))
