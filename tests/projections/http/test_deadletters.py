"""Dead letters over HTTP: a real broker, real topics; what `orderlog deadletters` does at a keyboard, by requests."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.vocabulary import DeliveryState
from streams.settings import load
from streams.vocabulary import CommandType
from tests.connectors.api import TOKEN as TARGET_TOKEN
from tests.connectors.api import lines
from tests.connectors.deadletters.scene import Scene, made_at, orderlog
from tests.projections.http.serving import TOKEN, Caller, serving

SAID = {"why": "the price list is mended"}


@pytest.fixture
async def scene(kafka: str, tmp_path: Path) -> Scene:
    return await asyncio.to_thread(Scene, kafka, tmp_path)


@pytest.fixture
async def caller(scene: Scene) -> AsyncIterator[Caller]:
    async with serving(load(scene.line.config, {})) as made:
        yield made


async def dies(scene: Scene, name: str, key: str = "duda:shop/1", at_s: float = 0, **given: Any) -> str:
    return (await asyncio.to_thread(scene.dies, name, key, at_s, **given)).id


def ids(answer: tuple[int, Any]) -> list[str]:
    status, body = answer
    assert 200 == status, body
    return [each["id"] for each in body["dead_letters"]]


async def test_each_filter_narrows_the_list(scene: Scene, caller: Caller) -> None:
    """By id, order, target, reason, type, state and time: and all that are given must hold."""
    mine = await dies(scene, "mine", "duda:shop/1", 0, reason="unprocessable")
    other = await dies(scene, "other", "qb:2", 600, type=CommandType.FETCH_ORDER, is_parked=True)
    middle = made_at(300).isoformat()
    for name, value in [
        ("id", mine),
        ("order", "duda:shop/1"),
        ("reason", "unprocessable"),
        ("type", "create_order"),
        ("until", middle),
        ("state", "holding"),
    ]:
        assert [mine] == ids(await caller.get("/deadletters", **{name: value})), name
    assert [other] == ids(await caller.get("/deadletters", since=middle, target=scene.target))
    assert [] == ids(await caller.get("/deadletters", order="duda:shop/1", state="parked"))
    status, problem = await caller.get("/deadletters", target="nobody")
    assert (400, "target-unknown") == (status, problem["reason"])
    _, body = await caller.get("/deadletters", order="duda:shop/1")
    (row,) = body["dead_letters"]
    assert ("holding", "unprocessable", "HTTP 422", 422) == tuple(
        row[name] for name in ("state", "reason", "error", "http_status")
    )
    assert "ada@example.com" not in str(body), "a list has no customer's data"


async def test_a_long_list_comes_in_pages(scene: Scene, caller: Caller) -> None:
    """A bound without a way past it would hide what is held beyond it."""
    with scene.at_once():
        all_ids = [scene.dies(f"{number}", f"duda:shop/{number}", number).id for number in range(5)]
    seen, cursor = list[str](), {}
    for size in (2, 2, 1):
        status, body = await caller.get("/deadletters", limit=2, **cursor)
        assert (200, size, 5) == (status, len(body["dead_letters"]), body["count"])
        seen += [each["id"] for each in body["dead_letters"]]
        cursor = {"cursor": body["next"]}
    assert (all_ids, None) == (seen, cursor["cursor"])


async def test_one_is_shown_whole_as_the_command_shows_it(scene: Scene, caller: Caller) -> None:
    """The whole exchange, what became of it and who decided what: and no credential."""
    id = await dies(scene, "dead")
    (dead,) = await asyncio.to_thread(scene.letters)
    status, shown = await caller.get(f"/deadletters/{id}")
    assert (200, 422, "no") == (status, shown["exchange"]["status"], shown["exchange"]["response_body"])
    _, out, _ = await orderlog(scene.line, "show", dead.id)
    assert lines(out) == [shown]
    assert shown["command"]["data"]
    assert TARGET_TOKEN not in str(shown)
    status, problem = await caller.get("/deadletters/nothing")
    assert (404, "dead-letter-unknown") == (status, problem["reason"])


async def test_one_is_redriven_once_and_the_record_says_who_and_why(scene: Scene, caller: Caller) -> None:
    """The decision is a record in the target's own topic, the very one that the command writes."""
    id = await dies(scene, "dead")
    assert (202, {"id": id, "decision": "redrive", "status": "accepted"}) == await caller.post(
        f"/deadletters/{id}/redrive", **SAID
    )
    assert (200, "decided-already") == _status(await caller.post(f"/deadletters/{id}/redrive", **SAID))
    status, problem = await caller.post(f"/deadletters/{id}/discard", **SAID)
    assert (409, "decided-otherwise", "ada") == (status, problem["reason"], problem["decided"]["who"])
    (written,) = await asyncio.to_thread(scene.commands)
    assert (CommandType.REDRIVE, "duda:shop/1", "operator:ada") == (written.type, written.order_key, written.caused_by)
    about = {"type": "create_order", "reason": "rejected", "error": "HTTP 422"}
    assert {"command_id": id, "who": "ada", "why": SAID["why"], **about} == written.data


async def test_nothing_is_decided_about_what_is_not_there_or_has_ended(scene: Scene, caller: Caller) -> None:
    """A mistyped id that is taken in silence leaves the operator believing that the order is on its way."""
    ended = await asyncio.to_thread(scene.dies, "ended")
    await asyncio.to_thread(scene.stored, ended, state=DeliveryState.PENDING)
    status, problem = await caller.post(f"/deadletters/{ended.id}/redrive", **SAID)
    assert (409, "dead-letter-closed", "redriven") == (status, problem["reason"], problem["state"])
    status, problem = await caller.post("/deadletters/nothing/discard", **SAID)
    assert (404, "dead-letter-unknown") == (status, problem["reason"])
    assert [] == await asyncio.to_thread(scene.commands)


async def test_all_that_match_are_decided_about_after_a_rehearsal_of_exactly_them(scene: Scene, caller: Caller) -> None:
    """Not only what is shown; and not what died after somebody had looked."""
    with scene.at_once():
        rejected = [scene.dies(f"r-{n}", f"duda:shop/{n}", n).id for n in range(60)]
        scene.dies("other", "duda:shop/99", 9, reason="retries-exhausted")
    path, wanted = "/deadletters/redrive", {"selection": {"reasons": ["rejected"]}, **SAID}

    status, rehearsed = await caller.post(path, **wanted)
    assert (200, "redrive", 60, {scene.target: 60}) == (
        status,
        *(rehearsed[name] for name in ("would", "count", "targets")),
    )
    assert rejected[:50] == [each["id"] for each in rehearsed["dead_letters"]]
    late = await dies(scene, "late", "duda:shop/100", 100)
    status, problem = await caller.post(path, **wanted, dry_run=False, confirm=rehearsed["confirm"])
    assert (409, "selection-changed", 61) == (status, problem["reason"], problem["count"])
    status, problem = await caller.post("/deadletters/discard", **wanted, dry_run=False, confirm=rehearsed["confirm"])
    assert (409, "selection-changed") == (status, problem["reason"]), "what was rehearsed is a redrive"
    assert [] == await asyncio.to_thread(scene.commands)

    caller = caller.having(TOKEN)
    _, rehearsed = await caller.post(path, **wanted, who="grace")
    sent = {**wanted, "dry_run": False, "confirm": rehearsed["confirm"], "who": "grace"}
    status, done = await caller.post(path, **sent)
    assert (202, {"decision": "redrive", "decided": 61, "decided_already": 0, "decided_otherwise": 0}) == (status, done)
    written = await asyncio.to_thread(scene.commands)
    assert {*rejected, late} == {each.data["command_id"] for each in written}
    assert {("grace", SAID["why"])} == {(each.data["who"], each.data["why"]) for each in written}
    _, again = await caller.post(path, **wanted, who="grace")
    assert (0, 61) == (again["count"], again["decided_already"])


async def test_the_audit_says_who_decided_what_and_why(scene: Scene, caller: Caller) -> None:
    """Page by page, over HTTP as at the keyboard, whichever way it was decided."""
    with scene.at_once():
        first, second = scene.dies("first").id, scene.dies("second", "duda:shop/2", 1).id
    assert 202 == (await caller.post(f"/deadletters/{first}/discard", why="sold out"))[0]
    code, _, error = await orderlog(scene.line, "redrive", second, "--why", "mended", "--who", "grace")
    assert 0 == code, error
    status, body = await caller.get("/deadletters/audit", limit=1)
    assert (200, 2) == (status, body["count"])
    _, rest = await caller.get("/deadletters/audit", limit=1, cursor=body["next"])
    told = [(each["id"], each["decision"], each["who"], each["why"], each["taken_up"]) for each in body["decisions"]]
    told += [(each["id"], each["decision"], each["who"], each["why"], each["taken_up"]) for each in rest["decisions"]]
    assert told == [(first, "discard", "ada", "sold out", False), (second, "redrive", "grace", "mended", False)]
    assert rest["next"] is None
    _, body = await caller.get("/deadletters/audit", id=first)
    assert [first] == [each["id"] for each in body["decisions"]]


def _status(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["status"]
