"""Stock end to end: Duda's webhooks in, an external stock API out. Invariant: its levels are `inventory.state`."""

import json
import random
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sandbox.faults import Faults
from connectors.sandbox.inventory import InventoryApi
from streams.settings import load
from streams.supervisor import plan
from tests.connectors.api import TOKEN
from tests.ingest.support import ENVIRON, duda_headers
from tests.pipeline.roles import Pipeline, pipeline
from tests.streams.platforms.samples import payload

PAGE = Path(__file__).parents[2] / "docs" / "targets" / "inventory.md"
SETTINGS = """
[[sources]]
name = "duda"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:TEST_DUDA"] }
[[targets]]
name = "stock"
kind = "inventory"
base_url = "{sandbox}"
auth = { scheme = "bearer", token = "env:SANDBOX_TOKEN" }
retry_delays_s = [0, 0.2, 0.2, 0.2, 0.5, 0.5, 1, 1, 1, 1]
timeout_s = 3
[targets.breaker]
failures = 10
open_s = 0.5
[[routes]]
from = ["duda"]
to = ["stock"]
"""
API = InventoryApi(TOKEN, Faults())
SEED = ("order-created", "order-status-updated", "order-deleted")
ORDERS, KILLS = 40, (plan.CONNECTORS, plan.STREAMS, plan.CONNECTORS)


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    environ = {**ENVIRON, "SANDBOX_TOKEN": TOKEN}
    with pipeline(module_broker, tmp_path_factory.mktemp("stock"), SETTINGS, environ, [API]) as made:
        yield made


def send(line: Pipeline, name: str, number: int, quantity: str, product: str) -> None:
    """One of the seed's webhooks as that order's, about so many pieces of that product."""
    document = json.loads(payload("duda", name))
    document["data"]["invoice_number"] = f"N-{number}"
    for item in document["data"].get("items", []):
        item |= {"quantity": Decimal(quantity), "product_id": product}
    body = json.dumps(document, default=float).encode()
    assert line.send("/webhooks/duda", body, duda_headers(body)).status == 200


def levels(line: Pipeline) -> dict[str, Decimal]:
    return {key: stock.level for key, stock in line.stock().items()}


def at_rest(line: Pipeline) -> bool:
    """Every movement was commanded and has its outcome, and the table has counted it."""
    movements = {moved.id for moved in line.movements()}
    commanded = {command.data["movement"]["id"]: command.id for command in line.commands("stock")}
    ended = {outcome.command_id for outcome in line.outcomes()}
    counted = sum(stock.movements for stock in line.stock().values())
    return commanded.keys() == movements and ended == set(commanded.values()) and counted == len(movements)


def test_levels_there_are_the_levels_here_through_faults_and_kills(line: Pipeline) -> None:
    """Errors, limits, cut answers, and roles that are killed in the middle: no piece is lost, and none taken twice."""
    faults = {
        "error_rate": 0.1,
        "rate_limit_rate": 0.05,
        "retry_after_s": 0,
        "reset_after_rate": 0.1,
        "hang_rate": 0.01,
    }
    API.door.faults = Faults(latency_ms=50, hang_s=4, seed=3, **faults)
    dice, numbers = random.Random(3), list(range(ORDERS))
    for role in KILLS:
        for number in numbers:
            name = dice.choice(SEED)
            send(line, name, number, dice.choice(["1", "2", "0.25"]), f"p-{number % 7}")
        line.stop(role, signal.SIGKILL)
        dice.shuffle(numbers)
        line.start(role)
    line.until(lambda: line.raw("duda"), "stored")
    line.until(lambda: len([e for e in line.events() if e.delivery is None]) >= ORDERS * len(KILLS), "all read")
    line.until(lambda: at_rest(line), "at rest")
    assert levels(line) == {product: API.levels[product] for product in levels(line)}
    assert API.levels.keys() == levels(line).keys()
    assert len(API.moved) == len(line.movements()) == len({moved.id for moved in line.movements()})
    assert {outcome.result.value for outcome in line.outcomes()} == {"delivered"}
    stats = API._stats()
    assert (stats["conflicts"], int(str(stats["repeats"])) > 0) == (0, True)
    assert {state.status for order in line.orders().values() for state in order.targets.values()} <= {"delivered"}


def test_an_unknown_product_is_a_dead_letter_that_holds_its_order_alone(line: Pipeline) -> None:
    """The rest of the shop's stock must go on; redriven once the product is known, nothing is missing."""
    API.door.faults = Faults()
    API.products = frozenset(API.levels)
    send(line, SEED[0], 900, "1", "unheard-of")
    send(line, SEED[0], 901, "1", "p-1")
    key = next(key for key in line.until(lambda: held(line), "the dead letter"))
    assert key.endswith("/N-900")
    (outcome,) = line.outcomes(key)
    assert (outcome.result.value, outcome.error, outcome.attempts) == ("dead", "HTTP 404", 1)
    line.wait_for_order(key.replace("N-900", "N-901"), lambda order: order.targets["stock"].status == "delivered")
    API.products = None


def held(line: Pipeline) -> list[str]:
    return [key for key, order in line.orders().items() if "dead" in {t.status for t in order.targets.values()}]


def test_the_page_s_example_loads(tmp_path: Path) -> None:
    """Who copies it must not begin with a mistake of ours."""
    file = tmp_path / "orderlog.toml"
    file.write_text(PAGE.read_text().split("```toml\n")[1].split("```")[0])
    assert load(file, {}).target("stock").product == "sku"
