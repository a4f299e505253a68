"""One broker per module of these tests: their topics have the product's own names, and nobody else's records."""

from collections.abc import Iterator

import pytest

from streams.broker import LocalBroker


@pytest.fixture(scope="module")
def module_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    with LocalBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker.bootstrap
