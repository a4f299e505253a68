"""The worked example of `docs/platforms/mapping.md`, run as it stands there: its settings, its script, its event."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.demo.setting import HOST
from tests.pipeline.pages import needs_curl, shell
from tests.pipeline.roles import Pipeline, pipeline
from tests.streams.platforms.example import ENVELOPE, block, expected

SECRET = "whsec_" + base64.b64encode(b"a secret of the mapping's tests!").decode()
ENVIRON = {"ACME_WEBHOOK_SECRET": SECRET, "PLAIN_SECRET": "a plain secret"}
TARGET = """
[[targets]]
name = "external"
kind = "external"
base_url = "{sandbox}"
auth = { scheme = "none" }
"""


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("mapping")
    with pipeline(module_broker, folder, block("toml") + block("toml", 1) + TARGET, ENVIRON) as made:
        yield made


def test_page_does_what_it_says(line: Pipeline, tmp_path: Path) -> None:
    """Whoever follows the page line by line must see the event that it shows."""
    (tmp_path / "payload.json").write_text(block("json payload"))
    environ = {
        **os.environ,
        "ORDERLOG_URL": f"http://{HOST}:{line.settings.ingest.port}",
        "ACME_WEBHOOK_SECRET": SECRET,
    }
    script = [sys.executable, "-c", block("python")]
    run = subprocess.run(script, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
    assert ("", "accepted") == (run.stderr, json.loads(run.stdout)["status"])
    (event,) = line.until(lambda: line.events("acme:nordic/9007199254740993"), "the event")
    assert expected() == {name: value for name, value in event.to_dict().items() if name not in ENVELOPE}
    order = line.wait_for_order("acme:nordic/9007199254740993", lambda order: order.lines)
    assert ("0010-A", "pi_def456") == (order.order_number, order.payments[0].id)


@needs_curl
def test_curl_line_of_the_page_sends_two_orders(line: Pipeline) -> None:
    """The plain HMAC, by hand."""
    assert "accepted" in shell(line, block("sh"), ENVIRON)
    for key in ("plain:1", "plain:2"):
        assert key == line.wait_for_order(key, lambda order: order.bookkeeping.placed).key
