"""The pages about Duda and Selldone: their settings load as they stand, and their tables are the code's."""

import re
from pathlib import Path

import pytest

from streams.platforms import PLATFORMS
from streams.platforms.duda import STATUSES
from streams.settings import load
from tests.streams.platforms.test_selldone import DELIVERY_STATES, TYPES
from tests.streams.platforms.test_selldone import STATUSES as SELLDONE_STATUSES

PAGES = Path(__file__).parents[3] / "docs" / "platforms"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text()


@pytest.mark.parametrize("name", ["duda", "selldone"])
def test_settings_of_the_page_load_as_they_stand(name: str, tmp_path: Path) -> None:
    """The first thing that anyone does with a page is to copy them."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", page(name), re.DOTALL | re.MULTILINE)
    file = tmp_path / "orderlog.toml"
    file.write_text(text)
    (source,) = load(file, {}).sources
    assert (source.name, source.platform) == (name, name)


@pytest.mark.parametrize("name", ["duda", "selldone"])
def test_page_has_every_word_for_an_event(name: str) -> None:
    """A word that the page lacks is one that nobody switches on."""
    assert [] == [word for word in PLATFORMS[name].EVENTS if f"`{word}`" not in page(name)]
    types = {type for type, _ in PLATFORMS[name].EVENTS.values()}
    assert [] == [type for type in types if f"`{type}`" not in page(name)]


def test_page_of_selldone_has_every_word_of_the_seed() -> None:
    """Statuses, delivery states and types."""
    words = [row[0] for row in (*SELLDONE_STATUSES, *DELIVERY_STATES)] + TYPES
    assert [] == [word for word in words if f"`{word}`" not in page("selldone")]


def test_page_of_duda_has_every_status() -> None:
    """But for the second spelling of one."""
    assert [] == [word for word in STATUSES if f"`{word}`" not in page("duda") and word != "CANCELED"]
