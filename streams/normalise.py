"""The normalise agents: `webhooks.<source>` → `orders.events`, one agent per source, and `orders.outcomes` → events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from streams import cloudevents, outcomes, sources, topics
from streams.platforms import BadItem, Platform, RawWebhook, Undecodable
from streams.receipt import with_receipt
from streams.record import Output, Record
from streams.runtime.agent import Agent, Quarantine, Step, stepwise
from streams.runtime.quarantine import log_quarantined, quarantined
from streams.runtime.state import Overlay
from streams.settings.model import Settings
from streams.vocabulary import OrderEvent, Origin

INVALID_ITEMS = "invalid-items"
NOT_A_WEBHOOK = "not-a-webhook"
# The `ce_source` of what we fetched ourselves begins so; ingest writes `/webhooks/…` whatever its sender says.
FETCHED_BY = (b"/targets/", b"/pollers/")


def agents(settings: Settings) -> Sequence[Agent]:
    """The agents of this package, for `orderlog streams`. Raises `KeyError` for a platform that does not exist."""
    readers = [
        stepwise(f"normalise-{name}", topics.webhooks(name), normalise_step(platform))
        for name, platform in sources.platforms(settings).items()
    ]
    platforms = {source.name: source.platform for source in settings.sources}
    return (*readers, stepwise("outcomes", topics.OUTCOMES, outcomes_step(platforms)))


def normalise_step(platform: Platform) -> Step:
    """One raw webhook into the events it states. Quarantines with the platform's reason, or `not-a-webhook`.

    Of a batch with some bad items the others are taken, and the record is quarantined too, as `invalid-items`.
    """

    def step(record: Record, _: Overlay) -> Iterable[Output]:
        webhook = raw_webhook(record)
        try:
            found = platform.normalise(webhook)
        except Undecodable as error:
            raise Quarantine(error.reason, str(error)) from None
        origin = f"/webhooks/{webhook.source}"
        outputs = [_output(event, origin) for event in found if not isinstance(event, BadItem)]
        bad = [item for item in found if isinstance(item, BadItem)]
        return [*outputs, set_aside(record, bad)] if bad else outputs

    return step


def set_aside(record: Record, bad: Sequence[BadItem]) -> Output:
    """The quarantine record of a batch of which some items could not be read."""
    error = Quarantine(INVALID_ITEMS, "; ".join(f"item {item.index}: {item.reason} ({item.message})" for item in bad))
    log_quarantined(record, error.reason, error)
    return quarantined(record, error.reason, str(error))


def outcomes_step(platforms: Mapping[str, str]) -> Step:
    """One outcome into the event that tells its order. `platforms`: source → platform. Quarantines `not-an-outcome`."""

    def step(record: Record, _: Overlay) -> Iterable[Output]:
        event = outcomes.event_of(record, platforms)
        assert event.delivery is not None
        return [_output(event, f"/targets/{event.delivery.target}")]

    return step


def raw_webhook(record: Record) -> RawWebhook:
    """The webhook that a raw record holds (DESIGN section 7)."""
    receipt, received_at = record.header("ce_id"), record.header("ce_time")
    message_id = record.header(cloudevents.MESSAGE_ID)
    if record.value is None or receipt is None or received_at is None:
        raise Quarantine(NOT_A_WEBHOOK, "the record has no body, no ce_id or no ce_time")
    try:
        return RawWebhook(
            source=topics.source_of(record.topic),
            body=record.value,
            origin=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
            receipt=receipt.decode(),
            received_at=datetime.fromisoformat(received_at.decode()),
            query=_Fields(record.header(cloudevents.HTTP_QUERY)),
            headers=_Fields(record.header(cloudevents.HTTP_HEADERS)),
            method=(record.header(cloudevents.HTTP_METHOD) or b"POST").decode(),
            is_fetched=(record.header("ce_source") or b"").startswith(FETCHED_BY),
            message_id=None if message_id is None else message_id.decode(),
        )
    except ValueError as error:
        raise Quarantine(NOT_A_WEBHOOK, f"the record is not as ingest writes it: {error}") from None


class _Fields(Mapping[str, str]):
    """The fields in a header of a raw record, read when they are asked for: most platforms never do."""

    __slots__ = ("_header", "_read")

    def __init__(self, header: bytes | None) -> None:
        self._header = header
        self._read: Mapping[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._fields()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields())

    def __len__(self) -> int:
        return len(self._fields())

    def _fields(self) -> Mapping[str, str]:
        """Of a field that was sent more than once, the last: as ingest reads it when it names the order.

        Raises `Undecodable`, as what reads a webhook may.
        """
        if self._read is None:
            try:
                value = orjson.loads(self._header) if self._header else {}
            except orjson.JSONDecodeError as error:
                raise Undecodable(NOT_A_WEBHOOK, f"a header of the record is not JSON: {error.msg}") from None
            if not isinstance(value, dict):
                raise Undecodable(NOT_A_WEBHOOK, "a header of the record is not a JSON object")
            self._read = {name: _last(one) for name, one in value.items()}
        return self._read


def _last(value: Any) -> str:
    return str(value[-1]) if isinstance(value, list) and value else str(value)


def _output(event: OrderEvent, source: str) -> Output:
    headers = cloudevents.headers(id=event.id, source=source, type=event.type, time=event.occurred_at)
    return Output(topics.EVENTS, event.order_key.encode(), event.to_json(), with_receipt(headers, event.receipt))
