"""Duda's and Selldone's own payloads through real ingest, streams and connectors: copies, orders of arrival, stock."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path

import orjson
import pytest

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from streams import topics
from streams.supervisor import plan
from tests.connectors.api import TOKEN
from tests.ingest.support import DUDA_SECRET, ENVIRON, duda_headers
from tests.ingest.support import TOKEN as SELLDONE_TOKEN
from tests.pipeline.pages import needs_curl, shell
from tests.pipeline.roles import Pipeline, pipeline
from tests.pipeline.test_quickbutik import reset
from tests.streams.platforms.samples import payload
from tests.streams.platforms.test_payloads import SITE

COPIES = 50
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "platforms"
SETTINGS = """
[[sources]]
name = "duda"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:TEST_DUDA"] }
[[sources]]
name = "selldone"
platform = "selldone"
auth = { scheme = "token", path = true, secrets = ["env:TEST_TOKEN"] }
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
SEED = ("order-created", "order-status-updated", "order-deleted")
SELLDONE = f"/webhooks/selldone/{SELLDONE_TOKEN}"
PLATE = f"duda:{SITE}/string/string"


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
    path, headers = ("/webhooks/duda", duda_headers(body)) if source == "duda" else (SELLDONE, {})
    answers = line.send_at_once(COPIES, path, body, headers)
    assert [200] * COPIES == [answer.status for answer in answers]
    receipts = {orjson.loads(answer.body)["receipt"] for answer in answers}
    stored = Counter((record.header("ce_id") or b"").decode() for record in line.raw(source))
    assert (COPIES, set(), {1}) == (len(receipts), receipts - stored.keys(), set(stored.values()))
    assert len(stored) <= sum(answer.sendings for answer in answers)
    assert {body} == {record.value for record in line.raw(source)}
    line.until(lambda: len(line.events(key)) >= len(stored) + 1, "all read, and the outcome")
    order = line.wait_for_order(key, lambda order: order.targets["external"].status == "delivered")
    assert 2 == order.version, "the webhook and the outcome of its command"
    assert 1 == len(line.commands("external", key)) == len(line.outcomes(key))
    assert [key] == [effect.external_order_id for effect in API.ledger.effects if effect.external_order_id == key]
    assert 1 == len({event.id for event in line.events(key) if event.delivery is None})


def has_moved(line: Pipeline, key: str, count: int) -> bool:
    """The order has that many movements, and the stock has all there are."""
    own = [moved for moved in line.movements() if moved.order_key == key]
    stock = line.stock().get(PLATE)
    return len(own) >= count and stock is not None and stock.movements >= len(line.movements())


def send_seed(line: Pipeline, names: Sequence[str], number: str) -> str:
    """The seed's payloads as those of an order of that number; the order's key."""
    for name in names:
        body = payload("duda", name).replace(b"ECOM-1065", number.encode())
        answer = line.send("/webhooks/duda", body, duda_headers(body))
        assert (200, "accepted") == (answer.status, orjson.loads(answer.body)["status"])
    return f"duda:{SITE}/{number}"


@pytest.mark.parametrize("names", [*permutations(SEED), SEED * 3, SEED[::-1] * 2], ids="-".join)
def test_seed_in_every_order_of_arrival_leaves_the_stock_as_it_was(line: Pipeline, names: Sequence[str]) -> None:
    """All three carry one timestamp and no id; only what they say can tell which is the last word."""
    before = line.stock().get(PLATE)
    key = send_seed(line, names, f"P-{'-'.join(name[6:8] for name in names)}")
    line.until(lambda: len([e for e in line.events(key) if e.delivery is None]) >= len(names), "all are events")
    ids = {event.id for event in line.events(key) if event.delivery is None}
    order = line.wait_for_order(key, lambda order: ids <= {clock[3] for clock in order.bookkeeping.seen})
    assert 3 == len(ids)
    assert ("cancelled", "paid") == (order.status, order.payment_status)
    assert ["3"] == [f"{each.quantity}" for each in order.lines]
    assert ({}, ()) == (order.bookkeeping.taken, order.flags)
    own = [moved for moved in line.movements() if moved.order_key == key]
    assert 0 == sum(moved.delta for moved in own)
    assert len(own) == len({moved.id for moved in own}) == order.bookkeeping.moves
    line.until(lambda: not own or line.stock()[PLATE].movements >= len(line.movements()), "the stock has them all")
    if own:
        assert (before.level if before else 0) == line.stock()[PLATE].level


def test_stock_follows_the_seeds_story(line: Pipeline) -> None:
    """One plate is bought, then three, then none: the table says so after each, and which order it was."""
    levels = []
    start = next((stock.level for key, stock in line.stock().items() if key == PLATE), 0)
    for count, name in enumerate(SEED, 1):
        key = send_seed(line, [name], "S-1")
        line.until(partial(has_moved, line, key, count), f"movement {count}")
        levels.append(f"{line.stock()[PLATE].level - start}")
    assert ["-1", "-3", "0"] == levels
    own = [f"{moved.delta} {moved.held}" for moved in line.movements() if moved.order_key == key]
    assert ["-1 1", "-2 3", "3 0"] == own


def test_checkout_and_payment_of_selldone_make_one_paid_order_downstream(line: Pipeline) -> None:
    """Both payloads as they stand, the payment first: it lacks fields, and the order must not."""
    for name in ("payment-order", "checkout-order"):
        body = payload("selldone", name).replace(b'"id": 1001,', b'"id": 1002,')
        assert 200 == line.send(SELLDONE, body).status
    order = line.wait_for_order("selldone:1/1002", lambda order: order.version >= 2 and order.targets)
    assert ("pending", "paid", "63.75") == (order.status, order.payment_status, f"{order.tax}")
    line.wait_for_order(order.key, lambda order: order.targets["external"].status == "delivered")
    (effect,) = [effect for effect in API.ledger.effects if effect.external_order_id == order.key]
    assert b'"total_amount":451.16' in effect.body


def test_movements_and_webhooks_read_again_from_the_start_move_nothing(line: Pipeline, module_broker: str) -> None:
    """An offset that is lost, or reset by hand: the table says which movements it has, the orders what they took."""
    key = send_seed(line, SEED[:2], "R-1")
    line.until(lambda: has_moved(line, key, 2), "moved")
    line.until(lambda: sum(stock.movements for stock in line.stock().values()) == len(line.movements()), "counted")
    stock, movements, orders = line.stock(), line.movements(), line.orders()
    told = len([event for event in line.events() if event.delivery is None])
    line.stop(plan.STREAMS)
    for topic in (topics.MOVEMENTS, topics.webhooks("duda")):
        reset(module_broker, line.settings, topic)
    line.start(plan.STREAMS)
    stored = len(line.raw("duda"))
    line.until(
        lambda: len([event for event in line.events() if event.delivery is None]) >= told + stored,
        "all is stated again",
    )
    line.until(lambda: line.has_read(topics.MOVEMENTS), "all movements read again")
    line.until(lambda: line.has_read(topics.EVENTS), "all events folded again")
    assert (movements, stock) == (line.movements(), line.stock())
    assert {key: order.bookkeeping.taken for key, order in orders.items()} == {
        key: order.bookkeeping.taken for key, order in line.orders().items()
    }


@needs_curl
@pytest.mark.parametrize(
    ("name", "key"), [("duda", f"duda:{SITE}/ECOM-1065"), ("selldone", "selldone:1/1001")], ids=["duda", "selldone"]
)
def test_example_of_the_page_is_accepted_as_it_stands(line: Pipeline, name: str, key: str) -> None:
    """Whoever sets a source up copies it; a wrong signature in it would send them looking for hours."""
    (commands,) = re.findall(r"^```sh\n(.*?)^```", (PAGES / f"{name}.md").read_text(), re.DOTALL | re.MULTILINE)
    before = len(line.raw(name))
    said = shell(line, f"cd {ROOT}\n{commands}", {"DUDA_SECRET": DUDA_SECRET, "SELLDONE_TOKEN": SELLDONE_TOKEN})
    assert "HTTP/1.1 200 OK" in said
    line.until(lambda: len(line.raw(name)) == before + 1, "stored")
    file = payload(name, "order-created" if name == "duda" else "checkout-order")
    assert {file} == {record.value for record in line.raw(name) if record.key == key.encode()}, "byte for byte"
