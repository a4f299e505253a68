"""A second opinion that asks the first one is none: the demo may not import what it checks."""

from pathlib import Path

import pytest

from tests.house.test_layers import imported

ROOT = Path(__file__).parents[2]
CHECKED = ("streams.platforms", "streams.normalise", "streams.sources", "projections", "connectors", "ingest")
MODULES = sorted((ROOT / "streams/demo").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_demo_imports_nothing_that_it_checks(module: Path) -> None:
    """Neither a platform's reader nor the fold: a mistake there must not be repeated here."""
    assert [] == [name for name in imported(module) if name.startswith(CHECKED)]


def test_the_modules_are_found() -> None:
    """A list that is empty would pass."""
    assert len(MODULES) > 30
