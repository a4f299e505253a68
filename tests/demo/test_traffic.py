"""The generated traffic: reproducible, and with everything in it that platforms do."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from streams.demo.model import read
from streams.demo.payloads import EXAMPLES, example
from streams.demo.platforms import PLATFORMS
from streams.demo.told import Arrived, Reading, Told
from streams.demo.traffic import HOSTILE_EVERY, plan
from streams.demo.webhook import (
    APICBASE,
    COMMERCEOS,
    DUDA,
    EXTERNAL_SYSTEM,
    QUICKBUTIK,
    SELLDONE,
    SOURCES,
    Kind,
    Webhook,
)

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
TEST_PAYLOADS = Path(__file__).parents[1] / "payloads"


def reading(webhook: Webhook) -> Reading:
    return read(Arrived(webhook.source, webhook.request.body, dict(webhook.request.query)))


def told(webhooks: list[Webhook]) -> list[Told]:
    return [one for webhook in webhooks for one in reading(webhook).told]


def orders(source: str, events: int = 1000) -> list[Webhook]:
    return [webhook for webhook in plan(events, 3, NOW).webhooks if (webhook.source, webhook.kind) == (source, "order")]


@pytest.mark.parametrize("events", [5, 6, 50, 301, 3000])
def test_exactly_as_many_as_asked_for(events: int) -> None:
    """`--events` is the number of webhooks, whatever the shapes of the orders."""
    assert events == len(plan(events, 1, NOW).webhooks)


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
    first = plan(300, 1, NOW).webhooks[: len(EXAMPLES)]
    assert [example(*name) for name in EXAMPLES] == [webhook.request.body for webhook in first]


def test_the_examples_are_those_of_the_tests_byte_for_byte() -> None:
    """Two copies of one document must not drift apart."""
    bodies = {path.read_bytes() for source in (DUDA, SELLDONE) for path in (TEST_PAYLOADS / source).iterdir()}
    assert set() == {example(*name) for name in EXAMPLES} - bodies


def test_a_run_has_all_kinds_of_webhooks_and_all_sources() -> None:
    """Repeats, rubbish, unsigned and forged ones are in every run that is not tiny, and nobody is left out."""
    webhooks = plan(900, 3, NOW).webhooks
    assert set(Kind) == {webhook.kind for webhook in webhooks}
    assert set(SOURCES) == {webhook.source for webhook in webhooks}


def test_every_source_is_attacked_and_sends_rubbish() -> None:
    """Each has an authentication of its own, and each platform's reader meets what it cannot read."""
    hostile = {(webhook.source, webhook.kind) for webhook in plan(3000, 3, NOW).webhooks}
    wanted = {(source, kind) for source in SOURCES for kind in (Kind.UNSIGNED, Kind.FORGED, Kind.RUBBISH)}
    assert {(APICBASE, Kind.RUBBISH)} == wanted - hostile  # whose customers are told at once
    assert (APICBASE, Kind.INVALID) in hostile


def test_a_very_long_run_has_all_shapes_of_rubbish() -> None:
    """None of them is left out by chance."""
    longest = max(len(platform.RUBBISH) for platform in PLATFORMS.values())
    webhooks = plan(longest * len(SOURCES) * 3 * HOSTILE_EVERY, 3, NOW).webhooks
    sent = {(one.source, one.request) for one in webhooks if one.kind in (Kind.RUBBISH, Kind.INVALID)}
    assert sent == {(source, request) for source, platform in PLATFORMS.items() for request in platform.RUBBISH}


def test_only_the_sources_that_are_wanted_take_part() -> None:
    """The benchmark measures with two of them."""
    webhooks = plan(500, 3, NOW, (DUDA, SELLDONE)).webhooks
    assert {DUDA, SELLDONE} == {webhook.source for webhook in webhooks}


def test_repeats_are_requests_that_are_sent_anyway() -> None:
    """A repeat is the same webhook again, not another one."""
    webhooks = plan(1000, 3, NOW).webhooks
    originals = {(webhook.source, webhook.request) for webhook in webhooks if webhook.kind is Kind.ORDER}
    assert set() == {(one.source, one.request) for one in webhooks if one.kind is Kind.REPEAT} - originals


def test_every_order_that_a_shop_speaks_of_is_placed() -> None:
    """Where a run is cut to size no order loses its first webhook: else nothing could be expected of it."""
    own = [one for one in plan(777, 5, NOW).webhooks if one.source in (DUDA, SELLDONE) and one.kind != Kind.RUBBISH]
    keys = {one.order_key for one in told(own)}
    assert set() == keys - {one.order_key for one in told(own) if one.is_placing}


def test_orders_arrive_out_of_order() -> None:
    """Some webhooks of an order are sent before others that the platform dates earlier."""
    latest: dict[str, tuple[int, int]] = {}
    late = 0
    for one in told(orders(DUDA) + orders(SELLDONE)):
        late += one.at < latest.get(one.order_key, one.at)
        latest[one.order_key] = max(one.at, latest.get(one.order_key, one.at))
    assert 20 < late < 300


def test_what_is_bought_is_told_once_for_each_moment() -> None:
    """Two webhooks of one moment and rank never say different things: which of them counts would be anyone's guess."""
    seen: dict[tuple[str, tuple[int, int]], object] = {}
    for webhook in plan(3000, 3, NOW).webhooks:
        for one in reading(webhook).told if not webhook.kind.is_refused else ():
            if one.body is not None:
                assert one.body == seen.setdefault((one.order_key, one.at), one.body)


def test_some_ids_are_above_what_a_float_can_hold() -> None:
    """A reader that goes through floats would mix these orders up."""
    assert any(orjson.loads(webhook.request.body)["basket"]["id"] > 2**53 for webhook in orders(SELLDONE))


def test_pings_come_by_get_and_by_post() -> None:
    """The vendor's page and the seed differ, and both are right."""
    assert {"GET", "POST"} == {webhook.request.method for webhook in orders(QUICKBUTIK)}


def test_an_api_shows_what_a_ping_tells_of_before_it_is_sent_and_never_goes_back() -> None:
    """Pings overtake one another, the shop's own data do not."""
    planned = plan(2000, 3, NOW)
    shown: dict[str, list[bytes]] = {}
    for webhook in planned.webhooks:
        for put in planned.puts.get(webhook.number, ()):
            if put.source == QUICKBUTIK:
                assert put.document not in shown.setdefault(put.order_id, [])
                shown[put.order_id].append(put.document)
        if webhook.source == QUICKBUTIK and webhook.kind is Kind.ORDER:
            assert dict(webhook.request.query)["order_id"] in shown
    for documents in shown.values():
        statuses = [orjson.loads(document)["status"] for document in documents]
        assert statuses == sorted(statuses, key=["-1", "1", "2", "cancelled"].index)


def test_orders_are_listed_in_the_order_of_their_times() -> None:
    """What a platform lists late under an early time, no poller could find."""
    planned = plan(6000, 3, NOW)
    times = [
        orjson.loads(put.document)["ordered_on"]
        for number in sorted(planned.puts)
        for put in planned.puts[number]
        if put.source == APICBASE
    ]
    assert times == sorted(times)
    assert len(set(times)) < len(times)  # and some in the same second


def test_some_orders_are_listed_some_are_sent_and_some_are_both() -> None:
    """Whichever way one comes, it is one order."""
    planned = plan(2000, 3, NOW)
    listed = {put.order_id for puts in planned.puts.values() for put in puts if put.source == APICBASE}
    sent = {one.order_key.partition(":")[2] for one in told(orders(APICBASE, 2000))}
    assert listed - sent
    assert sent - listed
    assert listed & sent


def test_snapshots_come_alone_in_lists_and_on_lines_with_bad_ones_among_them() -> None:
    """Each shape of a push, and items that cost only themselves."""
    pushes = orders(COMMERCEOS, 3000)
    shapes = Counter((one.request.content_type, one.request.body[:1], len(reading(one).told) > 1) for one in pushes)
    assert {
        ("application/json", b"{", False),
        ("application/json", b"[", True),
        ("application/x-ndjson", b"{", True),
    } <= shapes.keys()
    assert any(reading(one).is_bad and reading(one).told for one in pushes)


def test_a_snapshot_is_pushed_again_in_another_push() -> None:
    """It is told more often than there are different ones."""
    bodies = [line for one in orders(COMMERCEOS, 3000) for line in one.request.body.strip(b"[]\n").split(b"},{")]
    assert len(bodies) > len(set(bodies))


def test_others_speak_of_orders_that_are_not_theirs() -> None:
    """The warehouse and the back office know an order by our key."""
    for speaker in (COMMERCEOS, EXTERNAL_SYSTEM):
        owners = {one.order_key.partition(":")[0] for one in told(orders(speaker, 3000))}
        assert owners >= {DUDA, SELLDONE, QUICKBUTIK, APICBASE}
