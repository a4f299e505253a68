"""An operator at a keyboard, real workers, a real broker and a target at the other end."""

from pathlib import Path

from connectors.sandbox.faults import Faults
from streams.vocabulary import OutcomeResult
from tests.connectors.api import TOKEN, lines, sandbox
from tests.connectors.deadletters.scene import orderlog
from tests.connectors.harness import assert_effects, line


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
        assert {(each["error"], each["reason"], each["behind"]) for each in lines(listed)} == {
            ("HTTP 500", "retries-exhausted", 1)
        }
        assert b"ada@example.com" not in listed
        _, shown, _ = await orderlog(made, "show", commands[0].id)
        assert lines(shown)[0]["exchange"]["status"] == 500
        assert TOKEN.encode() not in shown
        stand_in.faults = Faults()
        assert (await orderlog(made, "redrive", commands[0].id, "--why", "it is back", "--who", "ada"))[0] == 0
        assert (await orderlog(made, "discard", commands[1].id, "--why", "sold out"))[0] == 0
        outcomes = await made.wait_for_outcomes(6)
        assert_effects(stand_in, [commands[0], commands[2], commands[3]])
        let_go = [each.result for each in outcomes if each.command_id == commands[1].id]
        assert let_go == [OutcomeResult.DEAD, OutcomeResult.DISCARDED]
        assert (await orderlog(made, "list"))[:2] == (0, b"")
        _, ended, _ = await orderlog(made, "list", "--all")
        assert {each["id"]: each["state"] for each in lines(ended)} == {
            commands[0].id: "delivered",
            commands[1].id: "discarded",
        }
        _, audit, _ = await orderlog(made, "audit")
        assert [(each["who"] == "ada", each["why"], each["taken_up"]) for each in lines(audit)] == [
            (True, "it is back", True),
            (False, "sold out", True),
        ]


async def test_many_orders_are_freed_with_one_word_each_in_its_order(kafka: str, tmp_path: Path) -> None:
    """After an outage: every order's commands once, with their own idempotency keys, in the order of the order."""
    async with (
        sandbox(error_rate=1) as (stand_in, url),
        line(kafka, url, tmp_path, retry_delays_s=[], breaker={"failures": 1000}) as made,
    ):
        commands = made.commands(60, keys=20)
        await made.send(commands)
        await made.wait_for_outcomes(20)
        stand_in.faults = Faults()
        given = ("redrive", "--reason", "retries-exhausted", "--since", "1h", "--yes", "--why", "it is back")
        code, done, _ = await orderlog(made, *given)
        assert (code, {each["id"] for each in lines(done)}) == (0, {each.id for each in commands[:20]})
        code, again, error = await orderlog(made, *given)
        assert ({each["id"] for each in lines(again)} & {each.id for each in commands[:20]}, code in (0, 1)) == (
            set(),
            True,
        ), error
        outcomes = await made.wait_for_outcomes(80)
        assert_effects(stand_in, commands)
    assert len(outcomes) == 80
    assert sum(each.result is OutcomeResult.DELIVERED for each in outcomes) == 60
