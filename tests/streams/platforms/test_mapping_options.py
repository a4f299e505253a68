"""The settings of a mapping are checked at start: every mistake with its line, and how to mend it."""

from pathlib import Path
from typing import Any

import pytest

from streams import sources
from streams.platforms import InvalidOptions, SourceConfig, platform_of
from streams.settings import load
from streams.settings.errors import SettingsError
from tests.streams.platforms.example import block

WRONG = """
[[sources]]
name = "acme"
platform = "mapping"
auth = { scheme = "standard-webhooks", secrets = ["env:ACME"] }
[sources.options]
event = "type"
shope = "data.store"
occurred_at = "data..timestamp"
[sources.options.events]
created = "order.plaecd"
paid = { type = "order.paid", rank = -1 }
done = "delivery.succeeded"
[sources.options.order]
total = "summ(rows)"
colour = "colour"
tax = "length(a, b)"
[sources.options.statuses]
open = "opened"
[sources.options.lines]
sku = "sku"
"""
MISTAKES = [
    (6, "order_id", "is missing"),
    (8, "shope", "no such setting"),
    (9, "occurred_at", "is not a JMESPath expression"),
    (11, "events.created", "is no type of event"),
    (12, "events.paid.rank", "is no rank"),
    (13, "events.done", "is no type of event"),
    (15, "order.total", "calls summ()"),
    (16, "order.colour", "no such setting"),
    (17, "order.tax", "gives length() 2 arguments"),
    (19, "statuses.open", "is no status"),
    (20, "lines.each", "is missing"),
]


@pytest.mark.parametrize("number", [0, 1])
def test_settings_of_the_page_load(tmp_path: Path, number: int) -> None:
    """Whoever copies the example must be able to start."""
    file = tmp_path / "orderlog.toml"
    file.write_text(block("toml", number))
    settings = load(file, {})
    assert ["mapping"] == [platform.NAME for platform in sources.platforms(settings).values()]


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    """A mapping that is found wrong only at the first webhook has lost it already."""
    file = tmp_path / "orderlog.toml"
    file.write_text(WRONG)
    with pytest.raises(SettingsError) as refusal:
        load(file, {})
    said = str(refusal.value)
    for line, setting, what in MISTAKES:
        (found,) = [one for one in said.splitlines() if f"options.{setting}" in one or f"options.{setting}:" in one][:1]
        assert f"orderlog.toml:{line}" in found, found
        assert what in said
    assert len(MISTAKES) == len(refusal.value.mistakes)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"event": "e"}, ("order_id",)),
        ({"event": 5, "order_id": "i"}, ("event",)),
        ({"event": "", "order_id": "i"}, ("event",)),
        ({"event": "e", "order_id": "a" * 501}, ("order_id",)),
        ({"event": "e", "order_id": "(" * 400}, ("order_id",)),
        ({"event": "e", "order_id": "!" * 200 + "a"}, ("order_id",)),
        ({"event": "e", "order_id": "avg(a)"}, ("order_id",)),
        ({"event": "e", "order_id": "i", "refers": "yes"}, ("refers",)),
        ({"event": "e", "order_id": "i", "refers": True, "shop": "s"}, ("shop",)),
        ({"event": "e", "order_id": "i", "lines": "rows"}, ("lines",)),
        ({"event": "e", "order_id": "i", "payments": {"each": "p"}}, ("payments", "id")),
        ({"event": "e", "order_id": "i", "events": ["created"]}, ("events",)),
        ({"event": "e", "order_id": "i", "events": {"bad\nword": "order.placed"}}, ("events", "bad\nword")),
        ({"event": "e", "order_id": "i", "events": {"a": {"type": "order.placed", "x": 1}}}, ("events", "a", "x")),
    ],
)
def test_wrong_option_is_named_by_its_path(options: dict[str, Any], path: tuple[str, ...]) -> None:
    """The path is what the line is found by."""
    with pytest.raises(InvalidOptions) as refusal:
        platform_of(SourceConfig("acme", "mapping", "acme", frozenset({"acme"}), options))
    assert [path] == [problem[0] for problem in refusal.value.problems]
    assert all(what and mend for _, what, mend in refusal.value.problems)
