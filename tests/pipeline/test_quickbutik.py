"""Quickbutik end to end: pings over real HTTP, the order from a stand-in for its API, one create downstream."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from streams import topics
from streams.settings.model import Settings
from streams.supervisor import plan
from streams.vocabulary import CommandType, EventType, Order, OrderStatus
from tests.connectors.api import TOKEN, lines
from tests.ingest.support import ENVIRON
from tests.ingest.support import TOKEN as URL_TOKEN
from tests.kafka import SHARED_PARTITIONS, committed_offsets, produce
from tests.pipeline.roles import Answer, Pipeline, pipeline
from tests.pipeline.standins import Shop
from tests.streams.platforms.samples import payload

KEY = "sk_test_abc123"
SETTINGS = """
[[sources]]
name = "quickbutik"
platform = "quickbutik"
fetch_from = "quickbutik-api"
auth = { scheme = "token", secrets = ["env:TEST_TOKEN"] }
[sources.options]
time_zone = "Europe/Stockholm"
[[sources]]
name = "external-system"
platform = "external-system"
orders_of = "quickbutik"
auth = { scheme = "bearer", secrets = ["env:TEST_TOKEN"] }
[[targets]]
name = "quickbutik-api"
kind = "quickbutik"
base_url = "{sandbox}"
auth = { scheme = "basic", password = "env:QUICKBUTIK_API_KEY" }
rate_per_second = 50
timeout_s = 60
retry_delays_s = [0.2, 0.4, 0.6]
[targets.breaker]
failures = 3
open_s = 0.5
[[targets]]
name = "external"
kind = "external"
base_url = "{sandbox}"
auth = { scheme = "bearer", token = "env:SANDBOX_TOKEN" }
[[routes]]
from = ["quickbutik"]
to = ["external", "quickbutik-api"]
"""
EXTERNAL, SHOP = ExternalApi(TOKEN, Faults()), Shop(KEY, Faults())
(SAMPLE,) = orjson.loads(payload("quickbutik", "order"))


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    environ = {**ENVIRON, "SANDBOX_TOKEN": TOKEN, "QUICKBUTIK_API_KEY": KEY}
    with pipeline(module_broker, tmp_path_factory.mktemp("qb"), SETTINGS, environ, [EXTERNAL, SHOP]) as made:
        SHOP.webhook_url = f"http://127.0.0.1:{made.settings.ingest.port}/webhooks/quickbutik/{URL_TOKEN}"
        yield made


def put_in(id: str, **changed: Any) -> str:
    """An order at the shop; gives its key with us."""
    SHOP.orders[id] = {**SAMPLE, "order_id": id, **changed}
    return f"quickbutik:{id}"


def ping(line: Pipeline, word: str, id: str, method: str = "GET") -> Answer:
    return line.send(f"/webhooks/quickbutik/{URL_TOKEN}?event_type={word}&order_id={id}", method=method)


def receipt(answer: Answer) -> bytes:
    found: str = orjson.loads(answer.body)["receipt"]
    return found.encode()


def asked(id: str) -> int:
    """How often the shop was asked for that order."""
    seen = lines(b"\n".join(SHOP.door.requests))
    return sum(each["method"] == "GET" and each["query"].get("order_id") == id for each in seen)


def effects(key: str) -> list[Any]:
    """What the external system was told of that order."""
    return [orjson.loads(each.body) for each in EXTERNAL.ledger.effects if each.external_order_id == key]


def created(line: Pipeline, key: str) -> Order:
    return line.wait_for_order(
        key, lambda order: order.targets.get("external") and order.targets["external"].status == "delivered"
    )


def no_fetch_is_open(line: Pipeline, key: str) -> bool:
    fetches = line.orders()[key].bookkeeping.fetches.values()
    return bool(fetches) and all(fetch.status != "pending" for fetch in fetches)


@pytest.mark.parametrize(("method", "id"), [("GET", "101"), ("POST", "102")])
def test_a_ping_brings_the_order_from_the_shop_to_the_external_system(line: Pipeline, method: str, id: str) -> None:
    """The seed's whole tutorial: ping, answer at once, fetch, transform, create; the vendor's GET, the seed's POST."""
    key = put_in(id)
    answer = ping(line, "order.new", id, method)
    assert answer.status == 200
    order = created(line, key)
    (document,) = effects(key)
    assert (document["total_amount"], document["currency"], document["customer_email"]) == (
        648.95,
        "SEK",
        "kalle@example.com",
    )
    assert [(item["sku"], item["quantity"], item["price"]) for item in document["items"]] == [
        ("TSHIRT-RED-L", 2, 299),
        ("STICKER", 1, 1.95),
    ]
    assert document["created_at"] == "2025-01-29T10:35:39Z"
    stored = [record for record in line.raw("quickbutik") if record.key == key.encode()]
    pinged = [record for record in stored if record.header("ce_source") == b"/webhooks/quickbutik"]
    fetched = [record for record in stored if record.header("ce_source") == b"/targets/quickbutik-api"]
    assert stored[:1] == pinged[:1] and len(stored) == len(pinged) + len(fetched)
    assert 1 <= len(fetched) <= len(pinged) <= answer.sendings
    assert receipt(answer) in {record.header("ce_id") for record in pinged}
    assert {b""} == {record.value for record in pinged}
    assert all(orjson.loads(record.value or b"") == [SHOP.orders[id]] for record in fetched)
    assert [event.type for event in line.events(key)][:1] == [EventType.OBSERVED]
    assert EventType.PLACED in {event.type for event in line.events(key)}
    assert order.payment_status == "paid"
    assert 1 <= asked(id) <= len(pinged)
    assert order.targets["external"].ref is not None


def test_fifty_copies_of_a_ping_create_one_order_with_two_requests_at_most(line: Pipeline) -> None:
    """The vendor repeats pings and a shop's pages are clicked twice: the API's rate is ours to spare."""
    key, topic = put_in("150"), topics.webhooks("quickbutik")
    with SHOP.holding(), ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: ping(line, "order.new", "150", ("GET", "POST")[n % 2]), range(50)))
        line.until(lambda: line.has_read(topic, key) and line.has_read(topics.EVENTS, key), "the last ping is known")
    assert [200] * 50 == [answer.status for answer in answers]
    created(line, key)
    line.until(lambda: no_fetch_is_open(line, key), "the last fetch")
    stored = len([record for record in line.raw("quickbutik") if record.key == key.encode()])
    assert 50 < stored <= sum(answer.sendings for answer in answers) + 2
    assert 1 <= asked("150") <= 2
    assert len(effects(key)) == 1 == len(line.commands("external", key))


def test_an_unknown_event_is_kept_and_looked_into(line: Pipeline) -> None:
    """A word that the vendor adds tomorrow must neither be lost nor guessed at."""
    key = put_in("160")
    assert ping(line, "order.archived", "160").status == 200
    created(line, key)
    types = {(event.type, event.platform_event) for event in line.events(key) if event.delivery is None}
    assert types == {(EventType.OBSERVED, "order.archived"), (EventType.CHANGED, "order.archived")}


def test_a_ping_about_a_product_is_stored_and_asks_for_nothing(line: Pipeline) -> None:
    """The vendor sends them to the same URL."""
    path = f"/webhooks/quickbutik/{URL_TOKEN}?event_type=product.update&product_id=170"
    answer = line.send(path, method="GET")
    line.until(lambda: [r for r in line.raw("quickbutik") if r.key == receipt(answer)], "it is stored")
    assert (answer.status, asked("170")) == (200, 0)


def test_a_ping_for_an_order_that_is_not_there_holds_nothing_up(line: Pipeline) -> None:
    """A forged ping, or one ahead of the API: retried, given up, and made good by the next."""
    key = "quickbutik:180"
    ping(line, "order.new", "180")
    (dead,) = line.until(lambda: line.outcomes(key), "given up")
    assert (dead.result, dead.attempts, asked("180")) == ("dead", 4, 4)
    assert "order-not-found" in (dead.error or "")
    assert (effects(key), line.orders()[key].status) == ([], OrderStatus.PENDING)
    put_in("180")
    ping(line, "order.done", "180")
    assert created(line, key).status is OrderStatus.SHIPPED
    assert len(effects(key)) == 1


def test_an_order_that_is_invalid_is_set_aside_with_the_field_s_name(line: Pipeline) -> None:
    """The seed's `validateOrder`: no customer's email, no order; and a person can find it."""
    key = put_in("190", customer={"phone": "1"})
    ping(line, "order.new", "190")
    body = orjson.dumps([SHOP.orders["190"]])
    assert line.wait_for_quarantine(body) == "invalid-order"
    assert [] == effects(key)


def test_an_outage_of_the_shop_loses_nothing(line: Pipeline) -> None:
    """Longer than the retries last: an order must not need an operator because an API was down."""
    SHOP.door.faults = Faults(error_rate=1)
    keys = [put_in(str(number)) for number in range(200, 206)]
    for number in range(200, 206):
        assert ping(line, "order.new", str(number)).status == 200
    time.sleep(4)
    assert [] == [key for key in keys if effects(key)]
    SHOP.door.faults = Faults()
    for key in keys:
        created(line, key)
    assert [1] * 6 == [len(effects(key)) for key in keys]
    assert {"delivered"} == {outcome.result.value for key in keys for outcome in line.outcomes(key)}


def told(line: Pipeline, event: str, id: str, **data: Any) -> None:
    """The external system's webhook about that order (seed 000, part 3)."""
    body = orjson.dumps({"event_type": event, "order_id": id, "data": data})
    answer = line.send("/webhooks/external-system", body, {"Authorization": f"Bearer {URL_TOKEN}"})
    assert answer.status == 200


def updates(id: str) -> list[tuple[str, bool, bool]]:
    """What the shop took for that order: status, whether the buyer was written to, whether it changed nothing."""
    return [(each.status, each.mailed, each.repeated) for each in SHOP.updates.taken if each.order_id == id]


def echoes(id: str) -> list[str]:
    return [word for word, order_id in SHOP.pings if order_id == id]


def pings(line: Pipeline, key: str) -> set[str | None]:
    """The words that we were pinged with about that order."""
    return {event.platform_event for event in line.events(key) if event.data.is_ping}


def echoed(line: Pipeline, id: str, words: list[str]) -> None:
    """Our updates came back as these pings, each was looked into, and all of it led to nothing more."""
    key, own = f"quickbutik:{id}", {"external-system"}
    line.until(lambda: echoes(id) == words, f"the shop pings {words} for {id}")
    line.until(lambda: asked(id) > len(words), "the shop is asked once more for each of them")
    looked_into(line, key)
    line.until(
        lambda: {e.platform_event for e in line.events(key) if not e.data.is_ping and e.source not in own} >= {*words},
        "the document behind each of them is fetched",
    )
    commanded = line.commands("quickbutik-api", key)
    line.until(lambda: len(line.outcomes(key)) >= len(commanded) + len(effects(key)), "all of it has ended")
    assert [command.id for command in line.commands("quickbutik-api", key)] == [command.id for command in commanded]
    assert [each.type for each in commanded].count(CommandType.UPDATE_STATUS) == len(updates(id))
    assert echoes(id) == words


def looked_into(line: Pipeline, key: str) -> None:
    """What was asked about that order has been answered, and the answers are folded."""
    line.until(lambda: no_fetch_is_open(line, key), "the last fetch")
    line.until(lambda: line.has_read(topics.webhooks("quickbutik"), key), "all that was stored is read")
    line.until(lambda: line.has_read(topics.EVENTS, key), "all that was read is folded")


def fetched_in(line: Pipeline, id: str, status: str) -> str:
    key = put_in(id, status=status)
    ping(line, "order.new", id)
    created(line, key)
    looked_into(line, key)
    return key


def test_what_the_external_system_says_reaches_the_shop_once_and_its_echo_ends_there(line: Pipeline) -> None:
    """The seed's bidirectional flow: paid, then shipped with its tracking; each message twice, and the buyer told once.

    Quickbutik pings for what we tell it: an echo that leads to another update would never end.
    """
    key = fetched_in(line, "210", "-1")
    told(line, "order.payment_confirmed", "210")
    told(line, "order.payment_confirmed", "210")
    line.until(lambda: len(updates("210")) == 1, "paid")
    echoed(line, "210", ["order.new"])
    parcel = {"tracking_number": "1Z999AA10123456784", "carrier": "UPS"}
    told(line, "order.shipped", "210", **parcel)
    told(line, "order.shipped", "210", **parcel)
    line.until(lambda: len(updates("210")) == 2, "done")
    echoed(line, "210", ["order.new", "order.done"])
    assert [(status, repeated) for status, _, repeated in updates("210")] == [("paid", False), ("done", False)]
    assert updates("210")[1][1], "the buyer hears of the parcel"
    assert SHOP.orders["210"]["status"] == "2"
    assert SHOP.orders["210"]["shipping_info"] == {"trackingnumber": "1Z999AA10123456784", "company": "UPS"}
    order = line.orders()[key]
    assert (order.status, order.payment_status) == (OrderStatus.SHIPPED, "paid")
    assert order.targets["quickbutik-api"].status == "delivered"
    assert {parcel.tracking_number for parcel in order.shipments} == {"1Z999AA10123456784"}


def test_a_cancellation_of_the_external_system_s_cancels_at_the_shop_once(line: Pipeline) -> None:
    """The third of the seed's messages; the shop's own cancellation is none to tell it of."""
    key = fetched_in(line, "220", "1")
    told(line, "order.cancelled", "220", reason="sold out")
    line.until(lambda: len(updates("220")) == 1, "cancelled")
    echoed(line, "220", ["order.cancelled"])
    assert (updates("220"), SHOP.orders["220"]["status"]) == ([("cancelled", False, False)], "cancelled")
    assert line.orders()[key].status is OrderStatus.CANCELLED
    own = fetched_in(line, "221", "1")
    SHOP.orders["221"]["status"] = "cancelled"
    ping(line, "order.cancelled", "221")
    assert line.wait_for_order(own, lambda order: order.status is OrderStatus.CANCELLED)
    looked_into(line, own)
    commanded = [command.type for command in line.commands("quickbutik-api", own)]
    assert ({CommandType.FETCH_ORDER}, []) == ({*commanded}, updates("221"))
    assert 2 <= asked("221") == len(commanded)


def test_a_shipment_that_is_known_before_the_order_is_told_once_it_is_there(line: Pipeline) -> None:
    """Messages overtake pings; and the shop may be down when it is to be told."""
    key = put_in("230", status="1")
    SHOP.door.faults = Faults(error_rate=0.5, reset_after_rate=0.2, seed=2)
    told(line, "order.shipped", "230", tracking_number="T-230", carrier="DHL")
    ping(line, "order.new", "230")
    created(line, key)
    line.until(lambda: SHOP.orders["230"]["status"] == "2", "done")
    SHOP.door.faults = Faults()
    line.until(lambda: "order.done" in pings(line, key), "its echo")
    line.until(lambda: line.has_read(topics.EVENTS, key) and at_rest(line, key), "at rest")
    looked_into(line, key)
    changed = [status for status, _, repeated in updates("230") if not repeated]
    assert (changed, [mailed for _, mailed, _ in updates("230")].count(True)) == (["done"], 1)
    assert len(effects(key)) == 1


def test_a_replay_of_the_raw_topic_asks_the_shop_for_nothing(line: Pipeline, module_broker: str) -> None:
    """Raw records hold the pings and what was fetched: read again from 0 with the state intact, nothing goes out."""
    topic = topics.webhooks("quickbutik")
    line.until(lambda: all(no_fetch_is_open(line, key) for key in line.orders()), "no fetch open")
    requests, done, orders = len(SHOP.door.requests), len(EXTERNAL.ledger.effects), line.orders()
    stored, before = len(line.raw("quickbutik")), len([e for e in line.events() if e.origin.topic == topic])
    line.stop(plan.STREAMS)
    reset(module_broker, line.settings, topic)
    line.start(plan.STREAMS)
    set_aside = len([record for _, record in line.quarantined() if record.header("origin_topic") == topic.encode()])
    line.until(
        lambda: len([e for e in line.events() if e.origin.topic == topic]) >= 2 * before, "every event is stated again"
    )
    time.sleep(3)
    assert (requests, done) == (len(SHOP.door.requests), len(EXTERNAL.ledger.effects))
    assert (stored, orders) == (len(line.raw("quickbutik")), line.orders())
    assert set_aside >= 1


def test_a_rebuild_without_the_states_asks_the_shop_for_nothing(line: Pipeline, module_broker: str) -> None:
    """Every fetch is decided upon again, and known by its id: the raw topic has what it brought."""
    line.until(lambda: all(at_rest(line, key) for key in line.orders()), "nothing on its way")
    requests, done, orders = len(SHOP.door.requests), len(EXTERNAL.ledger.effects), line.orders()
    fetches = line.commands("quickbutik-api")
    line.stop(plan.STREAMS)
    produce(module_broker, topics.STATE, [(key.encode(), None) for key in orders])
    reset(module_broker, line.settings, topics.EVENTS)
    line.start(plan.STREAMS)
    line.until(lambda: len(line.commands("quickbutik-api")) >= 2 * len(fetches), "every fetch is decided upon again")
    line.until(lambda: like(line.orders()) == like(orders), "the states are as they were")
    time.sleep(3)
    again = Counter(command.id for command in line.commands("quickbutik-api"))
    assert again == Counter({command.id: 2 for command in fetches})
    assert (requests, done) == (len(SHOP.door.requests), len(EXTERNAL.ledger.effects))


def at_rest(line: Pipeline, key: str) -> bool:
    pending = [target for target in line.orders()[key].targets.values() if target.status == "pending"]
    return no_fetch_is_open(line, key) and not pending


def like(orders: dict[str, Order]) -> dict[str, Order]:
    """But for when we last heard of their targets, which were told of it all again."""
    return {key: order.model_copy(update={"targets": sorted(order.targets)}) for key, order in orders.items()}


def reset(bootstrap: str, settings: Settings, topic: str) -> None:
    """As `kafka-consumer-groups --reset-offsets --to-earliest` does, while nobody is in the group."""
    group = f"{settings.streams.app_id}-streams"
    assert sum(committed_offsets(bootstrap, group, topic).values()) > 0
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    try:
        offsets = [TopicPartition(topic, number, 0) for number in range(SHARED_PARTITIONS)]
        consumer.commit(offsets=offsets, asynchronous=False)
    finally:
        consumer.close()
    assert sum(committed_offsets(bootstrap, group, topic).values()) == 0
