"""The inventory target: a movement as the bytes that are sent, an answer as what becomes of it."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exchange import Answer
from connectors.targets import inventory
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Verdict
from streams.vocabulary import Command, CommandType
from streams.vocabulary.base import parse_money
from tests.connectors.make import at, command


def move(delta: Any = "-2", product: Any = "duda:shop/plate", id: Any = "m-1", **given: Any) -> Command:
    data = {"movement": {"id": id, "delta": delta}, "product": product}
    return command("c-1", type=given.pop("type", CommandType.MOVE_STOCK), target="stock", data=data, **given)


def judge(status: int | None) -> Verdict:
    answer = None if status is None else Answer(status, {}, b"{}")
    return inventory.judge(move(), inventory.request(move()), answer).verdict


def test_a_movement_is_posted_under_its_own_id() -> None:
    """The id of the command is not it: a movement that is commanded anew must be the same one to the API."""
    sent = inventory.request(move())
    assert (sent.method, sent.path, sent.headers["Idempotency-Key"]) == ("POST", "/movements", "m-1")
    assert sent.body == b'{"product":"duda:shop/plate","delta":-2,"movement_id":"m-1"}'


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_any_movement_keeps_its_digits(delta: Decimal) -> None:
    """Through a float the levels drift apart, piece by piece."""
    text = format(parse_money(delta), "f")
    assert f'"delta":{text},'.encode() in inventory.request(move(text)).body


def test_a_retry_is_byte_identical() -> None:
    """The API compares what comes under one id."""
    assert inventory.request(Command.from_json(move().to_json())) == inventory.request(move())


@pytest.mark.parametrize(
    "wrong",
    [
        move(type=CommandType.CREATE_ORDER),
        move(product=None),
        move(product=""),
        move(product=7),
        move(id=None),
        move(id="m 1"),
        move(id="m\r\nX-Evil: 1"),
        move(delta=-2.5),
        move(delta=None),
        move(delta="two"),
        move().model_copy(update={"data": {"product": "p"}}),
    ],
)
def test_what_is_no_movement_is_a_dead_letter_at_once(wrong: Command) -> None:
    """A product without a name there, a float, an injected header: none may leave the house."""
    with pytest.raises(Unprocessable):
        inventory.request(wrong)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (201, Verdict.DELIVERED),
        (400, Verdict.REJECTED),
        (404, Verdict.REJECTED),
        (409, Verdict.REJECTED),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (None, Verdict.RETRY),
    ],
)
def test_each_answer_has_its_meaning(status: int | None, verdict: Verdict) -> None:
    """200 for a repeat is as good as 201; 409 says that two movements share an id, which no repeat mends."""
    assert judge(status) is verdict


def test_an_answer_makes_no_record_and_names_no_order() -> None:
    """Levels are the API's own."""
    answer = Answer(201, {}, orjson.dumps({"id": "x"}))
    assert (inventory.records(move(), answer, at(0)), inventory.ref(answer)) == ((), None)
