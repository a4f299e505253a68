"""The page of the external system: its document is the one that is sent, and its settings load."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from connectors.sandbox.order import ExternalOrder
from connectors.targets import external
from projections.decide import TargetSpec, decide
from projections.fold import fold
from streams.platforms.json import decode
from streams.settings import load
from streams.vocabulary import Address
from tests.streams.platforms.test_quickbutik import fetched

PAGE = (Path(__file__).parents[2] / "docs" / "targets" / "external.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def sent() -> external.Request:
    """What goes out for the order of Quickbutik's sample."""
    event = fetched()
    _, (command,) = decide(fold(None, event), (TargetSpec("external", external.KIND),), event)
    return external.request(command)


def test_document_of_the_page_is_the_one_that_is_sent() -> None:
    """It is a contract: whoever builds the API builds it from the page."""
    shown, body = decode(block("json").encode()), decode(sent().body)
    assert shown == body
    assert list(shown) == list(body)
    assert Decimal("648.95") == shown["total_amount"]


def test_request_of_the_page_is_the_one_that_is_sent() -> None:
    """Method, path and headers, the key of this very document included."""
    request = sent()
    written = re.search(r"^    (POST \S+)\n((?:    \S+: .*\n)+)", PAGE, re.MULTILINE)
    assert written is not None
    headers = dict(line.strip().split(": ", 1) for line in written[2].splitlines())
    assert (f"{request.method} {request.path}", "Bearer …") == (written[1], headers.pop("Authorization"))
    assert headers == request.headers


def test_page_tells_of_every_field() -> None:
    """One that it leaves out is one that the API may refuse."""
    items: dict[str, Any] = orjson.loads(sent().body)["items"][0]
    fields = [*ExternalOrder.model_fields, *(f"items[].{name}" for name in items), *Address.model_fields]
    assert [] == [name for name in fields if f"`{name}`" not in PAGE]
    assert sorted(ExternalOrder.model_fields) == sorted(orjson.loads(sent().body))


def test_settings_of_the_page_load(tmp_path: Path) -> None:
    """They are there to be copied."""
    file = tmp_path / "orderlog.toml"
    file.write_text(block("toml"))
    assert external.KIND in {target.kind for target in load(file, {}).targets}
