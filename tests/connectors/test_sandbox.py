"""The stand-in API itself: a sandbox that forgets keys or takes anything would make every other test worthless."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from connectors.sandbox.faults import Fault, Faults, draw
from connectors.sandbox.ledger import Ledger, LedgerFull
from connectors.targets import external
from tests.connectors.api import TOKEN, lines, sandbox
from tests.connectors.make import START, command, order


async def post(url: str, id: str = "c-1", body: bytes | None = None, **headers: str | None) -> tuple[int, Any, Any]:
    """Status, JSON and headers; the headers of a good request, replaced or (None) left out."""
    sent = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": id,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    good = {name: value for name, value in sent.items() if value is not None}
    body = external.request(command(id)).body if body is None else body
    async with (
        aiohttp.ClientSession(skip_auto_headers={"Content-Type"}) as session,
        session.post(f"{url}/api/orders", data=body, headers=good) as response,
    ):
        return response.status, orjson.loads(await response.read()), response.headers


async def get(url: str, path: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/_sandbox/{path}") as response:
        return await response.read()


async def test_a_key_has_its_effect_once_and_its_answer_for_ever() -> None:
    """This memory is what "each effect once" is measured against."""
    async with sandbox() as (_, url):
        first, again, other = await post(url), await post(url), await post(url, "c-2")
        effects, stats = lines(await get(url, "effects")), orjson.loads(await get(url, "stats"))
    assert (first[0], again[0], other[0]) == (201, 201, 200)
    assert first[1] == again[1]
    assert [(each["seq"], each["idempotency_key"], each["status"]) for each in effects] == [
        (1, "c-1", 201),
        (2, "c-2", 200),
    ]
    assert (stats["requests"], stats["effects"], stats["repeats"]) == (3, 2, 1)


async def test_the_effect_shows_the_body_digit_for_digit() -> None:
    """A checker that reads 19.990 as a float could not see what was lost."""
    async with sandbox() as (_, url):
        body = external.request(command(data={"order": order(total="12345678901234567890.10")})).body
        await post(url, body=body)
        effects = await get(url, "effects")
    assert b'"total_amount":12345678901234567890.10,' in effects


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": None}, None, 401),
        ({"Authorization": "Bearer wrong"}, None, 401),
        ({"Authorization": f"Basic {TOKEN}"}, None, 401),
        ({"Content_Type": "text/plain"}, None, 415),
        ({"Content_Type": None}, None, 415),
        ({"Idempotency_Key": None}, None, 400),
        ({"Idempotency_Key": "k" * 256}, None, 400),
        ({}, b"not json", 422),
        ({}, b"[]", 422),
        ({}, orjson.dumps({"external_order_id": "1"}), 422),
        ({}, orjson.dumps({**order(), "total_amount": "19.99"}), 422),
        ({}, b" " * (1024 * 1024 + 1), 413),
    ],
)
async def test_a_strict_api_refuses_and_does_nothing(
    headers: dict[str, str | None], body: bytes | None, status: int
) -> None:
    """A lenient stand-in would hide what a real API refuses."""
    async with sandbox() as (stand_in, url):
        sent = {**headers}
        try:
            answered, _, _ = await post(url, body=body, **sent)
        except orjson.JSONDecodeError:  # aiohttp's own 413 is text
            answered = 413
    assert answered == status
    assert stand_in.ledger.effects == []


async def test_422_names_every_wrong_field() -> None:
    """The dead letter shows this answer to the operator who must mend the order."""
    bad = {**order(), "total_amount": "19.99", "currency": "kr", "colour": "red"}
    async with sandbox() as (_, url):
        _, problem, _ = await post(url, body=orjson.dumps({**bad, "items": []}))
    assert problem["reason"] == "invalid-order"
    named = {each["field"].split(".")[0] for each in problem["fields"]}
    assert named == {"total_amount", "currency", "colour"}


async def test_a_key_with_another_body_is_refused() -> None:
    """So that a retry that is not byte-identical cannot pass unseen."""
    async with sandbox() as (stand_in, url):
        await post(url)
        status, problem, _ = await post(url, body=external.request(command(data={"order": order("other")})).body)
    assert (status, problem["reason"], len(stand_in.ledger.effects)) == (422, "idempotency-key-reused", 1)


@pytest.mark.parametrize(("fault", "status"), [("error_rate", 500), ("rate_limit_rate", 429)])
async def test_an_error_that_is_answered_has_no_effect(fault: str, status: int) -> None:
    """Else a retry after a 500 would be a doubled effect by the API's own fault."""
    async with sandbox(**{fault: 1}, retry_after_s=7) as (stand_in, url):
        answered, _, headers = await post(url)
    assert (answered, stand_in.ledger.effects) == (status, [])
    assert headers.get("Retry-After") == ("7" if status == 429 else None)


async def test_a_reset_has_the_effect_and_gives_no_answer() -> None:
    """The hardest case of delivery: done, and the client does not know."""
    async with sandbox(reset_after_rate=1) as (stand_in, url):
        with pytest.raises(aiohttp.ClientError):
            await post(url)
        async with aiohttp.ClientSession() as session:
            await session.put(f"{url}/_sandbox/faults", data=b"{}")
        again = await post(url)
    assert (len(stand_in.ledger.effects), stand_in.ledger.repeats, again[0]) == (1, 1, 201)


async def test_a_hang_wakes_up_late_and_does_not_double() -> None:
    """The held request goes on after its retry has had the effect."""
    async with sandbox(hang_rate=1, hang_s=0.5) as (stand_in, url):
        held = asyncio.create_task(post(url))
        while not (seen := orjson.loads(await get(url, "stats")))["faults"]["hang"]:
            await asyncio.sleep(0.01)
        async with aiohttp.ClientSession() as session:
            await session.put(f"{url}/_sandbox/faults", data=b"{}")
        retried = await post(url)
        late = await held
    assert (seen["effects"], retried[1], len(stand_in.ledger.effects)) == (0, late[1], 1)


async def test_unknown_or_impossible_faults_are_refused() -> None:
    """A misspelt fault would make a test pass that tests nothing."""
    async with sandbox(error_rate=0.5) as (stand_in, url), aiohttp.ClientSession() as session:
        for wrong in (b'{"eror_rate":1}', b'{"error_rate":2}', b"nonsense"):
            async with session.put(f"{url}/_sandbox/faults", data=wrong) as response:
                assert response.status == 422
    assert stand_in.faults.error_rate == 0.5


def test_faults_are_decided_by_seed_key_and_attempt() -> None:
    """Whatever order requests arrive in, the same run fails in the same places, in the shares that were asked for."""
    faults = Faults(error_rate=0.2, reset_after_rate=0.1, hang_rate=0.05, seed=4)
    drawn = [draw(faults, f"c-{number}", 1) for number in range(4000)]
    assert drawn == [draw(faults, f"c-{number}", 1) for number in range(4000)]
    for fault, rate in ((Fault.ERROR, 0.2), (Fault.RESET_AFTER, 0.1), (Fault.HANG, 0.05), (Fault.RATE_LIMIT, 0)):
        assert drawn.count(fault) / 4000 == pytest.approx(rate, abs=0.03)
    assert drawn != [draw(faults.model_copy(update={"seed": 5}), f"c-{number}", 1) for number in range(4000)]


def test_a_full_ledger_refuses_rather_than_forgets() -> None:
    """A forgotten key would let a doubled effect pass."""
    ledger = Ledger(effects_max=1)
    ledger.apply("a", "1", b"{}", START)
    with pytest.raises(LedgerFull):
        ledger.apply("b", "1", b"{}", START)
    assert ledger.apply("a", "1", b"{}", START).seq == 1


async def test_the_command_listens_says_where_and_stops_on_sigterm(tmp_path: Path) -> None:
    """`orderlog up` and the demo start it on a free port and stop it."""
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "sandbox", "--port", "0", "--port-file", str(port_file)),
        env={**os.environ, "EXTERNAL_API_TOKEN": TOKEN},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), 30)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert said.decode().strip() == f"sandbox on {url}"
        assert (await post(url))[0] == 201
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
