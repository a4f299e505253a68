"""Apicbase through the whole of Orderlog: by webhook, by poll, by both; and what its customers are told (seed 001)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from connectors.sandbox.apicbase import SIGNATURE_HEADER, TOKEN_PATH, Account, ApicbaseApi, signature
from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from streams import topics
from streams.vocabulary import EventType, OrderStatus
from tests.connectors.api import TOKEN
from tests.connectors.pollers.harness import order
from tests.pipeline.roles import Answer, Pipeline, pipeline

ACCOUNT = replace(Account(), requests_max=1000, window_s=1)
ENVIRON = {"SANDBOX_TOKEN": TOKEN, "SECRET": ACCOUNT.client_secret, "REFRESH": ACCOUNT.refresh_token}
SETTINGS = f"""
[[sources]]
name = "apicbase"
platform = "apicbase"
auth = {{ scheme = "apicbase-hmac", secrets = ["env:SECRET"] }}
options = {{ currency = "EUR" }}
[sources.poll]
base_url = "{{sandbox}}"
query = {{}}
interval_s = 0.2
rate_per_second = 50
overlap_s = 86400
[sources.poll.auth]
scheme = "oauth2-refresh"
token_url = "{{sandbox}}{TOKEN_PATH}"
client_id = "{ACCOUNT.client_id}"
client_secret = "env:SECRET"
refresh_token = "env:REFRESH"
[[targets]]
name = "external"
kind = "external"
base_url = "{{sandbox}}"
auth = {{ scheme = "bearer", token = "env:SANDBOX_TOKEN" }}
[[routes]]
from = ["apicbase"]
to = ["external"]
"""
LISTING = ApicbaseApi(ACCOUNT, Faults())
TARGET = ExternalApi(TOKEN, Faults())


@pytest.fixture(scope="module")
def line(module_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Everything, with a source that is listened to and polled."""
    with pipeline(module_broker, tmp_path_factory.mktemp("apicbase"), SETTINGS, ENVIRON, [LISTING, TARGET]) as made:
        yield made


def post(line: Pipeline, body: bytes, mac: str | None = None) -> Answer:
    """The webhook, signed as the vendor does."""
    headers = {SIGNATURE_HEADER: signature(body, ACCOUNT) if mac is None else mac}
    return line.send("/webhooks/apicbase", body, headers)


def sources_of(line: Pipeline, key: str) -> list[bytes]:
    """Who brought the raw records of an order."""
    return [dict(record.headers)["ce_source"] for record in line.raw("apicbase") if record.key == key.encode()]


def creates(key: str) -> int:
    """How often the external system has created it."""
    return sum(effect.external_order_id == key for effect in TARGET.ledger.effects)


@pytest.mark.parametrize("first", ["webhook", "poll"])
def test_webhook_and_poll_of_one_order_make_one_order_and_one_create(line: Pipeline, first: str) -> None:
    """Both ways at once are allowed: the customer must not get the goods twice."""
    id, key = f"both-{first}", f"apicbase:both-{first}"
    body = order(id, datetime.now(UTC))
    listed = json.dumps(dict(reversed(json.loads(body).items())), indent=1).encode()
    if first == "webhook":
        assert post(line, body).status == 200
        line.wait_for_order(key, lambda _: True)
        LISTING.put(listed)
    else:
        LISTING.put(listed)
        line.wait_for_order(key, lambda _: True)
        assert post(line, body).status == 200
    line.until(lambda: {b"/webhooks/apicbase", b"/pollers/apicbase"} == set(sources_of(line, key)), "both")
    known = line.wait_for_order(key, lambda found: found.targets["external"].status == "delivered")
    # A later order of the same partition has gone all the way: whatever the second document does has been done.
    last = f"{key}-later"
    assert post(line, order(last.removeprefix("apicbase:"), datetime.now(UTC))).status == 200
    line.wait_for_order(last, lambda found: found.targets["external"].status == "delivered")
    placed = [event for event in line.events(key) if event.type is EventType.PLACED]
    assert (len({event.id for event in placed}), creates(key)) == (1, 1)
    assert (known.currency, known.order_number, str(known.total)) == ("EUR", f"PO-{id}", "56.99")
    assert len(line.commands("external", key)) == 1


def test_a_field_that_only_the_list_has_makes_no_second_create(line: Pipeline) -> None:
    """The list may say more than the webhook did, such as when we fetched it: another document of the same order."""
    body, key = order("wider", datetime.now(UTC)), "apicbase:wider"
    assert post(line, body).status == 200
    line.wait_for_order(key, lambda found: found.targets["external"].status == "delivered")
    LISTING.put(orjson.dumps(orjson.loads(body) | {"fetched_by_supplier_on": "2026-03-02T15:00:00Z"}))
    line.until(lambda: len({event.id for event in line.events(key) if event.type is EventType.PLACED}) == 2, "both")
    last = "apicbase:wider-later"
    assert post(line, order("wider-later", datetime.now(UTC))).status == 200
    line.wait_for_order(last, lambda found: found.targets["external"].status == "delivered")
    assert (creates(key), len(line.commands("external", key))) == (1, 1)


def test_a_delivery_that_polling_sees_moves_the_order_on(line: Pipeline) -> None:
    """The webhook only ever says ORDERED; DELIVERED is to be had from the list alone."""
    body = order("delivered", datetime.now(UTC))
    assert post(line, body).status == 200
    line.wait_for_order("apicbase:delivered", lambda found: found.status is OrderStatus.PENDING)
    LISTING.put(body.replace(b'"status":"ORDERED"', b'"status":"DELIVERED"'))
    line.wait_for_order("apicbase:delivered", lambda found: found.status is OrderStatus.DELIVERED)
    assert post(line, body).status == 200
    line.until(lambda: len(sources_of(line, "apicbase:delivered")) == 3, "the repeated webhook")
    assert line.orders()["apicbase:delivered"].status is OrderStatus.DELIVERED
    assert creates("apicbase:delivered") == 1


def test_a_customer_is_told_what_is_wrong_and_nothing_is_stored(line: Pipeline) -> None:
    """A 4xx is shown to whoever ordered: which package, which field, what to do."""
    wrong = json.loads(order("refused", datetime.now(UTC)))
    wrong["packages"][1] |= {"stock_item": {"name": "Tomatoes"}, "quantity_ordered": 0}
    wrong["supplier_customer_number"] = None
    answer = post(line, json.dumps(wrong).encode())
    told = orjson.loads(answer.body)
    assert (answer.status, told["reason"]) == (422, "invalid-order")
    assert "Package 2 (Tomatoes): the quantity must be a whole number greater than 0." in told["detail"]
    assert [each["field"] for each in told["fields"]] == ["supplier_customer_number", "packages[1].quantity_ordered"]
    assert post(line, b"not JSON").status == 422
    mended = order("refused", datetime.now(UTC))
    assert post(line, mended).status == 200
    line.wait_for_order("apicbase:refused", lambda _: True)
    assert [mended] == [record.value for record in line.raw("apicbase") if record.key == b"apicbase:refused"]


def test_a_stranger_is_refused_with_403(line: Pipeline) -> None:
    """The seed's own snippet answers so; and a stranger learns nothing of what would be wrong with the order."""
    body = order("forged", datetime.now(UTC))
    other = replace(ACCOUNT, client_secret="another")
    for sent, mac in ((body, signature(body, other)), (b"{}", signature(b"{}", other)), (body, "0" * 64)):
        answer = post(line, sent, mac)
        assert (answer.status, orjson.loads(answer.body)["reason"]) == (403, "signature-mismatch")
    assert sources_of(line, "apicbase:forged") == []


def test_a_signature_over_the_ascii_dump_is_taken_and_the_raw_bytes_are_kept(line: Pipeline) -> None:
    """What the seed's snippet signs; the order that is stored is what was sent."""
    body = order("redumped", datetime.now(UTC))
    assert post(line, body, signature(json.dumps(json.loads(body)).encode(), ACCOUNT)).status == 200
    line.wait_for_order("apicbase:redumped", lambda found: found.note is not None and "à" in found.note)
    assert [body] == [record.value for record in line.raw("apicbase") if record.key == b"apicbase:redumped"]


def test_an_invalid_order_by_poll_is_set_aside_with_the_words_for_the_customer(line: Pipeline) -> None:
    """By poll the order cannot be refused any more: a person has to tell the customer."""
    body = order("invalid", datetime.now(UTC), packages=[])
    LISTING.put(body)
    assert line.wait_for_quarantine(body) == "invalid-order"
    (record,) = [record for reason, record in line.quarantined() if record.value == body]
    message = (record.header("message") or b"").decode()
    assert message == "The order is empty: add at least one package and place the order again."
    assert record.header("origin_topic") == topics.webhooks("apicbase").encode()
