"""The external system's page does the seed's part 3: with its settings, what the system reports reaches the shop."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from projections.agents import fold_step
from streams import sources, topics
from streams.platforms import RawWebhook
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings import load
from streams.vocabulary import Command, OrderEvent, Origin
from tests.projections.events import NOW

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "external-system.md").read_text()
NAME, SHOP = "external-system", "quickbutik"


def commanded(body: bytes, folder: Path) -> list[Command]:
    """What is decided for any target, as the page sets things, when the system reports `body`."""
    (toml,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    file = folder / "orderlog.toml"
    file.write_text(toml)
    settings = load(file, {})
    webhook = RawWebhook(NAME, body, Origin(topic=topics.webhooks(NAME), partition=0, offset=0), "r", NOW)
    (event,) = sources.platforms(settings)[NAME].normalise(webhook)
    assert isinstance(event, OrderEvent)
    record = Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json())
    outputs = fold_step(settings)(record, Overlay(MemoryStore()))
    return [Command.from_json(output.value or b"") for output in outputs]


@pytest.mark.parametrize(
    ("event", "data", "update"),
    [
        (
            "order.shipped",
            {"tracking_number": "1Z", "carrier": "UPS"},
            {"status": "done", "shipping": {"tracking_number": "1Z", "carrier": "UPS"}, "notify": True},
        ),
        ("order.payment_confirmed", {}, {"status": "paid", "notify": True}),
        ("order.cancelled", {"reason": "Out of stock"}, {"status": "cancelled", "notify": True}),
    ],
)
def test_report_reaches_the_shop(event: str, data: dict[str, Any], update: dict[str, Any], tmp_path: Path) -> None:
    """The buyer is told by the shop: a page that leaves it out does half of what the guide does."""
    body = json.dumps({"event_type": event, "order_id": "12345", "data": data}).encode()
    (command,) = commanded(body, tmp_path)
    assert (SHOP, f"{SHOP}:12345", update) == (command.target, command.order_key, command.data)


def test_report_that_the_page_sends_reaches_the_shop(tmp_path: Path) -> None:
    """Whoever tries it out looks for just this."""
    (body,) = re.findall(r"^  -d '(\{.*\})'$", PAGE, re.MULTILINE)
    (command,) = commanded(body.encode(), tmp_path)
    assert "1Z999AA10123456784" == command.data["shipping"]["tracking_number"]
