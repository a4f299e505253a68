"""What the house's tests share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository() -> Path:
    """The folder of the project."""
    return ROOT
