"""The external target: a command as the bytes that are sent."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exchange import Answer, Request
from connectors.sandbox.order import order_id_of
from connectors.targets import MODULES, TargetKind, external
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict
from streams.vocabulary import Command, CommandType
from streams.vocabulary.base import parse_money
from tests.connectors.make import command, order


def test_amounts_are_exact_json_numbers() -> None:
    """Through a float, 19.99 may become 20 and a long amount loses its digits."""
    sent = external.request(command(data={"order": order(total="12345678901234567890.0123456789")}))
    assert b'"total_amount":12345678901234567890.0123456789,' in sent.body
    assert b'"price":12345678901234567890.0123456789}' in sent.body
    assert b'"quantity":1,' in sent.body


def test_texts_that_look_like_numbers_stay_texts() -> None:
    """A postal code of 04107 is not 4107."""
    sent = orjson.loads(external.request(command(data={"order": order("00123")})).body)
    assert (sent["shipping_address"]["postal_code"], sent["external_order_id"]) == ("04107", "00123")


@pytest.mark.parametrize("written", ["1e59", "-123e57", "1e-60", f"0.{'1' * 60}", "9" * 60])
def test_an_amount_that_is_accepted_is_read_again_from_what_is_written(written: str) -> None:
    """Else a stored event or state could not be read by anybody, ourselves included."""
    amount = parse_money(written)
    assert amount == parse_money(format(amount, "f"))


@pytest.mark.parametrize("written", ["1e60", "123e58", "-1e60", "1e-61", "9" * 61])
def test_an_amount_longer_than_can_be_read_again_is_refused(written: str) -> None:
    """`1e60` is short as it comes and 61 digits as it is stored."""
    with pytest.raises(ValueError, match="60 digits"):
        parse_money(written)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20))
def test_any_amount_of_the_vocabulary_can_be_sent(amount: Decimal) -> None:
    """What the fold writes as money, the API must be able to read as the same number."""
    text = format(parse_money(amount), "f")
    body = external.request(command(data={"order": order(total=text)})).body
    assert f'"total_amount":{text},'.encode() in body
    orjson.loads(body)


def test_a_retry_is_byte_identical_even_after_a_restart() -> None:
    """An API that compares bodies under one idempotency key refuses a second one that differs."""
    first = command()
    again = Command.from_json(first.to_json())
    assert external.request(again) == external.request(first)


def test_the_idempotency_key_is_the_commands_id() -> None:
    """Anything else would make the effect of a retry a second effect."""
    sent = external.request(command("c-77"))
    assert (sent.headers["Idempotency-Key"], sent.method, sent.path) == ("c-77", "POST", "/api/orders")


def test_the_strict_api_takes_what_is_sent() -> None:
    """The stand-in refuses amounts in quotes and unknown fields: what we send must pass."""
    assert order_id_of(external.request(command(data={"order": order("9")})).body) == "9"


@pytest.mark.parametrize(
    "bad",
    [
        command(type=CommandType.REDRIVE),
        command(data={"order": []}),
        command(data={"nothing": 1}),
        command(data={"order": {**order(), "total_amount": "19,99"}}),
        command(data={"order": {**order(), "total_amount": "019.99"}}),
        command(data={"order": {**order(), "total_amount": 19.99}}),
        command(data={"order": {**order(), "total_amount": True}}),
        command(data={"order": {**order(), "total_amount": '1,"x":2'}}),
        command(data={"order": {**order(), "items": [1]}}),
        command(data={"order": {**order(), "items": [{"quantity": "NaN"}]}}),
        command(data={"order": {**order(), "currency": 2**70}}),
        command("c 1"),
        command("c\r\nX-Evil: 1"),
        command(""),
        command("c" * 256),
    ],
)
def test_what_cannot_be_sent_safely_is_unprocessable(bad: Command) -> None:
    """A float amount, an injected header or broken JSON must never leave the house."""
    with pytest.raises(Unprocessable):
        external.request(bad)


def test_the_reason_names_the_field_and_not_its_content() -> None:
    """The message goes into logs and outcomes; content may be customer data."""
    with pytest.raises(Unprocessable) as raised:
        external.request(command(data={"order": {**order(), "items": [{"price": "secret stuff"}]}}))
    assert str(raised.value) == "data.order.items[0].price is not a decimal"


@pytest.mark.parametrize("kind", MODULES.values(), ids=MODULES.keys())
def test_every_kind_has_a_verdict_for_every_status(kind: TargetKind) -> None:
    """An answer without a meaning would stop the sink."""
    for status in (None, *range(100, 600)):
        answer = None if status is None else Answer(status, {}, b"")
        ruling = kind.judge(command(), Request("POST", "/", {}, b""), answer)
        assert isinstance(ruling, Ruling)
        assert isinstance(ruling.verdict, Verdict)


@pytest.mark.parametrize(
    ("body", "ref"),
    [
        (b'{"id": "ext-7"}', "ext-7"),
        (b'{"id": 7}', "7"),
        (b'{"id": true}', None),
        (b'{"id": ""}', None),
        (b'{"id": ["ext-7"]}', None),
        (b"[]", None),
        (b"Created", None),
        (b'{"id": "' + b"x" * 201 + b'"}', None),
    ],
)
def test_the_api_s_id_of_the_order_is_kept_and_rubbish_is_not(body: bytes, ref: str | None) -> None:
    """The order was made: an odd answer must not undo that, nor fill the state with it."""
    assert external.ref(Answer(201, {}, body)) == ref
