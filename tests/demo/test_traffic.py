"""The generated traffic: reproducible, believable to ingest, and with everything in it that platforms do."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from streams.demo import catalogue, sign
from streams.demo.model import read
from streams.demo.payloads import EXAMPLES, example
from streams.demo.traffic import RUBBISH, plan
from streams.demo.webhook import DUDA, SELLDONE, SOURCES, Kind, Webhook

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRETS = {DUDA: b"mysecretsecret", SELLDONE: b"a-token"}
TEST_PAYLOADS = Path(__file__).parents[1] / "payloads"


@pytest.mark.parametrize("events", [5, 6, 50, 301, 3000])
def test_exactly_as_many_as_asked_for(events: int) -> None:
    """`--events` is the number of webhooks, whatever the shapes of the orders."""
    assert events == len(plan(events, 1, NOW))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A run that failed can be run again."""
    assert plan(400, 42, NOW) == plan(400, 42, NOW)


def test_another_seed_gives_other_bytes() -> None:
    """The seed is really used."""
    assert plan(400, 42, NOW) != plan(400, 43, NOW)


def test_too_few_events_are_refused() -> None:
    """The examples of the documents are always among the webhooks."""
    with pytest.raises(ValueError, match="--events"):
        plan(4, 1, NOW)


def test_the_examples_come_first_in_their_order() -> None:
    """What a reader knows from the documents is what is sent first."""
    assert [example(*name) for name in EXAMPLES] == [webhook.body for webhook in plan(300, 1, NOW)[: len(EXAMPLES)]]


def test_the_examples_are_those_of_the_tests_byte_for_byte() -> None:
    """Two copies of one document must not drift apart."""
    bodies = {path.read_bytes() for source in SOURCES for path in (TEST_PAYLOADS / source).iterdir()}
    assert set() == {example(*name) for name in EXAMPLES} - bodies


def test_a_run_has_all_kinds_of_webhooks() -> None:
    """Repeats, rubbish, unsigned and forged ones are in every run that is not tiny."""
    assert set(Kind) == {webhook.kind for webhook in plan(200, 3, NOW)}


def test_a_long_run_has_all_kinds_of_rubbish() -> None:
    """None of the shapes of rubbish is left out by chance."""
    assert set(RUBBISH) == {webhook.body for webhook in plan(1000, 3, NOW) if webhook.kind is Kind.RUBBISH}


def test_repeats_are_bytes_that_are_sent_anyway() -> None:
    """A repeat is the same webhook again, not another one."""
    webhooks = plan(1000, 3, NOW)
    originals = {webhook.body for webhook in webhooks if webhook.kind is Kind.ORDER}
    assert set() == {webhook.body for webhook in webhooks if webhook.kind is Kind.REPEAT} - originals


def test_every_order_is_placed() -> None:
    """Where a run is cut to size no order loses its first webhook: else nothing could be expected of it."""
    told = [read(webhook.source, webhook.body) for webhook in plan(777, 5, NOW) if webhook.kind is not Kind.RUBBISH]
    orders = {one.order_key for one in told if one}
    assert set() == orders - {one.order_key for one in told if one and one.is_placing}


def test_orders_arrive_out_of_order() -> None:
    """Some webhooks of an order are sent before others that the platform dates earlier."""
    latest: dict[str, tuple[int, int]] = {}
    late = 0
    for webhook in plan(1000, 3, NOW):
        told = read(webhook.source, webhook.body)
        if told is not None:
            late += told.at < latest.get(told.order_key, told.at)
            latest[told.order_key] = max(told.at, latest.get(told.order_key, told.at))
    assert 20 < late < 500


def test_times_of_one_order_are_told_apart() -> None:
    """Two different webhooks of an order never claim the same moment and rank: their order would be anyone's guess."""
    seen: dict[tuple[str, tuple[int, int]], bytes] = {}
    for webhook in plan(3000, 3, NOW):
        told = read(webhook.source, webhook.body)
        if told is not None and not webhook.kind.is_hostile:
            assert webhook.body == seen.setdefault((told.order_key, told.at), webhook.body)


def test_some_ids_are_above_what_a_float_can_hold() -> None:
    """A reader that goes through floats would mix these orders up."""
    ids = [json.loads(webhook.body)["basket"]["id"] for webhook in _orders(SELLDONE)]
    assert any(id > 2**53 for id in ids)


def test_amounts_are_exact_in_the_body() -> None:
    """What is written is the shortest number that reads back as the same cents."""
    for cents in range(0, 300_000, 7):
        assert Decimal(cents) / 100 == Decimal(json.dumps(catalogue.units(cents)))


def test_a_duda_body_verifies_as_the_vendor_says() -> None:
    """base64 of HMAC-SHA256 over timestamp, dot, body; checked against the vendor's own example."""
    body = b"{'key1':'world','key2':'world'}"
    assert "+DCfT1wIMUiaZnlZB4u59/d5wkXKA89lv67Ov66vnyc=" == sign.duda(body, "1570350275357", b"mysecretsecret")


def test_signed_webhooks_carry_their_signature() -> None:
    """Header names and the milliseconds of the timestamp are part of what ingest checks."""
    webhook = _orders(DUDA)[0]
    headers = sign.headers(webhook, SECRETS, 1_700_000_000_123)
    digest = hmac.new(SECRETS[DUDA], b"1700000000123." + webhook.body, hashlib.sha256).digest()
    assert base64.b64encode(digest).decode() == headers["x-duda-signature"]
    assert "1700000000123" == headers["x-duda-signature-timestamp"]


def test_a_selldone_webhook_carries_its_token() -> None:
    """Selldone does not sign: a token in a header is what there is."""
    assert "a-token" == sign.headers(_orders(SELLDONE)[0], SECRETS, 0)[sign.TOKEN_HEADER]


@pytest.mark.parametrize("source", SOURCES)
def test_hostile_webhooks_do_not_carry_the_secret(source: str) -> None:
    """An unsigned one has no credentials; a forged one has others, of the same shape."""
    body = _orders(source)[0].body
    good, forged, bare = (
        sign.headers(Webhook(0, source, kind, body), SECRETS, 5) for kind in (Kind.ORDER, Kind.FORGED, Kind.UNSIGNED)
    )
    assert Counter(good.keys()) == Counter(forged.keys())
    assert good != forged
    assert {"content-type"} == bare.keys()


def _orders(source: str) -> list[Webhook]:
    return [webhook for webhook in plan(600, 3, NOW) if webhook.source == source and webhook.kind is Kind.ORDER]
