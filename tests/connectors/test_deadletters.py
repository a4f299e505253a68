"""`orderlog deadletters` as an operator types it, with a real worker at the other end."""

import asyncio
import os
import sys
from pathlib import Path

from connectors.sandbox.faults import Faults
from streams.vocabulary import OutcomeResult
from tests.connectors.api import TOKEN, lines, sandbox
from tests.connectors.harness import Line, assert_effects, line, until


async def orderlog(made: Line, *arguments: str) -> tuple[int | None, bytes, str]:
    """Exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "--config", str(made.config), "deadletters", *arguments),
        env={**os.environ, "SANDBOX_TOKEN": TOKEN, "ORDERLOG__KAFKA__BOOTSTRAP": made.bootstrap},
        cwd=made.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out, error.decode()


async def test_an_operator_lists_shows_redrives_and_discards(kafka: str, tmp_path: Path) -> None:
    """Without these an order whose command was given up would be held for ever."""
    async with (
        sandbox(error_rate=1) as (stand_in, url),
        line(kafka, url, tmp_path, retry_delays_s=[], breaker={"failures": 1000}) as made,
    ):
        commands = made.commands(4, keys=2)
        await made.send(commands)
        await made.wait_for_outcomes(2)
        code, listed, _ = await orderlog(made, "list")
        assert (code, {each["id"] for each in lines(listed)}) == (0, {commands[0].id, commands[1].id})
        assert {each["error"] for each in lines(listed)} == {"HTTP 500"}
        assert b"ada@example.com" not in listed
        _, shown, _ = await orderlog(made, "show", commands[0].id)
        assert lines(shown)[0]["exchange"]["status"] == 500
        assert TOKEN.encode() not in shown
        stand_in.faults = Faults()
        assert (await orderlog(made, "redrive", commands[0].id, "--why", "it is back", "--who", "ada"))[0] == 0
        assert (await orderlog(made, "discard", commands[1].id, "--why", "sold out"))[0] == 0
        outcomes = await made.wait_for_outcomes(5)
        assert_effects(stand_in, [commands[0], commands[2], commands[3]])
        assert [each.command_id for each in outcomes if each.result is OutcomeResult.DEAD].count(commands[1].id) == 1
        await until(lambda: "discarded" in made.workers[0].log_file.read_text(), "the discard")
        assert (await orderlog(made, "list"))[:2] == (0, b"")


async def test_a_decision_about_nothing_is_refused_and_says_so(kafka: str, tmp_path: Path) -> None:
    """A mistyped id that is taken in silence leaves the operator believing that the order is on its way."""
    made = Line(kafka, "http://127.0.0.1:9", tmp_path)
    await asyncio.to_thread(made.prepare)
    for arguments, said in [
        (("redrive", "nothing", "--why", "x"), "no order is held by a dead letter with the id nothing"),
        (("redrive", "nothing"), "say why"),
        (("discard",), "say which"),
        (("show", "nothing"), "no dead letter has the id nothing"),
    ]:
        code, out, error = await orderlog(made, *arguments)
        assert (code, out, said in error) == (1, b"", True), error
