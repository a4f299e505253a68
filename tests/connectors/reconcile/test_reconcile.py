"""`orderlog reconcile`, from our state on a real broker to the stand-in over real HTTP, and back by the connectors."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from connectors.pollers.position import PollRequest
from connectors.reconcile import show
from connectors.reconcile.run import Comparison
from connectors.sandbox.commerceos.model import Order, Shipment, Stage, Status
from connectors.sandbox.commerceos.shelf import Shelf
from connectors.sandbox.faults import Faults
from connectors.status.reading import Reading, pace_of
from projections.commerceos import APPROVE, CANCEL, CREATE, RELEASE, SHIPMENT
from streams import topics
from streams.vocabulary import OrderStatus
from tests.connectors.harness import until
from tests.connectors.reconcile.scene import HOUR, Made, command, made, tell
from tests.connectors.sandbox_commerceos.shop import TOKEN
from tests.connectors.status.harness import Site, site
from tests.kafka import produce

ORDERLOG = Path(sys.executable).with_name("orderlog")
SCHEDULED = "[targets.commerceos.reconcile]\ninterval_s = 3600\n"
PAID = {"TX-1": "497.5"}


async def orderlog(at: Site, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the lines of its standard output, its standard error."""
    env = {**os.environ, "ORDERLOG_CONFIG": str(at.config), "TOKEN": TOKEN}
    process = await asyncio.create_subprocess_exec(
        str(ORDERLOG), *arguments, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, error = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, [orjson.loads(line) for line in out.splitlines()], error.decode()


Differences = dict[int, tuple[str, str, str]]


def by_number(rows: list[dict[str, Any]]) -> tuple[Differences, dict[str, Any]]:
    """The differences by the order's number, and the summary."""
    found = {int(each["order_key"].rpartition(":")[2]): each for each in rows if "kind" in each}
    (summary,) = [each for each in rows if "summary" in each]
    return {number: (each["kind"], each["ours"], each["theirs"]) for number, each in found.items()}, summary


async def compared(at: Site, **more: Any) -> tuple[Differences, dict[str, Any]]:
    """As the command does, over the last day."""
    now = datetime.now(UTC)
    target = at.settings.target(at.name)
    reading = Reading(target, {"TOKEN": TOKEN}, pace_of(target), lambda: now)
    try:
        result = await Comparison(at.settings, target, reading, lambda: now, **more).run(now - timedelta(days=1))
    finally:
        await reading.close()
    return by_number([dict(row) for row in show.rows(result)])


def orders_of(at: Site) -> dict[str, Made]:
    """One of each kind; what they are named for is what happens to them over there."""
    paid = {f"TX-{at.name}": "497.5"}
    payment = f"payment:TX-{at.name}"
    steps = (CREATE, APPROVE, SHIPMENT, RELEASE)
    cancelled = {"said": (OrderStatus.CANCELLED,)}
    return {
        "same": made(at, 1, CREATE, APPROVE),
        "loses its approval": made(at, 2, CREATE, APPROVE),
        "loses its payment": made(at, 3, CREATE, payment, paid=paid),
        "loses its release": made(at, 4, *steps),
        "is cancelled there": made(at, 5, CREATE, APPROVE),
        "is uncancelled there": made(at, 6, CREATE, APPROVE, CANCEL, **cancelled),
        "cancelled before its approval": made(at, 7, CREATE, **cancelled),
    }


GIVEN_UP, UNDER_WAY, FORGOTTEN, JUST_NOW, STRANGER = 10, 11, 12, 13, 99


async def test_both_sides_are_compared_and_a_repeat_mends_what_it_can(kafka: str, tmp_path: Path) -> None:
    """Whatever the other side loses is found, named, and commanded again; what is right is let be."""
    long_ago = datetime.now(UTC) - HOUR
    async with site(kafka, tmp_path, SCHEDULED, now=lambda: long_ago) as at:
        orders = orders_of(at)
        await until(lambda: at.log_lines("reconciled"), "the comparison at the start")
        await command(at, list(orders.values()))
        released = at.shop.api.store.shipments
        await until(lambda: any(each.status == Stage.RELEASED for each in released), "all is delivered")
        await until(lambda: len(at.shop.api.store.orders) == len(orders), "all orders")
        await until(lambda: stands(at, orders["is uncancelled there"]) == ("Cancelled",), "the cancellation")
        await until(lambda: at.shop.api.store.payments, "the payment")
        await tell(at, [*orders.values(), *without_commands(at)])
        found, summary = await compared(at)
        assert {GIVEN_UP: ("missing", "given up", "-"), FORGOTTEN: ("missing", "New", "-")} == found
        assert (2, 9, 0) == (summary["under_way"], summary["compared"], summary["unasked"])
        found, summary = await compared(at, asked_max=0)
        assert {GIVEN_UP: ("missing", "given up", "-")} == found, "whether it is there is not known"
        assert (8, 1) == (summary["compared"], summary["unasked"])

        await sabotage(at, orders)
        expected = {
            2: ("status", "Committed", "New"),
            3: ("payments", "1: 497.5", "0: 0"),
            4: ("shipment", "released", "New"),
            5: ("status", "Committed", "Cancelled"),
            6: ("status", "Cancelled", "Committed"),
            GIVEN_UP: ("missing", "given up", "-"),
            FORGOTTEN: ("missing", "New", "-"),
            STRANGER: ("unknown", "-", "New"),
        }
        code, lines, error = await orderlog(at, "reconcile", at.name, "--json", "--since", "1d")
        found, summary = by_number(lines)
        assert (1, expected) == (code, found), error
        assert {"status": 3, "payments": 1, "shipment": 1, "missing": 2, "unknown": 1} == summary["differences"]
        assert {"Committed": 4, "Cancelled": 1, "New": 4, "-": 1} == summary["ours"]

        before = len(at.shop.api.journal.entries)
        code, lines, error = await orderlog(at, "reconcile", at.name, "--since", "1d", "--heal")
        would = [(int(each["order_key"].rpartition(":")[2]), each["type"]) for each in lines if "would" in each]
        mending = {(2, "approve_order"), (3, "create_payment"), (4, "release_shipment"), (6, "cancel_order")}
        assert (1, mending) == (code, set(would))
        assert "would repeat 4 command(s); say --yes" in error
        assert f"{at.key(FORGOTTEN)}: missing: cannot be mended by a repeat: 1 of its 1 commands are no longer" in error
        assert before == len(at.shop.api.journal.entries), "nothing was sent"

        code, lines, error = await orderlog(
            at, "reconcile", at.name, "--since", "1d", "--heal", "--yes", "--who", "ada"
        )
        assert (1, 4) == (code, sum("done" in each for each in lines))
        assert 4 == error.count("command repeated")
        assert "ada" in error

        async def is_mended() -> bool:
            return not {2, 3, 4, 6} & set((await compared(at))[0])

        await until(is_mended, "the repeats are delivered", every_s=0.2)
        found, _ = await compared(at)
        assert {number: expected[number] for number in (5, GIVEN_UP, FORGOTTEN, STRANGER)} == found
        code, lines, _ = await orderlog(at, "reconcile", at.name, "--since", "1m")
        assert (0, {}) == (code, by_number(lines)[0])
        await it_runs_by_itself(at)
        await all_that_is_lost_comes_back(at, orders)


def stands(at: Site, order: Made) -> tuple[str, ...]:
    return at.shop.api.store.orders.get(f"com.acme.order-id={order.key}").statuses


def without_commands(at: Site) -> list[Made]:
    """Orders of ours that were never delivered, or whose commands nobody has any more."""
    just_now = datetime.now(UTC) + timedelta(minutes=5)
    return [
        made(at, GIVEN_UP, CREATE, became="dead"),
        made(at, UNDER_WAY, CREATE, became="pending"),
        made(at, FORGOTTEN, CREATE),
        made(at, JUST_NOW, CREATE, changed_at=just_now),
    ]


async def sabotage(at: Site, orders: dict[str, Made]) -> None:
    """What CommerceOS loses, and what others do there."""
    store = at.shop.api.store

    def find(name: str) -> Any:
        return store.orders.get(f"com.acme.order-id={orders[name].key}")

    for name, status in (("loses its approval", Status.NEW), ("is uncancelled there", Status.COMMITTED)):
        for item in find(name).items:
            item.status = status
    find("loses its payment").payments.clear()
    store.payments.clear()
    for line in find("loses its release").shipments[0].lines:
        line.units = {Stage.NEW: line.quantity}
    await at.act(orders["is cancelled there"].number, tryCancel=True)
    await at.place(STRANGER)


async def it_runs_by_itself(at: Site) -> None:
    """In the role connectors, by the schedule and when it is asked for; its result is logged."""
    ran = len(at.log_lines("reconciled"))
    assert ran == 1, "at the start, and not again at once"
    request = PollRequest(who="ada", at=datetime.now(UTC))
    await asyncio.to_thread(produce, at.bootstrap, topics.watches(at.name), [(b"ada", request.to_json())])
    await until(lambda: len(at.log_lines("reconciled")) > ran, "another run")
    line = at.log_lines("reconciled")[-1]
    assert (4, 2, "warning") == (line["differences"], line["missing"], line["level"])
    named = {each["order_key"] for each in at.log_lines("both sides differ")}
    assert {at.key(number) for number in (5, GIVEN_UP, FORGOTTEN, STRANGER)} == named


async def all_that_is_lost_comes_back(at: Site, orders: dict[str, Made]) -> None:
    """CommerceOS as it was before any order: every one is made, paid, approved, sent and cancelled again, each once."""
    store = at.shop.api.store
    store.orders, store.shipments, store.payments = Shelf[Order]("TO"), Shelf[Shipment]("SO"), {}
    assert {"missing": len(orders) + 2} == (await compared(at))[1]["differences"]
    assert 1 == (await orderlog(at, "reconcile", at.name, "--since", "1d", "--heal", "--yes"))[0]

    async def is_back() -> bool:
        return {GIVEN_UP, FORGOTTEN} == set((await compared(at))[0])

    await until(is_back, "all is made again", every_s=0.2)
    assert len(orders) == len(store.orders)
    assert {1} == {len(order.payments) for order in store.orders if order.payments}
    assert ["Released"] == [shipment.status for shipment in store.shipments]


async def test_payment_methods_are_listed_with_our_words(kafka: str, tmp_path: Path) -> None:
    """A method that does not exist would make a dead letter of every payment by it."""
    async with site(kafka, tmp_path, gift="com.heads.gone") as at:
        code, rows, error = await orderlog(at, "payment-methods", at.name)
        listed = {row["method"]: (row["words"], row["exists"]) for row in rows}
        assert (1, (["gift"], False)) == (code, listed["com.heads.gone"])
        assert ((["*"], True), ([], True)) == (listed["com.heads.card"], listed["com.heads.cash"])
        assert "com.heads.gone does not exist there (gift)" in error
        code, lines, _ = await orderlog(at, "reconcile", at.name)
        assert (1, "method", "com.heads.gone") == (code, lines[0]["kind"], lines[0]["method"])
        await until(lambda: at.log_lines("payment method does not exist"), "the warning at the start")
        (line,) = at.log_lines("payment method does not exist")
        assert ("com.heads.gone", ["gift"]) == (line["method"], line["words"])
        at.shop.api.store.methods["com.heads.gone"] = "Gift card"
        assert 0 == (await orderlog(at, "payment-methods", at.name, "--json"))[0]
        code, _, error = await orderlog(at, "payment-methods", "nothing")
        assert (2, True) == (code, "no target of kind commerceos has the name nothing" in error)
        at.shop.api.door.faults = Faults(error_rate=1)
        code, rows, error = await orderlog(at, "payment-methods", at.name)
        assert (3, [], True) == (code, rows, "HTTP 5" in error)
