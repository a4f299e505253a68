"""Orders cut out of a page: the very bytes that the API wrote, whatever stands around them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pollers.answer import Unreadable, digest, read_page
from streams.settings.auth import TargetBearer
from streams.settings.poll import Poll

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def poll(**given: Any) -> Poll:
    auth = TargetBearer(scheme="bearer", token="env:TOKEN")
    return Poll(base_url="http://127.0.0.1:9", auth=auth, **given)


def bodies(answer: bytes, **given: Any) -> list[bytes]:
    return [found.body for found in read_page("apicbase", poll(**given), answer, NOW).orders]


ORDERS = [
    b'{"id": 18446744073709551617, "total": 12345678901234567890.10, "x": 1E+2}',
    '{ "id":"á","ordered_on" : "2026-03-01T10:00:00Z" }'.encode(),
    b'{"id":"\\u00e9","a":[{"b":"]},{"}],"a":"twice"}',
]


def test_orders_are_the_bytes_that_the_api_wrote() -> None:
    """Read and written anew, 10.10 becomes 10.1 and an id above 2^53 another order's."""
    answer = b' {"count": 3,\n"results" : [ ' + b" ,\n".join(ORDERS) + b' ] , "next": null} '
    assert ORDERS == bodies(answer)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none())), st.booleans())
def test_orders_are_cut_where_they_end(orders: list[dict[str, Any]], is_ascii: bool) -> None:
    """Brackets and quotes within strings must not end an order."""
    given = [json.dumps(order, ensure_ascii=is_ascii).encode("utf-8", "replace") for order in orders]
    assert given == bodies(b'{"results":[' + b",".join(given) + b"]}")


@pytest.mark.parametrize(
    ("following", "has_next"), [(b'"http://x/?page=2"', True), (b"2", True), (b"null", False), (b'""', False)]
)
def test_whether_there_is_another_page(following: bytes, has_next: bool) -> None:
    """The link itself is not followed: an answer must not send us and our token elsewhere."""
    assert read_page("s", poll(), b'{"next":%b,"results":[]}' % following, NOW).has_next is has_next


def test_an_answer_that_does_not_say_whether_there_is_another() -> None:
    """Then the next page is asked for, until there is nothing new on one."""
    assert read_page("s", poll(), b'{"results":[]}', NOW).has_next is None


def test_the_fields_have_the_names_of_the_settings() -> None:
    """What could not be established of the vendor's API is a setting."""
    page = read_page("s", poll(results_field="orders", next_field="more"), b'{"more":true,"orders":[{}]}', NOW)
    assert (len(page.orders), page.has_next) == (1, True)
    assert [b"{}", b"5"] == bodies(b"[{}, 5]", results_field="")


def test_the_time_of_an_order_is_read() -> None:
    """Without it the position could not move; an order without one counts from when it was found."""
    answer = b'{"results":[{"ordered_on":"2026-02-01T10:00:00+01:00"},{"ordered_on":"soon"},{}]}'
    times = [found.known.at for found in read_page("s", poll(), answer, NOW).orders]
    assert [datetime(2026, 2, 1, 9, tzinfo=UTC), NOW, NOW] == times


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"<html>",
        b'{"results":{}}',
        b'{"results":[}',
        b'{"results":[{}',
        b'{"results":[{}{}]}',
        b'{"results":[{},]}',
        b'{"orders":[]}',
        b'{"results":[],}',
        b'{"results" []}',
        b"{5:[]}",
        b'{"results":[' + b"[" * 100_000,
    ],
)
def test_an_answer_that_is_no_page_is_refused(answer: bytes) -> None:
    """Half a page taken for a whole one would end the round, and the rest would never be asked for."""
    with pytest.raises(Unreadable):
        read_page("s", poll(), answer, NOW)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:results 1\\n', max_size=40).map(str.encode))
def test_no_bytes_raise_anything_else(answer: bytes) -> None:
    """An answer is a stranger's text; an exception of another kind would end the worker, again and again."""
    try:
        read_page("s", poll(), answer, NOW)
    except Unreadable as error:
        assert str(error)


def test_the_digest_tells_documents_apart_and_not_their_spelling() -> None:
    """It is what `seen` knows: spaces are no news, a changed quantity is."""
    page = (
        b'{"results":[{"a":1,"b":"\xc3\xa9"},{ "b":"\\u00e9", "a":1 },{"a":2,"b":"\xc3\xa9"},{"a":1.0,"b":"\xc3\xa9"}]}'
    )
    one, same, other, exact = [found.known.digest for found in read_page("s", poll(), page, NOW).orders]
    assert (one == same, one != other, one != exact, len(one)) == (True, True, True, 32)
    assert digest("s", {}) != digest("t", {})
