"""What CommerceOS' answers mean, as values. Invariant: whatever it answers, a command ends in a ruling."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exchange import Answer, Request
from connectors.targets import kind_of
from connectors.verdict import Ruling, Verdict
from streams.vocabulary import Command
from streams.vocabulary import CommandType as Type
from tests.connectors.commerceos import DATA, address, command, commerceos, order, payment_order, shipment_order

KIND = kind_of(commerceos())
LOOKED_AT = (Type.APPROVE_ORDER, Type.CANCEL_ORDER, Type.CREATE_SHIPMENT, Type.CHANGE_DELIVERY_ADDRESS)
COMMANDS = [
    *(command(type) for type in DATA),
    command(Type.CREATE_PAYMENT, {"payment": payment_order()}),
    command(Type.CREATE_SHIPMENT, {"shipment": shipment_order()}),
    command(Type.CHANGE_DELIVERY_ADDRESS, {"address": address(), "after_approval": True}),
    command(Type.APPROVE_ORDER, {"order": order()}),
    command(Type.CHANGE_INVOICE_ADDRESS, {"address": address(), "order": order(items=[]), "after_approval": False}),
]
SHIPMENTS_MAX = 4


def written(document: Any) -> bytes:
    """Also integers that are longer than 64 bits."""
    return json.dumps(document).encode()


WORDS = st.sampled_from(["New", "Unreserved", "Committed", "Cancelled", "Released", "PartiallyReleased", "x y", ""])
KEYS = st.one_of(st.text(min_size=1, max_size=5), st.integers(), st.none(), st.booleans())
THINGS = st.fixed_dictionaries(
    {},
    optional={
        "identifiers": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"key": KEYS})),
        "status": st.one_of(WORDS, st.lists(WORDS, max_size=3), st.none()),
        "shipments": st.one_of(st.none(), st.lists(st.just({}), max_size=2)),
        "deliveryAddresses": st.one_of(st.none(), st.lists(st.one_of(st.none(), st.just({"line1": "x"})), max_size=2)),
        "amount": st.one_of(st.text(max_size=5), st.integers(), st.just("497.50"), st.just("NaN")),
        "code": st.one_of(st.text(max_size=5), st.integers(), st.just("OutOfStock")),
        "path": st.one_of(st.text(max_size=5), st.just("items.0.product")),
    },
)
BODIES = st.one_of(
    st.binary(max_size=20),
    THINGS.map(written),
    st.lists(THINGS, max_size=SHIPMENTS_MAX).map(written),
    st.sampled_from([b"", b"null", b"[]", b"{}", b"<html>", b"[null]", b"1e999", b'{"status":{"a":1}}']),
)
ANSWERS = st.one_of(
    st.none(),
    st.builds(
        Answer,
        st.one_of(
            st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503]), st.integers(100, 599)
        ),
        st.sampled_from([{}, {"content-type": "application/json"}, {"content-type": "text/html; charset=utf-8"}]),
        BODIES,
        st.booleans(),
    ),
)


def answer(status: int, document: Any = None, **headers: str) -> Answer:
    return Answer(status, headers, b"" if document is None else orjson.dumps(document))


def judged(made: Command, *answers: Answer) -> tuple[Ruling, list[Request]]:
    """The ruling after these answers, and the requests that they were to."""
    asked, ruling = list[Request](), KIND.request(made)
    for each in answers:
        assert isinstance(ruling, Request)
        asked.append(ruling)
        ruling = KIND.judge(made, ruling, each)
    assert isinstance(ruling, Ruling)
    return ruling, asked


def first(type: Type) -> list[Answer]:
    """What the look before the act is answered, where there is one."""
    return [answer(200, {"status": ["Committed"], "shipments": []})] if type is Type.CREATE_SHIPMENT else []


def refused(code: str, status: int = 400) -> Answer:
    return answer(status, {"code": code, "message": "Ada Lovelace, Storgatan 1"})


@given(st.sampled_from(COMMANDS), st.lists(ANSWERS, min_size=20, max_size=20))
def test_whatever_is_answered_a_command_ends_in_a_ruling(made: Command, answers: list[Answer | None]) -> None:
    """No answer raises, none leads round in circles, and none is shown to people as it came."""
    ruling: Ruling | Request = KIND.request(made)
    steps = 0
    while isinstance(ruling, Request):
        assert steps <= 2 * SHIPMENTS_MAX + 2
        ruling = KIND.judge(made, ruling, answers[steps])
        steps += 1
    last = answers[steps - 1]
    if ruling.verdict is Verdict.DELIVERED:
        assert last is not None
        assert 200 <= last.status < 300
    else:
        assert ruling.verdict is not Verdict.REFUSED or made.type in (
            Type.CREATE_ORDER,
            Type.UPDATE_ORDER,
            Type.APPROVE_ORDER,
        )
    if ruling.why is not None:
        assert ruling.why.isprintable()


@given(ANSWERS.filter(lambda each: each is not None))
def test_what_the_order_is_called_there_never_raises(given_: Answer) -> None:
    assert KIND.ref(given_) is None or isinstance(KIND.ref(given_), str)


def test_the_key_of_an_order_is_its_name_there_and_that_of_a_shipment_is_not() -> None:
    ids = {"key": "TO1", "com.acme.order-id": "duda:shop/1"}
    assert KIND.ref(answer(200, {"identifiers": ids})) == "TO1"
    assert KIND.ref(answer(200, {"identifiers": {"key": "SO1"}})) is None


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("type", [type for type in DATA if type is not Type.RELEASE_SHIPMENT])
def test_new_and_repeated_are_delivered_alike(type: Type, status: int) -> None:
    assert judged(command(type), *first(type), answer(status))[0].verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    ("type", "found"),
    [
        (Type.APPROVE_ORDER, {"status": ["Committed"]}),
        (Type.APPROVE_ORDER, {"status": ["Committed", "Fulfilled"]}),
        (Type.CANCEL_ORDER, {"status": ["Cancelled"]}),
        (Type.CREATE_SHIPMENT, {"status": ["Committed"], "shipments": [{"identifiers": {"key": "S"}}]}),
        (
            Type.CHANGE_DELIVERY_ADDRESS,
            {
                "deliveryAddresses": [
                    {"line1": "Storgatan 1", "postalCode": "11122", "cityName": "Stockholm", "countryCode": "SE"}
                ]
            },
        ),
    ],
)
def test_what_is_refused_and_so_already_is_delivered(type: Type, found: Any) -> None:
    """The answer to the first request was lost; the second is refused, for there is nothing left to do."""
    ruling, asked = judged(command(type), *first(type), refused("OrderNotApprovable"), answer(200, found))
    assert (ruling.verdict, asked[-1].method) == (Verdict.DELIVERED, "GET")


@pytest.mark.parametrize(
    ("type", "found"),
    [
        (Type.APPROVE_ORDER, {"status": ["New"]}),
        (Type.APPROVE_ORDER, {"status": ["Cancelled"]}),
        (Type.APPROVE_ORDER, {"status": ["Committed", "Reserved"]}),
        (Type.APPROVE_ORDER, {"status": []}),
        (Type.CANCEL_ORDER, {"status": ["Committed", "Cancelled"]}),
        (Type.CREATE_SHIPMENT, {"status": ["Cancelled"], "shipments": [{}]}),
        (Type.CREATE_SHIPMENT, {"status": ["New"], "shipments": []}),
        (Type.CHANGE_DELIVERY_ADDRESS, {"status": ["Committed"], "deliveryAddresses": [{"line1": "Elsewhere"}]}),
    ],
)
def test_what_is_refused_and_not_so_is_the_first_request_s_failure(type: Type, found: Any) -> None:
    """A person sees what was refused, the API's word for it, and what the order is; nothing of the customer."""
    ruling, _ = judged(command(type), *first(type), refused("OrderNotX"), answer(200, found))
    assert (ruling.verdict, ruling.is_about_earlier) == (Verdict.REJECTED, True)
    assert (ruling.why or "").startswith("HTTP 400 OrderNotX; the order is ")
    assert "Ada" not in (ruling.why or "")


@pytest.mark.parametrize("type", LOOKED_AT)
def test_a_look_that_fails_leaves_the_question_open(type: Type) -> None:
    """It is asked again from the start: neither given up nor believed."""
    for failed in (answer(503), answer(429), answer(200), answer(409)):
        assert judged(command(type), *first(type), refused("X"), failed)[0].verdict is Verdict.RETRY
    ruling, _ = judged(command(type), *first(type), refused("X"), answer(403))
    assert (ruling.verdict, ruling.is_about_earlier) == (Verdict.REJECTED, True)
    assert ruling.why == "HTTP 400 X; asked what became of it: HTTP 403"


def test_out_of_stock_is_for_good_and_names_the_products_that_the_answer_names() -> None:
    made = order(items=[{"sku": sku, "quantity": "1"} for sku in ("A", "A-1", "B")])
    told = answer(409, {"code": "OutOfStock", "message": "A-1: 0 left for Ada"})
    for type, looked in ((Type.CREATE_ORDER, [answer(404)]), (Type.UPDATE_ORDER, [])):
        ruling, _ = judged(command(type, {"order": made}), told, *looked)
        assert (ruling.verdict, ruling.why) == (Verdict.REFUSED, "HTTP 409 OutOfStock: out of stock: A-1")


def test_out_of_stock_at_an_approval_asks_for_the_names_of_the_products() -> None:
    """The command does not hold them; whether they are told or not, it is refused, and by the first answer."""
    told = answer(409, {"code": "OutOfStock", "message": "W-1: 0 left for Ada"})
    items = [{"product": {"identifiers": {"com.acme.sku": sku}}} for sku in ("W", "W-1", "")] + [None]
    looks = {
        ": W-1": answer(200, {"status": ["New"], "items": items}),
        "": answer(200, {"status": ["New"], "items": 1}),
    }
    for why, named in (*looks.items(), ("", answer(404))):
        ruling, asked = judged(command(Type.APPROVE_ORDER), told, named)
        assert (ruling.verdict, ruling.is_about_earlier) == (Verdict.REFUSED, True)
        assert ruling.why == f"HTTP 409 OutOfStock: out of stock{why}"
        assert asked[1].path.endswith("~with(status,items)")


def test_approved_order_is_not_out_of_stock_though_the_repeat_of_its_approval_says_so() -> None:
    """Its first answer was lost, and the stock went with it: refused, a good order would be cancelled."""
    told, made = answer(409, {"code": "OutOfStock"}), command(Type.APPROVE_ORDER)
    for status in (["Committed"], ["Committed", "Fulfilled"]):
        assert judged(made, told, answer(200, {"status": status, "items": []}))[0] == Ruling(Verdict.DELIVERED)
    for status in (["New"], ["Committed", "Reserved"], ["Cancelled"]):
        assert judged(made, told, answer(200, {"status": status, "items": []}))[0].verdict is Verdict.REFUSED
    for unknown in (answer(503), answer(429), answer(200)):
        assert judged(made, told, unknown)[0].verdict is Verdict.RETRY


def test_order_that_is_there_is_not_out_of_stock_though_the_repeat_of_its_creation_says_so() -> None:
    """Its first answer was lost, or it is made again by a replay long after its stock was sold."""
    told, made = answer(409, {"code": "OutOfStock"}), command(Type.CREATE_ORDER)
    for status in (["New"], ["Reserved"], ["Committed", "Cancelled"]):
        ruling, asked = judged(made, told, answer(200, {"status": status}))
        assert (ruling, asked[1].path.rpartition("~")[2]) == (Ruling(Verdict.DELIVERED), "with(status)")
    for gone in (answer(404), answer(200, {"status": ["Cancelled"]})):
        ruling, _ = judged(made, told, gone)
        assert (ruling.verdict, ruling.is_about_earlier) == (Verdict.REFUSED, True)
    for unknown in (answer(503), answer(429), answer(200)):
        assert judged(made, told, unknown)[0].verdict is Verdict.RETRY


@pytest.mark.parametrize("type", [Type.APPROVE_ORDER, Type.CREATE_ORDER])
def test_where_the_look_shows_nothing_out_of_stock_is_a_person_s(type: Type) -> None:
    """A large order, a token without the scope to read: taken for refused, what was approved before is cancelled."""
    cut = Answer(200, {}, b'{"status":["Committed"],"items":[{"prod', is_cut=True)
    for unseen, why in (
        (cut, "an answer beyond response_bytes_max"),
        (answer(403), "HTTP 403"),
        (answer(200, {"status": []}), "HTTP 200"),
    ):
        ruling, _ = judged(command(type), answer(409, {"code": "OutOfStock"}), unseen)
        assert (ruling.verdict, ruling.is_about_earlier) == (Verdict.REJECTED, True)
        assert ruling.why == f"HTTP 409 OutOfStock; asked whether it was done before: {why}"


@pytest.mark.parametrize("kept", [{"line2": "Apt 4B"}, {"regionName": "Skåne"}, {"attention": "Ann"}])
def test_line_that_an_address_lost_and_is_still_there_is_a_change_that_was_not_made(kept: dict[str, str]) -> None:
    """Taken for done, the parcel goes to the old door, and nobody is told."""
    sent = {"line1": "Storgatan 1", "postalCode": "11122", "cityName": "Stockholm", "countryCode": "SE"}
    empty = dict.fromkeys(kept, "")
    made = command(Type.CHANGE_DELIVERY_ADDRESS)
    for shown, verdict in (({**sent, **kept}, Verdict.REJECTED), ({**sent, **empty, "key": 1}, Verdict.DELIVERED)):
        looked = answer(200, {"status": ["Committed"], "deliveryAddresses": [shown]})
        assert judged(made, refused("AddressNotChangeable"), looked)[0].verdict is verdict


@pytest.mark.parametrize(
    ("type", "shown", "found", "expected"),
    [
        (Type.APPROVE_ORDER, ["New"], ["Committed"], Verdict.DELIVERED),
        (Type.APPROVE_ORDER, ["Reserved"], ["Reserved"], Verdict.REJECTED),
        (Type.CANCEL_ORDER, ["Committed"], ["Cancelled"], Verdict.DELIVERED),
        (Type.CANCEL_ORDER, ["Committed"], ["Committed"], Verdict.REJECTED),
    ],
)
def test_a_try_that_shows_the_order_as_it_was_is_looked_at(
    type: Type, shown: list[str], found: list[str], expected: Verdict
) -> None:
    """Taken for done, the order would never be sent, or be sent though it is cancelled."""
    ruling, _ = judged(command(type), answer(200, {"status": shown}), answer(200, {"status": found}))
    assert ruling.verdict is expected
    if expected is Verdict.REJECTED:
        assert ruling.why == f"HTTP 200, without effect; the order is {found[0]}"


def test_out_of_stock_after_approval_does_not_cancel_what_is_approved() -> None:
    """The order there is as it was: only the change was refused."""
    made = command(Type.UPDATE_ORDER, {"order": order(), "after_approval": True})
    ruling, _ = judged(made, answer(409, {"code": "OutOfStock"}))
    assert (ruling.verdict, "a person must change it" in (ruling.why or "")) == (Verdict.REJECTED, True)


def test_a_conflict_of_a_payment_is_a_person_s() -> None:
    ruling, _ = judged(command(Type.CREATE_PAYMENT), answer(409, {"code": "TransactionDiffers"}))
    assert (ruling.verdict, ruling.why) == (Verdict.REJECTED, "HTTP 409 TransactionDiffers")


def test_a_payment_order_is_posted_only_where_there_is_none() -> None:
    made = command(Type.CREATE_PAYMENT, {"payment": payment_order(amount="5.00")})
    ruling, asked = judged(made, answer(404), answer(201))
    assert (ruling.verdict, [each.method for each in asked]) == (Verdict.DELIVERED, ["GET", "POST"])
    assert judged(made, answer(200, {"amount": "5"}))[0].verdict is Verdict.DELIVERED
    assert judged(made, answer(200, {"amount": "5.01"}))[0].verdict is Verdict.REJECTED
    assert judged(made, answer(500))[0].verdict is Verdict.RETRY
    assert judged(made, answer(404), answer(400))[0].verdict is Verdict.REJECTED


def test_a_shipment_is_made_only_where_there_is_none() -> None:
    """The warehouse's own, or the one of before whose answer was lost: a second would be sent."""
    made = command(Type.CREATE_SHIPMENT)
    ruling, asked = judged(made, answer(200, {"status": ["Committed"], "shipments": [{}]}))
    assert (ruling.verdict, len(asked)) == (Verdict.DELIVERED, 1)
    ruling, asked = judged(made, *first(Type.CREATE_SHIPMENT), answer(200))
    assert (ruling.verdict, asked[1].body) == (Verdict.DELIVERED, b'{"createShipment":true}')
    assert judged(made, answer(200))[0].verdict is Verdict.RETRY
    ruling, _ = judged(made, refused("NotFound", 404))
    assert (ruling.verdict, ruling.why) == (Verdict.REJECTED, "HTTP 404 NotFound: there is no such order")


@pytest.mark.parametrize("lost", [None, answer(504)])
def test_a_post_without_an_answer_has_time_to_be_done_before_it_is_looked_for(lost: Answer | None) -> None:
    """Looked for at once it is not there yet, posted again it is there twice."""
    made = command(Type.CREATE_PAYMENT, {"payment": payment_order()})
    posted = KIND.judge(made, KIND.request(made), answer(404))
    assert isinstance(posted, Request)
    assert KIND.judge(made, posted, lost) == Ruling(Verdict.RETRY, after_s=30)
    assert KIND.judge(made, KIND.request(made), lost) == Ruling(Verdict.RETRY)


def shipment(key: str, *statuses: str) -> dict[str, Any]:
    return {"identifiers": {"key": key}, "status": list(statuses)}


def test_each_new_shipment_is_released_and_no_other() -> None:
    """Also where the list says its status as one word, and where a release was done before and is refused."""
    made = command(Type.RELEASE_SHIPMENT)
    listed = answer(200, [shipment("A/1", "New"), shipment("B", "Released"), {**shipment("C"), "status": "New"}])
    ruling, asked = judged(made, listed, refused("X"), answer(200, shipment("A/1", "Released")), answer(200))
    assert ruling.verdict is Verdict.DELIVERED
    assert [each.path for each in asked[1:]] == [
        "/v1/shipment-orders/A%2F1/actions",
        "/v1/shipment-orders/A%2F1~with(status)",
        "/v1/shipment-orders/C/actions",
    ]
    assert judged(made, answer(200, [shipment("B", "Transiting")]))[0].verdict is Verdict.DELIVERED


def test_what_is_left_of_a_shipment_that_was_released_in_part_is_released() -> None:
    """All of it was sent, say the others; counted as done, the rest would stay where it is."""
    made = command(Type.RELEASE_SHIPMENT)
    ruling, asked = judged(made, answer(200, [shipment("A", "PartiallyReleased")]), answer(200))
    assert (ruling.verdict, [each.method for each in asked]) == (Verdict.DELIVERED, ["GET", "PATCH"])
    partly = answer(200, shipment("A", "PartiallyReleased"))
    ruling, _ = judged(made, answer(200, [shipment("A", "New")]), refused("X"), partly)
    assert (ruling.verdict, ruling.why) == (Verdict.REJECTED, "HTTP 400 X; the shipment is PartiallyReleased")


def test_a_shipment_that_stays_new_is_a_person_s() -> None:
    listed = answer(200, [shipment("A", "New")])
    ruling, _ = judged(command(Type.RELEASE_SHIPMENT), listed, refused("X"), answer(200, shipment("A", "New")))
    assert (ruling.verdict, ruling.why, ruling.is_about_earlier) == (
        Verdict.REJECTED,
        "HTTP 400 X; the shipment is New",
        True,
    )


@pytest.mark.parametrize("listed", [answer(200, []), answer(200, "?"), answer(200, [{"status": ["New"]}]), answer(502)])
def test_without_a_shipment_the_release_waits(listed: Answer) -> None:
    """It may be there in a moment; and if not, the retries end in a dead letter that says so."""
    assert judged(command(Type.RELEASE_SHIPMENT), listed)[0].verdict is Verdict.RETRY


@pytest.mark.parametrize("type", [Type.CREATE_ORDER, Type.APPROVE_ORDER, Type.RELEASE_SHIPMENT])
def test_a_page_is_none_of_the_api_s_answers(type: Type) -> None:
    """ "Back soon" with status 200, or a portal's 404, would lose an order or give it up."""
    for status in (200, 403, 404):
        page = Answer(status, {"content-type": "text/html"}, b"<html>Back soon</html>")
        ruling, _ = judged(command(type), page)
        assert (ruling.verdict, ruling.blames_target) == (Verdict.RETRY, True)


@pytest.mark.parametrize("body", [b"null", b"[]", b"NaN", b"\xff\xfe", b"[" * 10_000])
def test_creation_that_is_answered_with_something_else_than_a_record_is_asked_for_again(body: bytes) -> None:
    """Else the order counts as made, and nobody hears of it before both sides are compared."""
    for type in (Type.CREATE_ORDER, Type.UPDATE_ORDER):
        ruling, _ = judged(command(type), Answer(200, {}, body))
        assert ruling == Ruling(Verdict.RETRY, "HTTP 200, but no record", blames_target=True)


@pytest.mark.parametrize("answer", [Answer(204, {}, b""), Answer(200, {}, b'{"identifiers"', is_cut=True)])
def test_creation_whose_record_is_not_shown_whole_is_done(answer: Answer) -> None:
    """An order of hundreds of lines has a long record."""
    assert judged(command(Type.CREATE_ORDER), answer)[0] == Ruling(Verdict.DELIVERED)


def test_a_limit_that_comes_as_a_page_is_a_limit() -> None:
    """What stands in front of an API says 429 in HTML, and its Retry-After is to be obeyed."""
    page = Answer(429, {"content-type": "text/html", "retry-after": "7"}, b"<html>Slow down</html>")
    assert judged(command(Type.CREATE_ORDER), page)[0] == Ruling(Verdict.RETRY)


def test_no_answer_means_the_same_request_again() -> None:
    for made in COMMANDS:
        assert KIND.judge(made, KIND.request(made), None) == Ruling(Verdict.RETRY)
