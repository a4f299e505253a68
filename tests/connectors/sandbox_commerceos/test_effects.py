"""Every request for a change is remembered in order, through faults and side by side: a checker counts by it."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import orjson
import pytest

from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.journal import Journal
from connectors.sandbox.commerceos.refusal import Refused
from connectors.sandbox.commerceos.shelf import Shelf
from connectors.sandbox.faults import Faults
from tests.connectors.make import START
from tests.connectors.sandbox_commerceos.shop import ORDER, address, payment, product, shop


async def test_commands_are_remembered_in_the_order_in_which_they_came() -> None:
    """What was doubled, lost or out of order is computed from this."""
    async with shop() as api:
        await api.put()
        await api.act(changeDeliveryAddress=address())
        await api.act(createPayment=payment())
        await api.act(tryCancel=True)
        await api.act(tryApprove=True)
        await api.get(ORDER)
        effects, requests = await api.lines("effects"), await api.lines("requests")
    assert [(each["seq"], each["action"], each["outcome"]) for each in effects] == [
        (1, "create", "done"),
        (2, "changeDeliveryAddress", "done"),
        (3, "createPayment", "done"),
        (4, "tryCancel", "refused"),
        (5, "tryApprove", "done"),
    ]
    assert (effects[2]["path"], effects[2]["body"]["createPayment"]["amount"]) == (f"{ORDER}/actions", "497.50")
    assert [(each["method"], each["action"], each["status"]) for each in requests][3:] == [
        ("PATCH", "tryCancel", 400),
        ("PATCH", "tryApprove", 200),
        ("GET", "read", 200),
    ]


@pytest.mark.parametrize(("fault", "status"), [("error_rate", 500), ("rate_limit_rate", 429)])
async def test_an_error_that_is_answered_has_no_effect(fault: str, status: int) -> None:
    """Else a retry after it would be doubled by the API's own fault."""
    faults: dict[str, Any] = {fault: 1, "retry_after_s": 7}
    async with shop(**faults) as api:
        answered, _, headers = await api.raw("PUT", ORDER, b"{}")
        assert (answered, headers.get("Retry-After")) == (status, "7" if status == 429 else None)
        assert (await api.lines("effects"), (await api.stats())["refused"]) == ([], 0)


async def test_a_reset_has_the_effect_and_the_retry_is_a_repeat() -> None:
    """Done, and the client does not know: the hardest case for every one of the commands."""
    async with shop(reset_after_rate=1) as api:
        for attempt in (api.put(), api.act(createPayment=payment()), api.act(tryApprove=True)):
            with pytest.raises(aiohttp.ClientError):
                await attempt
        await api.admin("PUT", "faults", {})
        answers = [await api.put(), await api.act(createPayment=payment()), await api.act(tryApprove=True)]
        outcomes, stats = [each["outcome"] for each in await api.lines("effects")], await api.stats()
    assert [status for status, _ in answers] == [200, 200, 400]
    # The client sends a `PUT` that was cut once more by itself.
    assert (outcomes.count("done"), outcomes[-3:]) == (3, ["repeat", "repeat", "refused"])
    assert (stats["wrong_order"], stats["refused_why"]["repeat"], stats["orders"], stats["payments"]) == (0, 1, 1, 1)


async def test_a_hang_wakes_up_late_and_does_not_double() -> None:
    """The held payment goes on after its retry was recorded."""
    async with shop() as api:
        await api.put()
        api.api.door.faults = Faults(hang_rate=1, hang_s=0.3)
        held = asyncio.create_task(api.act(createPayment=payment()))
        while not (await api.stats())["faults"]["hang"]:
            await asyncio.sleep(0.01)
        await api.admin("PUT", "faults", {})
        retried, late = await api.act(createPayment=payment()), await held
        assert (retried[0], late[0], len(await api.get(f"{ORDER}/payments"))) == (200, 200, 1)


async def test_each_command_meets_its_own_faults() -> None:
    """Faults go by request and attempt: the actions of one order share a path, and must not share their luck."""
    async with shop(error_rate=0.5, seed=3) as api:
        for id in range(20):
            while (await api.put(f"O-{id}"))[0] == 500:
                pass
        first = [(await api.act(f"O-{id}", tryApprove=True))[0] for id in range(20)]
    assert set(first) == {200, 500}


async def test_side_by_side_each_effect_is_had_once() -> None:
    """Twenty times the same at once, over many connections: one order, one payment, one approval, one shipment."""
    async with shop() as api:
        created = Counter(status for status, _ in await asyncio.gather(*(api.put() for _ in range(20))))
        paid = await asyncio.gather(*(api.act(createPayment=payment()) for _ in range(20)))
        approved = Counter(status for status, _ in await asyncio.gather(*(api.act(tryApprove=True) for _ in range(20))))
        await asyncio.gather(*(api.act(createShipment=True) for _ in range(20)))
        found = await api.get(f"{ORDER}~with(payments,shipments)")
        seqs = [each["seq"] for each in await api.lines("effects")]
    assert (created, approved) == (Counter({200: 19, 201: 1}), Counter({400: 19, 200: 1}))
    assert {status for status, _ in paid} == {200}
    assert (len(found["payments"]), len(found["shipments"])) == (1, 1)
    assert seqs == list(range(1, 81))


async def test_side_by_side_nothing_is_oversold() -> None:
    """Ten orders of two each for ten widgets: five are approved, five are told."""
    async with shop() as api:
        await api.admin("PUT", "products", [product("WIDGET-001", stock=10)])
        await asyncio.gather(*(api.put(f"O-{id}") for id in range(10)))
        answers = await asyncio.gather(*(api.act(f"O-{id}", tryApprove=True) for id in range(10)))
    assert Counter(status for status, _ in answers) == Counter({200: 5, 409: 5})


def test_a_full_record_refuses_rather_than_forgets() -> None:
    """A forgotten effect would let a doubled one pass."""
    for journal in (Journal(entries_max=1), Journal(bytes_max=100)):
        journal.make_room()
        journal.note(START, Call("PUT", ORDER, b"not json"), "done", 201)
        with pytest.raises(Refused) as caught:
            journal.make_room()
        assert (caught.value.status, orjson.loads(journal.entries[0])["body"]) == (507, "not json")
    with pytest.raises(Refused):
        Shelf[object]("X", things_max=0).new_key()  # type: ignore[type-var]
