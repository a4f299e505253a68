"""The settings that the pages of the senders show are settings that load."""

import json
import re
from pathlib import Path

import pytest

from streams import sources
from streams.settings import load

PAGES = Path(__file__).parents[3] / "docs" / "platforms"


def blocks(name: str, language: str) -> list[str]:
    text = (PAGES / f"{name}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "number", "platform"),
    [
        ("commerceos", 0, "commerceos"),
        ("external-system", 0, "external-system"),
        ("mapping", 0, "mapping"),
        ("mapping", 1, "mapping"),
    ],
)
def test_settings_of_a_page_load(name: str, number: int, platform: str, tmp_path: Path) -> None:
    """Whoever copies the example must be able to start."""
    file = tmp_path / "orderlog.toml"
    file.write_text(blocks(name, "toml")[number])
    found = sources.platforms(load(file, {}))
    assert platform in {reader.NAME for reader in found.values()}


def test_json_of_a_page_is_json() -> None:
    """It is there to be copied into a request."""
    found = [json.loads(block) for block in blocks("commerceos", "json")]
    assert [True, True, False] == ["active" in one for one in found]
