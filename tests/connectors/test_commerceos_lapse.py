"""An order whose reservation has lapsed is reserved anew, once, and what needed that is asked for again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from connectors.exchange import Answer, Request
from connectors.targets import kind_of
from connectors.verdict import Ruling, Verdict
from streams.vocabulary import Command
from streams.vocabulary import CommandType as Type
from tests.connectors.commerceos import address, command, commerceos, order
from tests.connectors.sandbox_commerceos.shop import Shop, shop

KIND = kind_of(commerceos({"reserve_s": 3600}))
DECIDED = "2026-03-01T13:00:00Z"
RESERVED = order(reserved_until=DECIDED)
APPROVAL = command(Type.APPROVE_ORDER, {"order": RESERVED})
MOVE = command(Type.CHANGE_DELIVERY_ADDRESS, {"address": address(), "order": RESERVED, "after_approval": False})
DATE = "Sat, 21 Nov 2026 22:00:00 GMT"


def answer(status: int, document: Any = None, **headers: str) -> Answer:
    return Answer(status, headers, b"" if document is None else orjson.dumps(document))


REFUSED, LAPSED = answer(400, {"code": "OrderNotX"}), answer(200, {"status": ["Unreserved"]}, date=DATE)


def judged(made: Command, *answers: Answer | None) -> tuple[Ruling | Request, list[Request]]:
    """What comes of these answers, and the requests that they were to."""
    asked, ruling = list[Request](), KIND.request(made)
    for each in answers:
        assert isinstance(ruling, Request)
        asked.append(ruling)
        ruling = KIND.judge(made, ruling, each)
    return ruling, asked


@pytest.mark.parametrize("made", [APPROVAL, MOVE])
def test_it_is_reserved_anew_and_asked_for_again(made: Command) -> None:
    """From the API's own now on: by the time at which it was decided it may be over already."""
    ruling, asked = judged(made, REFUSED, LAPSED, answer(200, {"status": ["Reserved"]}), answer(200))
    assert ruling == Ruling(Verdict.DELIVERED)
    assert [each.method for each in asked] == ["PATCH", "GET", "PUT", "PATCH"]
    assert orjson.loads(asked[2].body)["reservedUntil"] == "2026-11-21T23:00:00Z"
    assert asked[2].path == "/v1/trade-orders/com.acme.order-id=duda%3Ashop%2F1"
    assert (asked[3].path, asked[3].body) == (asked[0].path, asked[0].body)


@pytest.mark.parametrize("date", ["", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_without_a_clock_there_it_is_reserved_as_it_was_decided(date: str) -> None:
    told = answer(200, {"status": ["Unreserved"]}, date=date)
    _, asked = judged(APPROVAL, REFUSED, told, answer(200, {}))
    assert orjson.loads(asked[2].body)["reservedUntil"] == DECIDED


@pytest.mark.parametrize("made", [APPROVAL, MOVE])
def test_what_is_refused_again_is_given_up(made: Command) -> None:
    """It ends, whatever the API does."""
    for last in (REFUSED, answer(404)):
        ruling, _ = judged(made, REFUSED, LAPSED, answer(200, {}), last)
        assert isinstance(ruling, Ruling)
        assert ruling.verdict is Verdict.REJECTED
    if made is APPROVAL:
        ruling, _ = judged(made, REFUSED, LAPSED, answer(200, {}), answer(200, {"status": ["Unreserved"]}))
        assert ruling == Ruling(Verdict.REJECTED, "HTTP 200, without effect")


@pytest.mark.parametrize("made", [APPROVAL, MOVE])
@pytest.mark.parametrize("lost", [None, answer(503), answer(429), answer(200, [])])
def test_renewal_without_an_answer_begins_from_the_start(made: Command, lost: Answer | None) -> None:
    ruling, _ = judged(made, REFUSED, LAPSED, lost)
    assert isinstance(ruling, Ruling)
    assert ruling.verdict is Verdict.RETRY


def test_stock_that_is_gone_meanwhile_refuses_an_approval_and_gives_an_address_to_a_person() -> None:
    """Only the approval needs it; nobody loses an order for moving house."""
    gone = answer(409, {"code": "OutOfStock", "message": "WIDGET-001: 0 left"})
    assert judged(APPROVAL, REFUSED, LAPSED, gone)[0] == Ruling(
        Verdict.REFUSED, "HTTP 409 OutOfStock: out of stock: WIDGET-001"
    )
    assert judged(MOVE, REFUSED, LAPSED, gone)[0] == Ruling(
        Verdict.REJECTED, "its reservation has lapsed, and it cannot be reserved anew: HTTP 409 OutOfStock"
    )


@pytest.mark.parametrize("data", [{}, {"order": order(customer=None)}])
def test_without_its_document_a_person_learns_what_to_do(data: dict[str, Any]) -> None:
    """Commands of before, and a mapping that was taken away: a redrive alone would end the same way."""
    ruling, asked = judged(command(Type.APPROVE_ORDER, data), REFUSED, LAPSED)
    assert isinstance(ruling, Ruling)
    assert (ruling.verdict, ruling.is_about_earlier, len(asked)) == (Verdict.REJECTED, True, 2)
    begin = (
        "HTTP 400 OrderNotX; the order is Unreserved; its reservation has lapsed: set reservedUntil there, and redrive"
    )
    assert (ruling.why or "").startswith(begin)


def test_what_needs_no_reservation_does_not_renew_one() -> None:
    """Nor does a change that came after the approval."""
    late = MOVE.updated({"data": {**MOVE.data, "after_approval": True}})
    for made in (command(Type.CANCEL_ORDER), late):
        ruling, asked = judged(made, REFUSED, LAPSED)
        assert isinstance(ruling, Ruling)
        assert (ruling.verdict, len(asked)) == (Verdict.REJECTED, 2)


async def carried_out(api: Shop, made: Command) -> Ruling:
    """Over real HTTP, request by request."""
    ruling = KIND.request(made)
    while isinstance(ruling, Request):
        status, body, headers = await api.raw(ruling.method, ruling.path, ruling.body or None)
        found = {name.lower(): value for name, value in headers.items()}
        ruling = KIND.judge(made, ruling, Answer(status, found, body))
    return ruling


async def test_the_clock_of_the_api_s_answers_is_what_it_is_counted_from() -> None:
    """Made two hours ago, for an hour; approved now, by a command that was decided when it was made."""
    now = datetime.now(UTC)
    ago = timedelta(hours=2)
    lapsing = order(reserved_until=(now - timedelta(hours=1)).isoformat())
    async with shop(now=lambda: datetime.now(UTC) - ago) as api:
        assert (await carried_out(api, command(Type.CREATE_ORDER, {"order": lapsing}))).verdict is Verdict.DELIVERED
        (there,) = api.api.store.orders
        assert there.statuses == ("Reserved",)
        ago = timedelta()
        assert (await carried_out(api, command(Type.APPROVE_ORDER, {"order": lapsing}))).verdict is Verdict.DELIVERED
        assert (there.statuses, there.reserved_until and there.reserved_until > now) == (("Committed",), True)
