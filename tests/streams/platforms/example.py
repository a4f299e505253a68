"""The worked example of `docs/platforms/mapping.md`, cut out of the page as it stands there."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "platforms" / "mapping.md"
ENVELOPE = ("id", "received_at", "origin", "receipt")


def block(language: str, number: int = 0) -> str:
    """The text of the page's code block of that language."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return found[number]


def options(number: int = 0) -> dict[str, Any]:
    """`[sources.options]` of the page's settings."""
    (source,) = tomllib.loads(block("toml", number))["sources"]
    found: dict[str, Any] = source["options"]
    return found


def expected() -> dict[str, Any]:
    """The event that the page promises, without what differs each time."""
    event: dict[str, Any] = json.loads(block("json event"))
    return event
