"""A status for Quickbutik: the bytes of an update, and what the answer to it means."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exchange import Answer, Attempt, masker
from connectors.settle import Judged, Settler
from connectors.targets import quickbutik
from connectors.targets.unprocessable import Unprocessable
from connectors.verdict import Ruling, Verdict
from connectors.vocabulary import Delivery
from streams import topics
from streams.vocabulary import Command, CommandType, Outcome
from tests.connectors.make import at, command, target

TRACKING = {"tracking_number": "1Z999AA10123456784", "carrier": "UPS"}
TAKEN = b'{"results":[{"order_id":"948102","success":1}]}'


def update(status: object = "done", key: str = "quickbutik:948102", notify: object = True, **data: Any) -> Command:
    given = {"status": status, "notify": notify, **data}
    return command("u-1", key, type=CommandType.UPDATE_STATUS, target="quickbutik-api", data=given)


def sent(asked: Command) -> Any:
    request = quickbutik.request(asked)
    assert (request.method, request.path, request.headers["Content-Type"]) == (
        "PUT",
        "/v1/orders",
        "application/json",
    )
    return orjson.loads(request.body)


def judge(body: bytes, status: int = 200, *, is_cut: bool = False) -> Ruling:
    asked = update()
    return quickbutik.judge(asked, quickbutik.request(asked), Answer(status, {}, body, is_cut))


@pytest.mark.parametrize(
    ("asked", "document"),
    [
        (
            update("done", shipping=TRACKING),
            {
                "order_id": "948102",
                "status": "done",
                "shipping_info": {"trackingnumber": "1Z999AA10123456784", "company": "UPS"},
                "email_confirmation": "true",
            },
        ),
        (
            update("done", notify=False, shipping=None),
            {"order_id": "948102", "status": "done", "email_confirmation": "false"},
        ),
        (update("paid"), {"order_id": "948102", "status": "paid", "skip_email_confirmation": "false"}),
        (update("paid", notify=False), {"order_id": "948102", "status": "paid", "skip_email_confirmation": "true"}),
        (update("cancelled"), {"order_id": "948102", "status": "cancelled"}),
    ],
)
def test_each_status_has_the_flags_that_the_seed_sends_with_it(asked: Command, document: Any) -> None:
    """A list of one, flags as words: a flag of another status would do nothing, or write to a buyer who was told."""
    assert sent(asked) == [document]


def test_the_order_is_named_by_the_shop_s_own_id() -> None:
    """The source's name is ours; an id may have a colon of its own."""
    assert sent(update("paid", "shop-2:10:7"))[0]["order_id"] == "10:7"


def test_asked_again_it_is_the_same_bytes() -> None:
    """Set again, a status changes nothing; another one would."""
    first = update(shipping=TRACKING)
    assert quickbutik.request(Command.from_json(first.to_json())) == quickbutik.request(first)


@pytest.mark.parametrize(
    "wrong",
    [
        update("unpaid"),
        update("shipped"),
        update(None),
        update(["done"]),
        update(notify="true"),
        update(notify=None),
        update(key="quickbutik:"),
        update(shipping="1Z"),
        update(shipping={"carrier": "UPS"}),
        update(shipping={"tracking_number": ""}),
        update(shipping={**TRACKING, "carrier": 7}),
    ],
)
def test_what_says_no_status_is_a_dead_letter_at_once(wrong: Command) -> None:
    """Half an update would be taken, and close the order with no parcel."""
    with pytest.raises(Unprocessable):
        quickbutik.request(wrong)


@pytest.mark.parametrize(
    "body",
    [
        TAKEN,
        b'{"results":{}}',
        b'{"results":[]}',
        b'{"results":{"948102":{"success":1}}}',
        b'{"results":[{"order_id":948102}]}',
        b'{"results":[{"order_id":"948102","error":null}]}',
    ],
)
def test_an_update_that_was_taken_is_delivered(body: bytes) -> None:
    """The vendor's page shows empty results, and says nothing of their shape."""
    assert judge(body) == Ruling(Verdict.DELIVERED)


@pytest.mark.parametrize(
    "body",
    [
        b'{"results":[{"order_id":"948102","error":"no such order"}]}',
        b'{"results":[{"error":"no such order"}]}',
        b'{"results":{"948102":{"error":"no such order"}}}',
        b'{"results":{"error":"no such order"}}',
    ],
)
def test_an_item_that_was_not_taken_is_a_dead_letter_with_the_shop_s_reason(body: bytes) -> None:
    """The status is 200 all the same: whoever looks at that alone believes that the buyer was told."""
    assert judge(body) == Ruling(Verdict.REJECTED, "HTTP 200, but Quickbutik says: no such order")


def test_the_shop_s_reason_is_bounded_one_line_and_without_our_key() -> None:
    """It goes into logs, outcomes and the order's state."""
    said = orjson.dumps({"results": [{"order_id": "948102", "error": "bad key sk_live_abc\n" + "x" * 5000}]})
    asked, made = update(), at(0)
    request = quickbutik.request(asked)
    attempt = Attempt("https://api.example/v1/orders", request, request.headers, made, Answer(200, {}, said))
    ruling = quickbutik.judge(asked, request, attempt.answer)
    judged = Judged(attempt, ruling.verdict, False, 0, made, ruling.why)
    before = Delivery(command=asked, sequence=0, due_at=made)
    settled = Settler(target(name="quickbutik-api", kind="quickbutik"), 10**6).settle(
        before, judged, masker({"sk_live_abc"})
    )
    (told,) = [Outcome.from_json(each.value or b"") for each in settled.outputs if each.topic == topics.OUTCOMES]
    assert told.error is not None
    assert told.error.startswith("HTTP 200, but Quickbutik says: bad key *** x")
    assert len(told.error) < 300


@pytest.mark.parametrize(
    ("body", "is_cut", "blames"),
    [
        (b"<html>Back soon</html>", False, True),
        (b"[]", False, True),
        (b'{"error":"later"}', False, True),
        (b'{"results":[{"order_id":"7","error":"no such order"}]}', False, True),
        (TAKEN, True, False),
    ],
)
def test_an_answer_that_says_nothing_of_the_update_has_it_sent_again(body: bytes, is_cut: bool, blames: bool) -> None:
    """A maintenance page with status 200 is no word about the order; set once more, nothing is doubled."""
    ruling = judge(body, is_cut=is_cut)
    assert (ruling.verdict, ruling.blames_target, ruling.why is not None) == (Verdict.RETRY, blames, True)


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, Verdict.REJECTED), (401, Verdict.RETRY), (409, Verdict.RETRY), (503, Verdict.RETRY)]
)
def test_other_answers_mean_what_they_mean_for_a_fetch(status: int, verdict: Verdict) -> None:
    """One API, one reading of its statuses."""
    assert judge(b"", status).verdict is verdict


@given(st.binary(max_size=60) | st.sampled_from([b'{"results":[1,null,[]]}', b'{"results":{"948102":[1]}}', b"1e400"]))
def test_any_answer_has_a_ruling(body: bytes) -> None:
    """An answer without a meaning would stop the sink."""
    assert judge(body).verdict in (Verdict.DELIVERED, Verdict.RETRY, Verdict.REJECTED)


def test_an_update_leaves_no_raw_record() -> None:
    """Only what the shop says of an order is a fact; the update itself comes back as a ping."""
    assert quickbutik.records(update(), Answer(200, {}, TAKEN), at(0)) == ()
