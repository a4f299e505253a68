"""`orderlog deadletters` as an operator types it: arguments in; an exit code, rows and notes out."""

import asyncio
import os
import pty
import socket
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from connectors.vocabulary import DeliveryState
from streams import topics
from streams.vocabulary import CommandType
from tests.connectors.api import TOKEN, lines
from tests.connectors.deadletters.scene import Scene, arguments, environment, made_at, orderlog

WHY = ("--why", "the price list is mended", "--who", "ada")


@pytest.fixture
def scene(kafka: str, tmp_path: Path) -> Scene:
    return Scene(kafka, tmp_path)


def ids(out: bytes) -> list[str]:
    return [each["id"] for each in lines(out)]


def typed(scene: Scene, answer: bytes, *given: str, wait_for: bytes | None = None) -> tuple[int, str]:
    """On a terminal of 200 columns, with `answer` typed once `wait_for` shows; exit code and all that it showed."""
    leader, follower = pty.openpty()
    environ = {**environment(scene.line), "COLUMNS": "200", "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        arguments(scene.line, *given), env=environ, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    killer = threading.Timer(60, process.kill)
    killer.start()
    shown = b""
    try:
        while chunk := _read(leader):
            shown += chunk
            if wait_for is not None and wait_for in shown:
                os.write(leader, answer)
                wait_for = None
        return process.wait(), shown.decode()
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        os.close(leader)


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("redrive", "nothing", *WHY), 1, "no order is held by a dead letter with the id nothing"),
        (("show", "nothing"), 1, "no dead letter has the id nothing"),
        (("redrive", "--all", *WHY), 1, "no dead letter that an operator could decide about matches"),
        (("redrive", "nothing"), 2, "say why"),
        (("redrive", "nothing", "--why", " "), 2, "say why"),
        (("redrive", "nothing", "--why", "x" * 1001), 2, "1001 characters, 1000 at most"),
        (("redrive", "nothing", "--why", "x", "--who", " "), 2, "say who"),
        (("discard", *WHY), 2, "say which"),
        (("show",), 2, "say which"),
        (("list", "--why", "x"), 2, "list takes no --why"),
        (("audit", "--all"), 2, "audit takes no --state and no --all"),
        (("list", "--since", "yesterday"), 2, "is not a time: write 2026-"),
        (("list", "--since", "1h", "--until", "2h"), 2, "--until is not later than --since"),
        (("list", "--type", "make_tea"), 2, "no command is of the type make_tea: create_order"),
        (("list", "--target", "nobody"), 2, "no target has the name nobody; targets: target-"),
        (("redrive", "--state", "discarded", *WHY), 2, "nothing can be decided about what is discarded"),
        (("list", "--state", "parked", "--all"), 2, "--all is whatever the state"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_says_why(
    kafka: str, tmp_path: Path, given: tuple[str, ...], code: int, said: str
) -> None:
    """A mistyped id or option that is taken in silence leaves the operator believing that the order is on its way."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    result, out, error = await orderlog(scene.line, *given)
    words = " ".join(error.replace("│", " ").split())
    assert (code, b"", True) == (result, out, said in words), error


async def test_an_empty_list_is_no_error(kafka: str, tmp_path: Path) -> None:
    """It is the good case, and scripts run it every minute."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    assert (0, b"") == (await orderlog(scene.line, "list"))[:2]


async def test_all_that_match_are_decided_about_not_only_what_is_shown(kafka: str, tmp_path: Path) -> None:
    """Those past the first page would be held for ever, and nobody would know."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    rejected = [await asyncio.to_thread(scene.dies, f"r-{n}", f"duda:shop/{n}", n) for n in range(3)]
    other = await asyncio.to_thread(scene.dies, "other", "duda:shop/9", 9, reason="retries-exhausted")
    given = ("redrive", "--reason", "rejected", "--limit", "1", *WHY)

    code, out, error = await orderlog(scene.line, *given, "--dry-run")
    assert (0, [("redrive", each.id) for each in rejected]) == (
        code,
        [(each["would"], each["id"]) for each in lines(out)],
    )
    assert f"would redrive 3 dead letter(s) ({scene.target} 3)" in error
    code, out, error = await orderlog(scene.line, *given)
    assert (2, [each.id for each in rejected], True) == (
        code,
        ids(out),
        "nothing was done" in error and "--yes" in error,
    )
    assert [] == await asyncio.to_thread(list, await scene.line.read(topics.commands(scene.target)))

    code, out, _ = await orderlog(scene.line, *given, "--yes")
    expected = {("redrive", each.id) for each in rejected}
    assert (0, 3, expected) == (code, len(lines(out)), {(each["done"], each["id"]) for each in lines(out)})
    code, out, error = await orderlog(scene.line, *given, "--yes")
    assert (0, b"") == (code, out), "twice does no harm"
    assert "3 dead letter(s): redrive was decided already" in error
    code, out, error = await orderlog(scene.line, "discard", rejected[0].id, *WHY)
    assert (1, b"", True) == (code, out, "redrive was decided already, by ada" in error)

    _, out, _ = await orderlog(scene.line, "list")
    decided = [(each["id"], each["decided"] and each["decided"]["who"]) for each in lines(out)]
    assert decided == [*((each.id, "ada") for each in rejected), (other.id, None)]
    code, out, _ = await orderlog(scene.line, "audit", "--reason", "rejected")
    audit = [(each["id"], each["decision"], each["who"], each["why"], each["taken_up"]) for each in lines(out)]
    assert (code, sorted(audit)) == (0, [(each.id, "redrive", "ada", WHY[1], False) for each in rejected])


async def test_a_limit_says_what_it_leaves_out(kafka: str, tmp_path: Path) -> None:
    """A list that ends without a word is taken for all of it."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    for number in range(3):
        await asyncio.to_thread(scene.dies, f"{number}", f"duda:shop/{number}", number)
    _, out, error = await orderlog(scene.line, "list", "--limit", "2")
    assert [scene.id("0"), scene.id("1")] == ids(out)
    assert "… and 1 more" in error
    _, out, error = await orderlog(scene.line, "list", "--limit", "0")
    assert (3, False) == (len(ids(out)), "more" in error)


async def test_each_narrows_the_list(kafka: str, tmp_path: Path) -> None:
    """The options reach the selection that they name."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    mine = await asyncio.to_thread(scene.dies, "mine", "duda:shop/1", 0, reason="unprocessable")
    fetch = CommandType.FETCH_ORDER
    other = await asyncio.to_thread(scene.dies, "other", "qb:2", 600, type=fetch)
    middle = made_at(300).isoformat()
    for option, value in [
        ("--order", "duda:shop/1"),
        ("--reason", "unprocessable"),
        ("--type", "create_order"),
        ("--until", middle),
        ("--state", "holding"),
    ]:
        assert [mine.id] == ids((await orderlog(scene.line, "list", option, value))[1]), option
    assert [other.id] == ids((await orderlog(scene.line, "list", "--since", middle))[1])
    assert [other.id] == ids((await orderlog(scene.line, "list", other.id, "--target", scene.target))[1])


async def test_what_was_decided_or_delivered_stays_to_be_seen(kafka: str, tmp_path: Path) -> None:
    """Nothing is dropped in silence: whoever looks for it finds what became of it, by whom, and the exchange."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    dead = await asyncio.to_thread(scene.dies, "dead")
    await asyncio.to_thread(scene.decided, dead, CommandType.DISCARD)
    await asyncio.to_thread(scene.gone, dead)
    fetch = await asyncio.to_thread(scene.dies, "fetch", "qb:1", 1, type=CommandType.FETCH_ORDER)
    await asyncio.to_thread(scene.stored, fetch, state=DeliveryState.DONE)
    assert b"" == (await orderlog(scene.line, "list"))[1]
    _, out, _ = await orderlog(scene.line, "list", "--all")
    assert {dead.id: "discarded", fetch.id: "superseded"} == {each["id"]: each["state"] for each in lines(out)}
    code, out, _ = await orderlog(scene.line, "show", dead.id)
    (shown,) = lines(out)
    assert (0, "discarded", 422) == (code, shown["state"], shown["exchange"]["status"])
    assert [("discard", "ada", "address mended")] == [
        (each["decision"], each["who"], each["why"]) for each in shown["decisions"]
    ]
    code, _, error = await orderlog(scene.line, "redrive", dead.id, *WHY)
    assert (1, True) == (code, f"`show {dead.id}` says what became of it" in error)


async def test_many_ids_of_which_one_is_wrong_does_the_others_and_says_so(kafka: str, tmp_path: Path) -> None:
    """The same list given again after a break-off must do the rest."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    dead = await asyncio.to_thread(scene.dies, "dead")
    code, out, error = await orderlog(scene.line, "discard", dead.id, "wrong", *WHY)
    assert (1, [dead.id], True) == (code, ids(out), "with the id wrong" in error)


async def test_a_bad_record_is_named_and_stops_nothing(kafka: str, tmp_path: Path) -> None:
    """One record that some tool wrote by mistake must not keep the operators from all others."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    dead = await asyncio.to_thread(scene.dies, "dead")
    await asyncio.to_thread(scene.write, topics.deliveries(scene.target), "bad", b"not json")
    code, out, error = await orderlog(scene.line, "list")
    assert (0, [dead.id]) == (code, ids(out))
    assert f"cannot be read and were passed over: {topics.deliveries(scene.target)}[" in error
    assert 0 == (await orderlog(scene.line, "redrive", "--target", scene.target, "--yes", *WHY))[0]


async def test_without_a_broker_it_ends_with_one_message_of_ours(kafka: str, tmp_path: Path) -> None:
    """Not with a dozen lines of the client's, and not with code 0."""
    scene = await asyncio.to_thread(Scene, kafka, tmp_path)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        scene.line.bootstrap = f"127.0.0.1:{free.getsockname()[1]}"
        code, out, error = await orderlog(scene.line, "list")
    assert (3, b"", 1) == (code, out, len(error.splitlines())), error
    assert error.startswith(f"no Kafka broker answers at {scene.line.bootstrap} (")


def test_on_a_terminal_it_shows_a_table_and_asks_before_many(scene: Scene) -> None:
    """No is no, and yes is all of them."""
    dead = [scene.dies(f"{number}", f"duda:shop/{number}", number) for number in range(2)]
    code, shown = typed(scene, b"", "list")
    assert (0, True) == (code, all(each.id in shown for each in dead))
    assert f"2 dead letter(s) ({scene.target} 2)" in shown
    assert "{" not in shown
    given = ("discard", "--target", scene.target, *WHY)
    code, shown = typed(scene, b"n\r", *given, wait_for=b"[y/N]")
    assert (1, True, []) == (code, "nothing was done" in shown, scene.commands())
    code, shown = typed(scene, b"y\r", *given, wait_for=b"[y/N]")
    assert (0, True) == (code, "discard: 2 decided" in shown)
    assert {each.id for each in dead} == {each.data["command_id"] for each in scene.commands()}
    code, shown = typed(scene, b"", "audit")
    assert (0, 2) == (code, shown.count("not yet"))


def test_on_a_terminal_one_is_shown_as_a_page_or_as_json(scene: Scene) -> None:
    """The exchange is what a person decides by; a script that was given a terminal asks for JSON."""
    dead = scene.dies("dead")
    scene.lettered(dead, body="sku P-1 is unknown \x1b[2J")
    code, shown = typed(scene, b"", "show", dead.id)
    assert (0, True, False) == (code, "sku P-1 is unknown" in shown, "\x1b[2J" in shown)
    assert "HTTP 422" in shown
    code, shown = typed(scene, b"", "show", dead.id, "--json")
    (line,) = [each for each in shown.splitlines() if each.startswith("{")]
    assert (0, dead.id) == (code, orjson.loads(line)["id"])
    assert TOKEN not in shown
