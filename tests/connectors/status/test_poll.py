"""Statuses polled from the stand-in over real HTTP, into a real broker: what is recorded, and what is not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import orjson

from connectors.sandbox.faults import Faults
from streams.vocabulary import OrderStatus
from tests.connectors.harness import until
from tests.connectors.sandbox_commerceos.shop import item
from tests.connectors.status.harness import Site, polling, site


async def test_what_changed_is_recorded_once_and_the_rest_is_not(kafka: str, tmp_path: Path) -> None:
    """The events of a record are kept for ever: a poll a minute must not write a hundred old ones each time."""
    async with site(kafka, tmp_path, polling()) as made:
        for number in range(13):
            await made.place(number)
        events = await made.wait_for(13)
        assert {(event.order_key, event.data.status) for event in events} == {
            (made.key(number), OrderStatus.PENDING) for number in range(13)
        }
        await made.act(3, tryApprove=True)
        await made.wait_for(14)
        await made.rounds(3)
        events = await made.events()
        (changed,) = events[13:]
        assert (made.key(3), OrderStatus.CONFIRMED) == (changed.order_key, changed.data.status)
        assert (made.name, made.source) == (changed.source, changed.order_key.partition(":")[0])
        await the_record_is_what_the_api_wrote(made)
        await operators_see_it(made)
        await made.act(3, tryCancel=True)
        (cancelled,) = (await made.wait_for(15))[14:]
        assert OrderStatus.CANCELLED == cancelled.data.status


async def the_record_is_what_the_api_wrote(made: Site) -> None:
    """Byte for byte, and told to be fetched, so that who sends webhooks cannot pass for it."""
    *_, record = await made.records()
    path = orjson.loads(record.header("http_query") or b"")["path"]
    _, body, _ = await made.shop.raw("GET", path)
    assert (record.value or b"")[1:-1] in body
    assert record.header("ce_source") == f"/pollers/{made.name}".encode()
    assert record.key == made.key(3).encode(), "one order's page is under its key"


async def operators_see_it(made: Site) -> None:
    """A poll that has stood still must be seen by whoever looks at the metrics."""
    (line,) = made.log_lines("monitor listens")
    async with aiohttp.ClientSession() as session, session.get(f"{line['address']}/metrics") as response:
        text = await response.text()
    found = {name: value for name, _, value in (each.rpartition(" ") for each in text.splitlines())}
    assert float(found[f'orderlog_poll_last_success_timestamp_seconds{{source="{made.name}"}}']) > 0
    assert float(found[f'orderlog_polled_orders_total{{source="{made.name}"}}']) >= 14


async def test_units_of_a_partial_shipment_come_per_line(kafka: str, tmp_path: Path) -> None:
    """The guide's partial fulfilment: where each unit is, without a webhook for it."""
    async with site(kafka, tmp_path, polling()) as made:
        await made.place(1, items=[item("WIDGET-001", quantity=3), item("GADGET-002", quantity=1)])
        await made.act(1, tryApprove=True)
        _, shipped = await made.shop.admin(
            "POST", "ship", {"order": f"com.acme.order-id={made.key(1)}", "items": [{"index": 0, "quantity": 2}]}
        )
        await made.shop.admin("POST", "move", {"shipment": shipped["shipment"], "to": "Transiting"})

        async def last() -> OrderStatus | None:
            events = await made.events()
            return events[-1].data.status if events else None

        async def is_being_prepared() -> bool:
            return await last() == OrderStatus.PROCESSING

        await until(is_being_prepared, "the shipment", every_s=0.2)
        event = (await made.events())[-1]
        units = {
            each.sku: {word: int(count) for word, count in each.units.items()} for each in event.data.fulfilment or ()
        }
        assert units == {"WIDGET-001": {"Committed": 1, "Transiting": 2}, "GADGET-002": {"Committed": 1}}
        assert [parcel.status for parcel in event.data.shipments or ()] == ["Transiting"]


async def test_old_orders_are_asked_for_while_they_can_still_change(kafka: str, tmp_path: Path) -> None:
    """An order on backorder is approved for months; the cancelled and the abandoned would make every round longer."""
    now = [datetime.now(UTC) - timedelta(days=90)]
    async with site(kafka, tmp_path, polling(since_s=24 * 60 * 60), now=lambda: now[0]) as made:
        for number in range(8):
            await made.place(number)
            if number != 7:
                await made.act(number, tryApprove=True)
        now[0] = datetime.now(UTC)
        young = [await made.place(number) for number in range(20, 27)]
        expected = {*young, *(made.key(number) for number in range(7))}
        await made.wait_for(len(expected))
        await made.rounds(2)
        assert {event.order_key for event in await made.events()} >= expected
        asked = [path for path in made.asked() if "timestamp:desc" in path]
        assert not [path for path in asked if "~skip(15)" in path], "the list of all is read to the horizon"


async def test_what_the_api_does_wrong_costs_time_and_no_snapshot(kafka: str, tmp_path: Path) -> None:
    """Errors, limits and connections that end: told once, tried again, nothing twice."""
    async with site(kafka, tmp_path, polling(), error_rate=1) as made:
        await until(lambda: made.log_lines("polling fails"), "the word of it")
        made.shop.api.door.faults = Faults()
        keys = [await made.place(number) for number in range(6)]
        made.shop.api.door.faults = Faults(error_rate=0.2, rate_limit_rate=0.1, retry_after_s=0, reset_after_rate=0.1)
        await made.wait_for(6)
        await until(lambda: made.log_lines("polling works again"), "the word of that")
        made.shop.api.door.faults = Faults()
        await made.rounds(2)
        assert sorted(each["identifiers"]["com.acme.order-id"] for each in await made.items()) == keys
        assert made.workers[0].exits == []
