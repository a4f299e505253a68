"""When a comparison runs by itself: a restart must not run it again, nor keep it from running."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.reconcile.scheduled import Scheduled
from streams.settings.model import Settings, Target

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ("order", "channel", "sku", "company", "customer", "store")


def scheduled(last: datetime | None, **given: Any) -> Scheduled:
    target = Target.model_validate(
        {
            "name": "site",
            "kind": "commerceos",
            "base_url": "http://127.0.0.1:9",
            "auth": {"scheme": "none"},
            "identifiers": {name: f"com.acme.{name}" for name in NAMES},
            "commerceos": {"company": "A", "sellers": ["S"], "payment_methods": {"*": "m"}, **given},
        }
    )
    return Scheduled(Settings(), target, {}, last, lambda: NOW)


HOURLY = {"reconcile": {"interval_s": 3600}}


@pytest.mark.parametrize(
    ("given", "last", "wait_s"),
    [
        ({}, None, ()),
        (HOURLY, None, (0,)),
        (HOURLY, NOW - timedelta(minutes=10), (3000,)),
        (HOURLY, NOW - timedelta(days=10), (0,)),
    ],
)
def test_it_is_due_an_interval_after_it_last_ended(
    given: dict[str, Any], last: datetime | None, wait_s: Sequence[float]
) -> None:
    """Whichever worker ran it: the time is in Kafka."""
    assert wait_s == scheduled(last, **given).wait_s()


def test_it_is_due_at_once_where_an_operator_asks() -> None:
    """Where it is set to run at all."""
    made = scheduled(NOW, **HOURLY)
    made.ask()
    assert (0,) == made.wait_s()
    off = scheduled(None)
    off.ask()
    assert () == off.wait_s()
