"""50 copies of one delivery at the same time: every one accepted and kept, and one effect downstream."""

from collections import Counter
from collections.abc import Iterator

import orjson
import pytest

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from tests.connectors.api import TOKEN
from tests.ingest.support import ENVIRON, duda_headers
from tests.ingest.support import TOKEN as SELLDONE_TOKEN
from tests.pipeline.roles import Pipeline, pipeline
from tests.streams.platforms.samples import payload
from tests.streams.platforms.test_payloads import SITE

COPIES = 50
SETTINGS = """
[[sources]]
name = "duda"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:TEST_DUDA"] }
[[sources]]
name = "selldone"
platform = "selldone"
auth = { scheme = "token", header = "X-Token", secrets = ["env:TEST_TOKEN"] }
[[targets]]
name = "external"
kind = "external"
base_url = "{sandbox}"
auth = { scheme = "bearer", token = "env:SANDBOX_TOKEN" }
[[routes]]
from = ["duda", "selldone"]
to = ["external"]
"""
API = ExternalApi(TOKEN, Faults())


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    environ = {**ENVIRON, "SANDBOX_TOKEN": TOKEN}
    with pipeline(module_broker, tmp_path_factory.mktemp("copies"), SETTINGS, environ, [API]) as made:
        yield made


@pytest.mark.parametrize(
    ("source", "name", "key"),
    [("duda", "order-created", f"duda:{SITE}/ECOM-1065"), ("selldone", "checkout-order", "selldone:1/1001")],
)
def test_fifty_copies_at_once_have_one_effect(line: Pipeline, source: str, name: str, key: str) -> None:
    """A platform that retries while we still work on the first must not place the order twice."""
    body = payload(source, name)
    headers = duda_headers(body) if source == "duda" else {"X-Token": SELLDONE_TOKEN}
    answers = line.send_at_once(COPIES, f"/webhooks/{source}", body, headers)
    assert [200] * COPIES == [answer.status for answer in answers]
    receipts = [orjson.loads(answer.body)["receipt"] for answer in answers]
    line.until(lambda: len(line.raw(source)) >= COPIES, "all stored")
    assert Counter(receipts) == Counter((record.header("ce_id") or b"").decode() for record in line.raw(source))
    assert {body} == {record.value for record in line.raw(source)}
    line.until(lambda: len(line.events(key)) >= COPIES + 1, "all read, and the outcome")
    order = line.wait_for_order(key, lambda order: order.targets["external"].status == "delivered")
    assert 2 == order.version, "the webhook and the outcome of its command"
    assert 1 == len(line.commands("external", key)) == len(line.outcomes(key))
    assert [key] == [effect.external_order_id for effect in API.ledger.effects if effect.external_order_id == key]
    assert 1 == len({event.id for event in line.events(key) if event.delivery is None})
