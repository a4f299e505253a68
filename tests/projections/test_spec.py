"""Through which sources a target speaks for itself."""

from typing import Any

from projections.spec import spec_of
from streams.settings.model import Settings
from tests.projections.commerceos_world import AUTH, MAPPING, NAMESPACES


def spoken(**polled: str | None) -> dict[str, frozenset[str]]:
    """Target → its own sources. `polled`: target → the source that its statuses are polled under."""
    sources = [{"name": name, "platform": "commerceos", "auth": AUTH} for name in ("north", "south", "any")]
    sources.append({"name": "shop", "platform": "selldone", "auth": AUTH})
    shared: dict[str, Any] = {"kind": "commerceos", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
    shared["identifiers"] = NAMESPACES
    targets = [
        {**shared, "name": name, "commerceos": {**MAPPING, **({"poll": {"source": source}} if source else {})}}
        for name, source in polled.items()
    ]
    settings = Settings.model_validate({"sources": sources, "targets": targets})
    return {target.name: spec_of(settings, target).own for target in settings.targets}


def test_one_commerceos_speaks_through_every_source_of_its_platform() -> None:
    """Webhooks and polled answers may come by different ones."""
    assert spoken(a="north") == {"a": {"north", "south", "any"}}
    assert spoken(a=None) == {"a": {"north", "south", "any"}}


def test_what_one_commerceos_says_is_not_taken_for_anothers_word() -> None:
    """Approved and shipped in the north, the south would never be told to do either."""
    assert spoken(a="north", b="south") == {"a": {"north", "any"}, "b": {"south", "any"}}
    assert spoken(a="north", b="north") == {"a": {"north", "south", "any"}, "b": {"north", "south", "any"}}
